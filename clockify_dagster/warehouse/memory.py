"""What a refresh must know of the warehouse before it asks Clockify: read in one go, since opening the file is dear."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from clockify_dagster.warehouse import state
from clockify_dagster.warehouse.ddl import columns_of, qualified
from clockify_dagster.warehouse.engine import MEMORY, changed
from clockify_dagster.warehouse.writer import Span

Entries = dict[str, dict[str, str]]
"""By workspace, ids of entries and their users."""


class Memory:
    """The entries that are loaded, and what is remembered about loading. A file or table that is not there is empty."""

    def __init__(self, connection: duckdb.DuckDBPyConnection | None) -> None:
        """Take the connection, for as long as the caller keeps it open; None where there is no file."""
        self._connection = connection

    def loaded_spans(self, workspaces: Iterable[str]) -> dict[str, list[state.Range]]:
        """By workspace, the spans of time for which its entries are loaded."""
        held = self._connection
        return {workspace: state.loaded_ranges(held, workspace) if held else [] for workspace in workspaces}

    def settled_spans(self, workspaces: Iterable[str]) -> dict[str, list[state.Range]]:
        """The same without the time that still lay ahead when it was listed."""
        held = self._connection
        return {workspace: state.settled_ranges(held, workspace) if held else [] for workspace in workspaces}

    def feed_states(self, workspaces: Iterable[str]) -> dict[str, state.FeedState]:
        """By workspace, up to where its changes are known; those of which nothing was loaded yet are left out."""
        held = self._connection
        states = {workspace: state.feed_state(held, workspace) if held else None for workspace in workspaces}
        return {workspace: known for workspace, known in states.items() if known is not None}

    def entries(self, table: str, workspaces: Iterable[str], span: Span, but: str | None = None) -> Entries:
        """The entries that start within the span, without those whose ids the SQL in `but` gives."""
        where = "timeinterval_start >= ? AND timeinterval_start < ?"
        if but is not None:
            where += f" AND id NOT IN ({but})"
        return self._entries(table, workspaces, "id, userid", where, [span.start, span.end])

    def running(self, table: str, workspaces: Iterable[str], outside: Span) -> Entries:
        """Timers that have no end in the table and start outside the span."""
        where = "timeinterval_end IS NULL AND (timeinterval_start < ? OR timeinterval_start >= ?)"
        return self._entries(table, workspaces, "id, userid", where, [outside.start, outside.end])

    def holders(self, tables: Iterable[str], workspaces: Iterable[str], span: Span | None) -> Entries:
        """The users who have entries within the span in one of the tables, each with an entry of theirs."""
        places = list(workspaces)
        found: Entries = {workspace: {} for workspace in places}
        where = "true" if span is None else "timeinterval_start >= ? AND timeinterval_start < ?"
        bounds = [] if span is None else [span.start, span.end]
        for table in tables:
            some = self._entries(table, places, "any_value(id), userid", f"{where} GROUP BY userid", bounds)
            for workspace, entries in some.items():
                found[workspace] |= entries
        return found

    def _entries(self, table: str, workspaces: Iterable[str], chosen: str, where: str, bounds: list[Any]) -> Entries:
        held = self._connection
        if held is None or columns_of(held, table) is None:
            return {workspace: {} for workspace in workspaces}
        sql = f"SELECT {chosen} FROM {qualified(table)} WHERE workspaceid = ? AND userid IS NOT NULL AND {where}"
        with changed(held, memory_limit=MEMORY):
            return {workspace: dict(held.execute(sql, [workspace, *bounds]).fetchall()) for workspace in workspaces}
