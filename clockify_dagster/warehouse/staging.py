"""Rows of a table and its children on their way, outside of the database, until all of them are there.

Each page is read as it was received, by DuckDB, and its typed rows are kept as Parquet in a folder beside the database.
So memory stays flat, however many rows there are. The folder goes when the load is written or given up; a folder whose
process was killed goes with the next load.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import duckdb

from clockify_dagster.contract.model import Table
from clockify_dagster.contract.values import CoercionFault, merge_faults
from clockify_dagster.days import Span
from clockify_dagster.warehouse.ddl import key_of, literal, parquet_in, quoted
from clockify_dagster.warehouse.destination import Destination
from clockify_dagster.warehouse.page_reader import PageReader, PageRows
from clockify_dagster.warehouse.page_sql import SEEN, PageSource
from clockify_dagster.warehouse.scratch import ScratchFolder

MEMORY = "200MB"
"""What DuckDB may hold where it sorts, compares or writes millions of rows; the rest is on disk, by the database."""

_MOST_AT_ONCE = 4  # pages that are read at once; more than there are processors would only need more memory
_FEW = 100_000  # ids that are compared in memory
_READING: dict[str, Any] = {"threads": 1, "memory_limit": "256MB"}  # a page needs some 15 of them
_ROWS_A_PAGE = 1 << 20
_SUPERSEDED = "superseded.parquet"
_FORMAT = "(FORMAT parquet, COMPRESSION uncompressed)"  # they live for minutes; columns are packed all the same


class PageStaging:
    """What a table and its children will hold, page by page. Pages may be read by several threads at once.

    A row that comes twice (a list may shift while it is read) counts once, as it was read last, with the children that
    came with it. Of a child that `keeps_all_documents` the rows of all its documents count.

    Attributes:
        logs_changes: whether `clockify_change_log` tells what the load changes.
        faults_by_workspace: the values that did not fit, by the workspace that their source names; "" where none is.
    """

    def __init__(
        self, family: Sequence[Table], database: Destination, span: Span | None = None, *, logs_changes: bool = False
    ) -> None:
        """Collect in the scratch folder of where the rows go.

        With a span, only the rows whose partition instant lies in it count, and those that `accept` names. Of a table
        whose days are text, all rows count: there the listing is asked for days.
        Raises `DatabaseUnusableError` where no folder can be made there, and later where it cannot be written.
        """
        self.family = tuple(family)
        self.logs_changes = logs_changes
        self._key = key_of(self.family[0])
        self._start = quoted(str(self.family[0].partition_column))
        self._database = database
        self._span = None if self.family[0].has_days_as_text else span
        self._accepted: set[str] = set()
        with database.errors():
            self._scratch = ScratchFolder(database.scratch)
            for table in self.family:
                (self._scratch.path / table.name).mkdir()
        self._lock = threading.Lock()
        self._processors = threading.BoundedSemaphore(min(os.cpu_count() or 1, _MOST_AT_ONCE))
        self._pages = itertools.count()
        self._documents = 0
        self._pages_of: dict[str, list[int]] = {}  # by the workspace that their source names
        self.faults_by_workspace: dict[str, tuple[CoercionFault, ...]] = {}
        self._ids: set[str] | None = set()  # as long as they are few; None where an id came twice or they are many

    @property
    def faults(self) -> tuple[CoercionFault, ...]:
        """The values that became null since they did not fit their column."""
        return merge_faults([fault for faults in self.faults_by_workspace.values() for fault in faults])

    def close(self) -> None:
        """Remove the files. Safe to call twice."""
        self._scratch.remove()

    def add(self, body: bytes, source: PageSource | None = None) -> PageRows:
        """Take the page that an answer's body holds: a JSON list of documents, unless `source` says otherwise.

        Raises:
            ValueError: the body is not JSON, or not such a list.
            ContractError: a document lacks what names its row, or that does not fit.
        """
        number, source = next(self._pages), source or PageSource()
        file = self._scratch.path / f"page-{number}.json"
        with self._database.errors(), self._cursor() as cursor:
            reader = PageReader(cursor, self.family, source)
            rows = reader.read(body, file, number * _ROWS_A_PAGE)
            if len(rows):
                for table in self.family:
                    columns = ", ".join([*(quoted(column.name) for column in table.document_columns), SEEN])
                    target = literal(str(self._scratch.path / table.name / f"{number}.parquet"))
                    cursor.execute(f"COPY (SELECT {columns} FROM {reader.tables[table.name]}) TO {target} {_FORMAT}")
        workspace = source.facts.get("workspace", "")
        with self._lock:
            self.faults_by_workspace[workspace] = merge_faults(
                [*self.faults_by_workspace.get(workspace, ()), *reader.faults]
            )
            self._pages_of.setdefault(workspace, []).append(number)
            self._documents += len(rows)
            if self._ids is not None:
                self._ids.update(rows.ids)
                if len(self._ids) < self._documents or self._documents > _FEW:
                    self._ids = None
        return rows

    def add_documents(self, documents: Sequence[Mapping[str, Any]], source: PageSource | None = None) -> None:
        """Take documents that were asked for by themselves; their rows count wherever they stand."""
        if documents:
            rows = self.add(json.dumps(list(documents)).encode(), source)
            self.accept(rows.ids)

    def drop(self, workspace: str) -> None:
        """Remove the pages whose source names this workspace: the workspace could not be read to its end."""
        for number in self._pages_of.pop(workspace, ()):
            for table in self.family:
                (self._scratch.path / table.name / f"{number}.parquet").unlink(missing_ok=True)
        self.faults_by_workspace.pop(workspace, None)
        if not any((self._scratch.path / self.family[0].name).iterdir()):
            self._documents, self._ids = 0, set()

    def accept(self, keys: Iterable[str]) -> None:
        """Let rows of these keys count, though they lie outside the span."""
        self._accepted.update(keys)

    @property
    def keys(self) -> str | None:
        """SQL for the root's keys whose rows count, some of them twice; None where there is no page yet."""
        if not self._documents:
            return None
        return f"SELECT {self._key} FROM {self._rows_read(self.family[0])} WHERE {self._counts}"

    def holds(self, keys: Collection[str]) -> set[str]:
        """Those of these keys of the root of which there are rows that count."""
        if not keys or self.keys is None:
            return set()
        sql = f"SELECT key FROM ({self.keys}) AS held(key) WHERE key IN (SELECT unnest(?::VARCHAR[]))"
        return {key for (key,) in self._ask(sql, keys)}

    def starts_of(self, keys: Collection[str]) -> dict[str, datetime]:
        """By key, the partition instant of the root's rows, wherever they stand, as they were read last."""
        if not keys or not self._documents:
            return {}
        sql = (
            f"SELECT {self._key}, {self._start} FROM {self._rows_read(self.family[0])} "
            f"WHERE {self._key} IN (SELECT unnest(?::VARCHAR[])) ORDER BY {SEEN}"
        )
        return dict(self._ask(sql, keys))

    def finish(self) -> None:
        """Find the rows that were read again later: they do not count. To be done before the database is opened."""
        if self._ids is not None:
            return
        found = self._rows_read(self.family[0])
        config = {**_READING, "temp_directory": str(self._scratch.path / "swap")}
        with self._database.errors(), duckdb.connect(":memory:", config=config) as connection:
            connection.execute(
                f"COPY (SELECT {self._key} AS key, {SEEN} AS seen FROM {found} WHERE hash({self._key}) IN "
                f"(SELECT hash({self._key}) FROM {found} GROUP BY 1 HAVING count(*) > 1) "
                f"QUALIFY row_number() OVER (PARTITION BY {self._key} ORDER BY {SEEN} DESC) > 1) "
                f"TO {literal(str(self._scratch.path / _SUPERSEDED))} {_FORMAT}"
            )

    @contextmanager
    def registered(self, connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, str]]:
        """By table, the name of a temporary view of the rows that count, after `finish`. They go with the context."""
        names = {table.name: f"staged_{number}" for number, table in enumerate(self.family)}
        self._create_accepted(connection)
        for table in self.family:
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {names[table.name]} AS {self._rows(table)}")
        yield names

    def _rows(self, table: Table) -> str:
        """The rows of a table that count."""
        if not any((self._scratch.path / table.name).iterdir()):
            nothing = (f"NULL::{column.type.sql} AS {quoted(column.name)}" for column in table.document_columns)
            return f"SELECT {', '.join(nothing)} LIMIT 0"
        held = f"SELECT held.* FROM {self._rows_read(table)} AS held"
        if table.keeps_all_documents:
            key = ", ".join(map(quoted, table.primary_key))
            return f"{held} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {SEEN} DESC) = 1"
        if self._ids is None:
            held += f" ANTI JOIN {self._parquet(_SUPERSEDED)} AS late ON held.{SEEN} = late.seen"
        if self._span is None or table.parent is None:
            return f"{held} WHERE {self._counts}"
        return f"{held} WHERE {SEEN} IN (SELECT {SEEN} FROM {self._rows_read(self.family[0])} WHERE {self._counts})"

    @property
    def _counts(self) -> str:
        """A condition on the root's rows: within the span, or accepted."""
        if self._span is None:
            return "true"
        first, last = (literal(moment.isoformat()) for moment in (self._span.start, self._span.end))
        within = f"({self._start} >= TIMESTAMPTZ {first} AND {self._start} < TIMESTAMPTZ {last})"
        return f"({within} OR {self._key} IN (SELECT key FROM accepted))" if self._accepted else within

    def _create_accepted(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the temporary table that `_counts` asks."""
        if self._accepted:
            sql = "CREATE OR REPLACE TEMP TABLE accepted AS SELECT unnest(?::VARCHAR[]) AS key"
            connection.execute(sql, [sorted(self._accepted)])

    def _rows_read(self, table: Table) -> str:
        return self._parquet(f"{table.name}/*.parquet")

    def _parquet(self, files: str) -> str:
        return parquet_in(self._scratch.path, files)

    def _ask(self, sql: str, keys: Iterable[str]) -> list[Any]:
        with self._database.errors(), self._cursor() as cursor:
            self._create_accepted(cursor)
            return cursor.execute(sql, [sorted(keys)]).fetchall()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._processors, _engine(os.getpid()).cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            yield cursor


@contextmanager
def closed_on_failure(*stagings: PageStaging) -> Iterator[None]:
    """Close the stagings where something is raised within this; a load closes those that are read to the end."""
    try:
        yield
    except BaseException:
        for staging in stagings:
            staging.close()
        raise


@cache
def _engine(_pid: int) -> duckdb.DuckDBPyConnection:
    """The DuckDB that reads the pages of a process: starting one takes longer than reading a small page."""
    return duckdb.connect(":memory:", config={**_READING, "temp_directory": ""})
