"""The warehouse as the assets see it: loads to write, frames to read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.errors import NotLoadedError
from clockify_dagster.warehouse import state
from clockify_dagster.warehouse.audit import OrphanCount, count_orphans, row_counts
from clockify_dagster.warehouse.connection import Database
from clockify_dagster.warehouse.ddl import columns_of, qualified, quoted
from clockify_dagster.warehouse.staging import Staging
from clockify_dagster.warehouse.writer import Span, Untouched, replace_frame, replace_span, replace_tables


@dataclass
class Load(ABC):
    """Rows on their way into the database: a table and its children, written in one transaction and only once."""

    staging: Staging
    written: dict[str, int] | None = field(default=None, init=False)

    @abstractmethod
    def write(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Write within the caller's transaction; gives rows by table."""


@dataclass
class TablesLoad(Load):
    """The whole of the tables, but for untouched rows."""

    untouched: Untouched = field(default_factory=Untouched)

    def write(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Replace all rows but the untouched ones."""
        return replace_tables(connection, self.staging, self.untouched)


@dataclass
class SpanLoad(Load):
    """All rows of a span of time, for every workspace of the account."""

    span: Span
    workspaces: tuple[str, ...]
    untouched: Untouched = field(default_factory=Untouched)
    deleted: frozenset[str] = frozenset()
    feed: Mapping[str, state.FeedState] = field(default_factory=dict)

    def write(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Replace the rows of the span, and remember that it is loaded and up to where changes are known."""
        rows = replace_span(connection, self.staging, self.span, untouched=self.untouched, deleted=self.deleted)
        state.ensure_state(connection)
        state.remember_loaded(connection, self.workspaces, (self.span.start, self.span.end))
        state.remember_feed(connection, self.feed)
        return rows


class Warehouse:
    """A DuckDB file with the contract's tables in it."""

    def __init__(self, database: Database) -> None:
        """Take the database; nothing is opened yet."""
        self.database = database

    def write(self, load: Load) -> dict[str, int]:
        """Write a load in one transaction, unless it is written already; gives rows by table."""
        if load.written is None:
            with self.database.writing() as connection:
                written = load.write(connection)
            load.written = written
        return load.written

    def write_frame(self, table: str, frame: pd.DataFrame) -> int:
        """Replace a table that is none of ours by a frame; gives its rows."""
        with self.database.writing() as connection:
            return replace_frame(connection, table, frame)

    def read(self, table: str, columns: Iterable[str] = (), span: tuple[str, Span] | None = None) -> pd.DataFrame:
        """A table as a frame: all of it, or some columns, or the rows whose named column lies within a span.

        Raises `NotLoadedError` where no run has loaded the table yet.
        """
        chosen = ", ".join(quoted(column) for column in columns) or "*"
        parameters: list[Any] = []
        sql = f"SELECT {chosen} FROM {qualified(table)}"
        if span is not None:
            column, within = quoted(span[0]), span[1]
            sql, parameters = f"{sql} WHERE {column} >= ? AND {column} < ?", [within.start, within.end]
        with self.database.reading() as connection:
            if columns_of(connection, table) is None:
                raise NotLoadedError(
                    f"The table {table} is not loaded yet. Materialize it first: `clockify-dagster sync` loads "
                    f"everything, "
                    f"the job clockify_reference all that entries refer to."
                )
            return connection.execute(sql, parameters).df()

    def orphans(self, table: Table) -> list[OrphanCount]:
        """Orphans by each reference of a table."""
        with self.database.reading() as connection:
            return count_orphans(connection, table)

    def row_counts(self) -> dict[str, int | None]:
        """Rows of each table of the contract; None where it is not loaded."""
        with self.database.reading() as connection:
            return row_counts(connection, CONTRACT)

    def workspace_ids(self) -> list[str]:
        """The loaded workspaces; none where no run has loaded them."""
        table = "clockify_workspaces"
        return [row[0] for row in self._rows(table, f"SELECT id FROM {qualified(table)} ORDER BY 1", [])]

    def loaded_spans(self, workspace: str) -> list[state.Range]:
        """The spans of time for which a workspace's entries are loaded; none where there is no database yet."""
        with self._if_there() as connection:
            return state.loaded_ranges(connection, workspace) if connection else []

    def feed_states(self, workspaces: Iterable[str]) -> dict[str, state.FeedState]:
        """By workspace, up to where its changes are known; those of which nothing was loaded yet are left out."""
        with self._if_there() as connection:
            states = {w: state.feed_state(connection, w) if connection else None for w in workspaces}
        return {workspace: known for workspace, known in states.items() if known is not None}

    def known_entries(
        self, table: str, workspaces: Iterable[str], span: Span | None, *, users_only: bool = False
    ) -> dict[str, dict[str, str]]:
        """By workspace, the ids of the entries that start within the span, and their users.

        With `users_only` just one entry of each user, for when only the users are of interest.
        """
        chosen = "any_value(id), userid" if users_only else "id, userid"
        where = "workspaceid = ? AND userid IS NOT NULL"
        bounds: list[Any] = []
        if span is not None:
            where, bounds = (
                where + " AND timeinterval_start >= ? AND timeinterval_start < ?",
                [span.start, span.end],
            )
        sql = f"SELECT {chosen} FROM {qualified(table)} WHERE {where}" + (" GROUP BY userid" if users_only else "")
        return {w: dict(self._rows(table, sql, [w, *bounds])) for w in workspaces}

    def running_entries(self, table: str, workspace: str, outside: Span | None) -> set[str]:
        """Timers that have no end in the table and start outside a span."""
        if outside is None:
            return set()
        sql = (
            f"SELECT id FROM {qualified(table)} WHERE workspaceid = ? AND timeinterval_end IS NULL "
            "AND (timeinterval_start < ? OR timeinterval_start >= ?)"
        )
        return {row[0] for row in self._rows(table, sql, [workspace, outside.start, outside.end])}

    def _rows(self, table: str, sql: str, parameters: list[Any]) -> list[Any]:
        with self._if_there() as connection:
            if connection is None or columns_of(connection, table) is None:
                return []
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def _if_there(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        if not self.database.path.exists():
            yield None
        else:
            with self.database.reading() as connection:
                yield connection
