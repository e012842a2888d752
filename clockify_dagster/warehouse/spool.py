"""Rows of a large family on their way, in files outside of the database: memory stays flat, however many there are.

A page is read as it was received, by DuckDB, and its typed rows are kept as Parquet; only pages of an unusual form go
through `contract.flatten`, whose frames are kept likewise. The files lie in a folder beside the database, which goes
when the load is written or given up; a folder whose process was killed goes with the next load.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from clockify_dagster.contract.frames import Flattened, merge_misfits
from clockify_dagster.contract.model import Table
from clockify_dagster.contract.values import json_text
from clockify_dagster.warehouse.ddl import literal, quoted
from clockify_dagster.warehouse.engine import MEMORY, changed
from clockify_dagster.warehouse.folders import claimed_folder
from clockify_dagster.warehouse.meaning import is_about_the_file, meaning
from clockify_dagster.warehouse.page_rows import PageRows, microseconds
from clockify_dagster.warehouse.page_sql import PIECE, PageSQL
from clockify_dagster.warehouse.staging import Staging, forget

_MOST_AT_ONCE = 4  # pages that are read at once; more than there are processors would only need more memory
_MEMORY = "256MB"  # a page needs some 15 of them
_names = itertools.count()
# no JSON, or objects of another shape, or with a key twice; or so large that it does not fit into what we allow
_UNUSUAL = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfMemoryException)
_FORMAT = "(FORMAT parquet, COMPRESSION uncompressed)"  # they live for minutes; columns are packed all the same


class Spool(Staging):
    """A staging whose rows lie in files. Pages may be read by several threads at once."""

    def __init__(self, family: Sequence[Table], database: Path, start: datetime | None, end: datetime | None) -> None:
        """Collect the rows that start from `start` to before `end`, with None all of them, in a folder beside the file.

        Raises `DatabaseUnusableError` where no folder can be made there, and later where it cannot be written.
        """
        super().__init__(family)
        self._database = database
        self.sql = PageSQL(family)
        self._within = "true" if start is None or end is None else self.sql.within(start.isoformat(), end.isoformat())
        self._bounds = None if start is None or end is None else (microseconds(start), microseconds(end))
        with self._told():
            self._claim = claimed_folder(database.absolute().parent, f".{database.name}.loading-")
            self._folder = self._claim.path
            for table in self.family:
                (self._folder / table.name).mkdir()
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "memory_limit": _MEMORY,
            "temp_directory": str(self._folder / "swap"),
        }
        self._connection = duckdb.connect(":memory:", config=config)
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(min(os.cpu_count() or 1, _MOST_AT_ONCE))
        self._numbers = itertools.count()
        self._documents = 0
        self._is_finished = False

    def close(self) -> None:
        """Remove the files. Safe to call twice."""
        self._connection.close()
        self._claim.release()

    @property
    def documents(self) -> int:
        """How many rows the root has so far; rows that came twice count twice."""
        return self._documents

    def add(self, flattened: Flattened) -> None:
        """Take rows that `contract.flatten` made."""
        with self._lock:
            self.misfits = merge_misfits(self.misfits, flattened.misfits)
        documents = len(flattened.frames[self.family[0].name])
        if not documents:
            return
        piece = self._next(documents)
        with self._told(), self._cursor() as cursor:
            for table in self.family:
                frame = flattened.frames[table.name]
                cursor.register("given", frame)
                columns = ", ".join(
                    f"CAST({quoted(column.name)} AS {column.type.sql}) AS {quoted(column.name)}"
                    for column in table.document_columns
                )
                self._keep(cursor, table, piece, f"SELECT {columns}, {piece}::INTEGER AS {PIECE} FROM given")
                cursor.unregister("given")

    def read(self, body: bytes) -> PageRows | None:
        """Take the rows of a page that is a JSON list of usual documents; None, and nothing taken, for any other."""
        text = body.strip(b" \t\r\n")
        if not (text.startswith(b"[") and text.endswith(b"]")):
            return None
        file = self._folder / f"page-{next(_names)}.json"
        with self._told():
            try:
                file.write_bytes(body)
                with self._cursor() as cursor:
                    return self._read(cursor, escape(str(file)), len(body))
            except _UNUSUAL:
                return None
            finally:
                file.unlink(missing_ok=True)

    def _read(self, cursor: duckdb.DuckDBPyConnection, file: str, size: int) -> PageRows | None:
        cursor.execute(self.sql.read(file, size))
        usual, odd = cursor.execute(self.sql.check).fetchone() or (False, True)
        if not usual or (odd and not _are_as_written(cursor.execute(self.sql.odd_texts(file, size)).fetchall())):
            return None
        outline = cursor.execute(self.sql.outline).fetchnumpy()
        starts = np.asarray(outline["start"], np.int64)
        first, last = self._bounds or (np.iinfo(np.int64).min, np.iinfo(np.int64).max)
        within = (starts >= first) & (starts < last)
        rows = PageRows(np.asarray(outline["id"], object), starts, within)
        if within.any():
            piece = self._next(int(within.sum()))
            for table in self.family:
                self._keep(cursor, table, piece, self.sql.rows(table, piece, self._within))
        return rows

    @property
    def keys(self) -> str | None:
        """SQL for the root's keys, also of rows that came twice; None where there are no rows yet."""
        if not self._documents:
            return None
        root = self.family[0]
        return f"SELECT {quoted(root.primary_key[0])} FROM {self._files(root)}"

    def holds(self, keys: Collection[str]) -> set[str]:
        """Those of these keys of the root of which there are rows."""
        if not keys or self.keys is None:
            return set()
        with self._told(), self._cursor() as cursor:
            asked = "SELECT unnest(?::VARCHAR[]) AS key"
            rows = cursor.execute(f"SELECT key FROM ({asked}) WHERE key IN ({self.keys})", [sorted(keys)]).fetchall()
        return {key for (key,) in rows}

    def finish(self) -> None:
        """Find the rows that were read again later, in another piece: they do not count."""
        root = self.family[0]
        key, found = quoted(root.primary_key[0]), self._files(root)
        if not self._is_finished and self._documents:
            with self._told(), self._cursor() as cursor:
                cursor.execute(
                    f"COPY (SELECT {key} AS key, {PIECE} AS piece FROM {found} WHERE hash({key}) IN "
                    f"(SELECT hash({key}) FROM {found} GROUP BY 1 HAVING count(*) > 1) "
                    f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {PIECE} DESC) > 1) "
                    f"TO {literal(str(self._superseded))} {_FORMAT}"
                )
        self._is_finished = True

    @contextmanager
    def registered(self, connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, str]]:
        """By table, the name of a temporary view of the rows that count. It goes with the context."""
        self.finish()
        names = {table.name: f"spooled_{next(_names)}" for table in self.family}
        with changed(connection, memory_limit=MEMORY, preserve_insertion_order=False, threads=1):
            try:
                for table in self.family:
                    connection.execute(f"CREATE TEMP VIEW {names[table.name]} AS {self._rows_that_count(table)}")
                yield names
            finally:
                forget(connection, "VIEW", names.values())

    def _rows_that_count(self, table: Table) -> str:
        if not any((self._folder / table.name).iterdir()):
            columns = ", ".join(
                f"NULL::{column.type.sql} AS {quoted(column.name)}" for column in table.document_columns
            )
            return f"SELECT {columns} LIMIT 0"
        link = quoted(table.columns[0].name if table.parent else table.primary_key[0])
        return (
            f"SELECT held.* EXCLUDE ({PIECE}) FROM {self._files(table)} AS held "
            f"ANTI JOIN {_parquet(escape(str(self._superseded)))} AS late "
            f"ON held.{link} = late.key AND held.{PIECE} = late.piece"
        )

    def _files(self, table: Table) -> str:
        return _parquet(f"{escape(str(self._folder / table.name))}/*.parquet")

    @property
    def _superseded(self) -> Path:
        return self._folder / "superseded.parquet"

    def _keep(self, cursor: duckdb.DuckDBPyConnection, table: Table, piece: int, rows: str) -> None:
        cursor.execute(f"COPY ({rows}) TO {literal(str(self._folder / table.name / f'{piece}.parquet'))} {_FORMAT}")

    def _next(self, documents: int) -> int:
        with self._lock:
            self._documents += documents
            self._is_finished = False
            return next(self._numbers)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what the machine's errors mean for the reader: our files are where the database is."""
        try:
            yield
        except Exception as error:
            if is_about_the_file(error):
                raise meaning(self._database, error) from error
            raise

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._turns:
            with self._lock:
                cursor = self._connection.cursor()
            try:
                cursor.execute("SET TimeZone = 'UTC'")
                yield cursor
            finally:
                cursor.close()


def _are_as_written(texts: list[Any]) -> bool:
    """Whether numbers, objects and lists in text columns are, as texts, what the contract makes of them."""
    return all(json_text(json.loads(text)) == text for (text,) in texts)


def _parquet(pattern: str) -> str:
    """Files as a table; a folder that is called `day=1` is no column of it."""
    return f"read_parquet({literal(pattern)}, hive_partitioning = false)"
