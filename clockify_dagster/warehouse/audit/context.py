"""What a check may look at: the database as it is now, and what the warehouse remembers about loading."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb

from clockify_dagster.contract import CONTRACT, Contract, Table
from clockify_dagster.days import Days
from clockify_dagster.errors import NotAllowedError
from clockify_dagster.warehouse import load_state
from clockify_dagster.warehouse.ddl import columns_by_table
from clockify_dagster.warehouse.workspace_state import workspace_names, workspace_states


class AuditContext:
    """One database at one moment. It is open for reading as long as the context is used.

    Attributes:
        now: the moment of the audit, aware.
        days: the days that a table of days should hold, in the zone: from the start date to today.
        limits: the time of these days.
        loaded_spans: by workspace, the spans of time whose entries are loaded.
        settled_spans: the same without the time that still lay ahead when it was loaded.
        columns: of each table that is there, its columns and their SQL types.
        loads: of each table, its loads that are remembered, the last one first.
        workspaces: the names of the loaded workspaces, by id.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        now: datetime,
        *,
        days: Days,
        zone: ZoneInfo,
        contract: Contract = CONTRACT,
    ) -> None:
        """Take an open connection."""
        self.connection = connection
        self.now = now
        self.days = days
        self.zone = zone
        self.limits = days.span(zone)
        self.contract = contract
        self.loaded_spans = load_state.loaded_spans(connection)
        self.settled_spans = load_state.settled_spans(connection)
        self.columns = columns_by_table(connection)
        self.loads = load_state.load_records(connection)
        self.workspaces = workspace_names(connection)

    def was_loaded(self, table: str) -> bool:
        """Whether a load has ever made the table."""
        return table in self.columns or table in self.loads

    def is_on_no_plan(self, table: Table) -> bool:
        """Whether the last load found that no workspace has the table: by its plan, or for the key's role."""
        states = workspace_states(self.connection, table.parent or table.name)
        return bool(states) and all(state.unread == NotAllowedError.__name__ for state in states.values())

    def is_absent(self, table: Table) -> bool:
        """Whether no workspace has the table, and none had it before: there is nothing to check."""
        return not self.loads.get(table.name) and self.is_on_no_plan(table)

    def why_not(self, table: str, names: Iterable[str]) -> str | None:
        """Why these columns cannot be looked at; None where they can."""
        held = self.columns.get(table)
        if held is None:
            return f"{table} is gone." if table in self.loads else f"{table} is not loaded yet."
        for name in names:
            if name not in held:
                return f"{table} has no column {name}."
            if held[name] != self.contract[table][name].type.sql:
                return f"{table}.{name} is {held[name]}, not {self.contract[table][name].type.sql}."
        return None
