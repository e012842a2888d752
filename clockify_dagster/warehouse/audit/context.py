"""What a check may look at: the database as it is now, and what the warehouse remembers about loading."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import duckdb

from clockify_dagster.contract import CONTRACT, Contract
from clockify_dagster.days import Span
from clockify_dagster.warehouse import load_state
from clockify_dagster.warehouse.ddl import columns_by_table


class AuditContext:
    """One database at one moment. It is open for reading as long as the context is used.

    Attributes:
        now: the moment of the audit, aware.
        limits: the time that a table of days may hold: from the start date's first moment to the end of today.
        loaded_spans: by workspace, the spans of time whose entries are loaded.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, now: datetime, limits: Span, contract: Contract = CONTRACT
    ) -> None:
        """Take an open connection."""
        self.connection = connection
        self.now = now
        self.limits = limits
        self.contract = contract
        self.loaded_spans = load_state.loaded_spans(connection)
        self._columns = columns_by_table(connection)
        self._loads = load_state.load_records(connection)

    def columns(self, table: str) -> dict[str, str] | None:
        """The columns that a table has and their SQL types; None where there is no such table."""
        return self._columns.get(table)

    def loads(self, table: str) -> list[load_state.LoadRecord]:
        """The loads of a table that are remembered, the last one first."""
        return self._loads.get(table, [])

    def was_loaded(self, table: str) -> bool:
        """Whether a load has ever made the table."""
        return self.columns(table) is not None or bool(self.loads(table))

    def why_not(self, table: str, names: Iterable[str]) -> str | None:
        """Why these columns cannot be looked at; None where they can."""
        held = self.columns(table)
        if held is None:
            return f"{table} is not loaded yet." if not self.loads(table) else f"{table} is gone."
        for name in names:
            if name not in held:
                return f"{table} has no column {name}."
            if held[name] != self.contract[table][name].type.sql:
                return f"{table}.{name} is {held[name]}, not {self.contract[table][name].type.sql}."
        return None
