"""The warehouse as the assets see it: loads to write, frames to read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import duckdb
import pandas as pd

from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.errors import NotLoadedError
from clockify_dagster.warehouse import state
from clockify_dagster.warehouse.audit import row_counts
from clockify_dagster.warehouse.connection import Database
from clockify_dagster.warehouse.ddl import columns_of, qualified, quoted
from clockify_dagster.warehouse.memory import Memory
from clockify_dagster.warehouse.own_tables import Part, replace_frame, within
from clockify_dagster.warehouse.snapshot import Snapshot
from clockify_dagster.warehouse.spool import Spool
from clockify_dagster.warehouse.staging import Staging
from clockify_dagster.warehouse.writer import Span, Untouched, replace_span, replace_tables


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
    """All rows of a span of time, for every workspace of the account.

    Attributes:
        span: the time whose rows are replaced.
        workspaces: whose entries were listed; rows of others go.
        listed_at: when the listing began, by this machine's clock. A day that was not over then is loaded again.
        untouched: rows that stay all the same.
        deleted: keys of rows that go, wherever they are.
        feed: by workspace, up to where changes are known now.
    """

    span: Span
    workspaces: tuple[str, ...]
    listed_at: datetime
    untouched: Untouched = field(default_factory=Untouched)
    deleted: frozenset[str] = frozenset()
    feed: Mapping[str, state.FeedState] = field(default_factory=dict)

    def write(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Replace the rows of the span, and remember that it is loaded and up to where changes are known."""
        rows = replace_span(connection, self.staging, self.span, untouched=self.untouched, deleted=self.deleted)
        state.ensure_state(connection)
        state.remember_loaded(connection, self.workspaces, (self.span.start, self.span.end), self.listed_at)
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
            try:
                load.staging.finish()
                with self.database.writing() as connection:
                    written = load.write(connection)
                    state.ensure_state(connection)
                    state.remember_load(connection, written, load.staging.misfits, datetime.now(timezone.utc))
            finally:
                load.staging.close()
            load.written = written
        return load.written

    def spool(self, family: Sequence[Table], span: Span | None) -> Spool:
        """Where a large load collects the rows of a span, or with None all rows: in files beside the database."""
        start, end = (span.start, span.end) if span else (None, None)
        return Spool(family, self.database.path, start, end)

    def write_frame(self, table: str, frame: pd.DataFrame, part: Part | None = None) -> int:
        """Replace a table that is none of ours, or a part of it, by a frame; gives the frame's rows."""
        with self.database.writing() as connection:
            return replace_frame(connection, table, frame, part)

    def read(self, table: str, columns: Iterable[str] = (), part: Part | None = None) -> pd.DataFrame:
        """A table as a frame: all of it, or some columns, or the rows whose named column lies within a span.

        Raises `NotLoadedError` where no run has loaded the table yet.
        """
        chosen = ", ".join(quoted(column) for column in columns) or "*"
        sql = f"SELECT {chosen} FROM {qualified(table)}"
        with self.database.reading() as connection:
            if columns_of(connection, table) is None:
                raise NotLoadedError(
                    f"The table {table} is not loaded yet. Materialize it first: `clockify-dagster sync` loads "
                    f"everything, "
                    f"the job clockify_reference all that entries refer to."
                )
            if part is None:
                return connection.execute(sql).df()
            condition, bounds = within(connection, table, part)
            return connection.execute(f"{sql} WHERE {condition}", bounds).df()

    def row_counts(self) -> dict[str, int | None]:
        """Rows of each table of the contract; None where it is not loaded."""
        with self.database.reading() as connection:
            return row_counts(connection, CONTRACT)

    def read_through(self) -> None:
        """Read each value of each table, ours or not: DuckDB finds damage only where it looks.

        Raises `DatabaseUnusableError` where something cannot be read.
        """
        with self.database.reading() as connection:
            tables = connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
            ).fetchall()
            for schema, table in tables:
                connection.execute(f"SELECT max(hash(held)) FROM {quoted(schema)}.{quoted(table)} AS held").fetchall()

    def last_load(self, tables: Iterable[str]) -> datetime | None:
        """When one of these tables was last loaded, whoever did it; None where that is not known."""
        with self._if_there() as connection:
            records = {} if connection is None else state.load_records(connection)
        return max((record.loaded_at for table in tables for record in records.get(table, ())), default=None)

    def workspace_ids(self) -> list[str]:
        """The loaded workspaces; none where no run has loaded them."""
        table = "clockify_workspaces"
        return [row[0] for row in self._rows(table, f"SELECT id FROM {qualified(table)} ORDER BY 1", [])]

    @contextmanager
    def memory(self) -> Iterator[Memory]:
        """What is loaded and remembered, to be asked within the context."""
        with self._if_there() as connection:
            yield Memory(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The entries themselves, to compare a report with, within the context."""
        with self._if_there() as connection:
            yield Snapshot(connection)

    def feed_states(self, workspaces: Iterable[str]) -> dict[str, state.FeedState]:
        """By workspace, up to where its changes are known; those of which nothing was loaded yet are left out."""
        with self.memory() as memory:
            return memory.feed_states(workspaces)

    def _rows(self, table: str, sql: str, parameters: list[Any]) -> list[Any]:
        with self._if_there() as connection:
            if connection is None or columns_of(connection, table) is None:
                return []
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def _if_there(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        if not self.database.exists():
            yield None
        else:
            with self.database.reading() as connection:
                yield connection
