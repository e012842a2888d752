"""What a check may look at: the database as it is now, and what the warehouse remembers about loading."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import duckdb

from clockify_dagster.contract import CONTRACT, Contract, Table
from clockify_dagster.days import Days
from clockify_dagster.errors import NotAllowedError
from clockify_dagster.warehouse import load_state
from clockify_dagster.warehouse.ddl import WORKSPACE, columns_by_table, in_database, of_workspaces, quoted
from clockify_dagster.warehouse.workspace_state import LEFT_OUT, workspace_names, workspace_states

_Value = TypeVar("_Value")


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
        among: Collection[str] | None = None,
    ) -> None:
        """Take an open connection; with `among`, only rows of these workspaces are looked at from now on."""
        self.connection = connection
        self.now = now
        self.days = days
        self.zone = zone
        self.limits = days.span(zone)
        self.contract = contract
        self.columns = columns_by_table(connection)
        self.loads = load_state.load_records(connection)
        self.loaded_spans = _only(load_state.loaded_spans(connection), among)
        self.settled_spans = _only(load_state.settled_spans(connection), among)
        self.workspaces = _only(workspace_names(connection), among)
        if among is not None:
            self._narrow(among)

    def _narrow(self, among: Collection[str]) -> None:
        """Put temporary views before the tables that say of a row to which workspace it belongs."""
        for name, columns in self.columns.items():
            if name in self.contract and WORKSPACE in columns:
                rows = f"FROM {in_database(self.connection, name)} WHERE {of_workspaces(WORKSPACE, among)}"
                self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {rows}")

    def was_loaded(self, table: str) -> bool:
        """Whether a load has ever made the table."""
        return table in self.columns or table in self.loads

    def is_on_no_plan(self, table: Table) -> bool:
        """Whether the last load found that no workspace that it asked has the table: by its plan, or for the role."""
        states = workspace_states(self.connection, table.parent or table.name).values()
        asked = [state.unread for state in states if state.unread not in LEFT_OUT]
        return bool(asked) and all(why == NotAllowedError.__name__ for why in asked)

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


def _only(by_workspace: Mapping[str, _Value], among: Collection[str] | None) -> dict[str, _Value]:
    return {each: value for each, value in by_workspace.items() if among is None or each in among}
