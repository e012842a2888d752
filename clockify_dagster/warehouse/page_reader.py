"""One page of documents, from the bytes of an answer to typed rows in temporary tables of a DuckDB connection."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from glob import escape
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from clockify_dagster.contract.column import Type
from clockify_dagster.contract.model import Table
from clockify_dagster.contract.values import SAMPLE_LENGTH, CoercionError, CoercionFault, coerce, storable
from clockify_dagster.days import Span
from clockify_dagster.errors import ContractError
from clockify_dagster.warehouse.ddl import key_of, quoted
from clockify_dagster.warehouse.page_sql import (
    NOT_AN_OBJECT,
    SEEN,
    ColumnSQL,
    PageSource,
    column_sql,
    not_objects,
    odd_lists,
    raw_items,
    raw_table,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_RAW, _TYPED = "raw_documents", "typed_documents"
# JSON with a key twice or half a character, or none at all
_UNREADABLE = (duckdb.InvalidInputException, duckdb.ConversionException)


@dataclass(frozen=True)
class PageRows:
    """The ids of a staged page and its starts in microseconds since 1970 (0 without one), in the page's order."""

    ids: Sequence[str]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """How many documents the page has."""
        return len(self.ids)

    @property
    def oldest(self) -> datetime | None:
        """The earliest start, in UTC; None on an empty page."""
        return _EPOCH + timedelta(microseconds=int(self.starts.min())) if len(self.starts) else None

    @property
    def is_newest_first(self) -> bool:
        """Whether no document starts later than the one before it."""
        return bool((self.starts[:-1] >= self.starts[1:]).all())

    def count_until(self, moment: datetime) -> int:
        """How many documents start at the moment or before."""
        return int((self.starts <= _microseconds(moment)).sum())

    def ids_within(self, span: Span | None) -> Sequence[str]:
        """The ids of the documents that start within the span; all where none is given."""
        if span is None:
            return self.ids
        within = (self.starts >= _microseconds(span.start)) & (self.starts < _microseconds(span.end))
        return list(itertools.compress(self.ids, within.tolist()))


class PageReader:
    """Reads one page; the connection must be free of other pages as long as it does.

    Attributes:
        tables: by table, the temporary table of its typed rows, with a column `SEEN`.
        faults: the values that became null since they did not fit.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, family: Sequence[Table], source: PageSource) -> None:
        """Take the tables that the page is for: a table without parent, then its children."""
        self._execute = connection.execute
        self._root, *self._children = family
        self._source = source
        self.tables: dict[str, str] = {}
        self.faults: list[CoercionFault] = []

    def read(self, body: bytes, file: Path, first_seen: int) -> PageRows:
        """Make the temporary tables. `file` is written for the while; rows are numbered from `first_seen` on.

        Raises:
            ValueError: the body is not JSON, or not a list of documents in its envelope.
            ContractError: a document lacks what names its row, or that does not fit.
        """
        try:
            # DuckDB would take a list that was cut off between two documents for a whole one
            if not body.rstrip().endswith((b"]", b"}")):
                _normalized(body, self._source)
            self._read_raw(body, file)
        except _UNREADABLE:
            try:
                self._read_raw(_normalized(body, self._source), file)
            except _UNREADABLE as error:
                raise ValueError(f"the answer cannot be read as JSON ({str(error).splitlines()[0]})") from None
        try:
            self._type(self._root, _RAW, _TYPED, f"rowid + {first_seen} AS {SEEN}")
        except ContractError:
            _normalized(body, self._source)  # which says so where it is not a list of documents
            raise
        for number, child in enumerate(self._children):
            self._read_items(child, f"raw_items_{number}", f"typed_items_{number}")
        return self._page_rows()

    def _read_raw(self, body: bytes, file: Path) -> None:
        try:
            file.write_bytes(body)
            select = raw_table(self._root, tuple(self._children), self._source, file=escape(str(file)), size=len(body))
            self._execute(f"CREATE OR REPLACE TEMP TABLE {_RAW} AS {select}")
        finally:
            file.unlink(missing_ok=True)

    def _read_items(self, child: Table, raw: str, typed: str) -> None:
        items = raw_items(child, self._source, raw=_RAW, typed=_TYPED, key=self._root.primary_key[0])
        self._execute(f"CREATE OR REPLACE TEMP TABLE {raw} AS {items}")
        for (value,) in self._execute(odd_lists(child, self._source, _RAW)).fetchall():
            column = next(column.name for column in child.columns if column.list_path is not None)
            self.faults.append(CoercionFault(child.name, column, 1, str(value)[:SAMPLE_LENGTH]))
        self._type(child, raw, typed, SEEN)
        names = ", ".join(map(quoted, child.primary_key))
        twice = f"SELECT count(*) > count(DISTINCT hash({SEEN}, {names})) FROM {typed}"
        if self._execute(twice).fetchall() == [(True,)]:  # most pages are spared the sorting
            last = f"row_number() OVER (PARTITION BY {SEEN}, {names} ORDER BY rowid DESC) = 1"
            self._execute(f"CREATE OR REPLACE TEMP TABLE {typed} AS SELECT * FROM {typed} QUALIFY {last}")

    def _type(self, table: Table, raw: str, typed: str, seen: str) -> None:
        """Make the typed table of a raw one, row by row in the same order."""
        columns = [column_sql(table, column, self._source) for column in table.document_columns]
        values = ", ".join(f"{each.typed} AS {quoted(each.column.name)}" for each in columns)
        conditions = [each.may_be_odd for each in columns if each.may_be_odd] + not_objects(table, self._source)
        is_odd = " OR ".join(f"coalesce({each}, false)" for each in conditions) or "false"
        lacks = " OR ".join(f"{each.typed} IS NULL" for each in columns if each.column.name in table.never_null)
        self._execute(
            f"CREATE OR REPLACE TEMP TABLE {typed} AS "
            f"SELECT {values}, {seen}, {is_odd} AS _is_odd, {lacks} AS _lacks_key FROM {raw}"
        )
        self.tables[table.name] = typed
        ((odd, lacking),) = self._execute(f"SELECT bool_or(_is_odd), bool_or(_lacks_key) FROM {typed}").fetchall()
        for each in columns if odd else ():
            self._coerce(table, each, raw, typed)
        # a value that seemed to be lacking may have come from `_coerce`
        for name in table.never_null if lacking else ():
            row = self._execute(f"SELECT * FROM {typed} WHERE {quoted(name)} IS NULL ORDER BY rowid LIMIT 1").fetchone()
            if row is not None:
                raise _unusable(table, name, row[0], "is missing")

    def _coerce(self, table: Table, each: ColumnSQL, raw: str, typed: str) -> None:
        """Give values of an unusual form what `contract/values.py` makes of them."""
        texts = self._execute(f"SELECT {each.json}, count(*) FROM {raw} WHERE {each.is_odd} GROUP BY 1").fetchall()
        found: list[tuple[str, Any]] = []
        for text, count in texts:
            try:
                found.append((text, _coerced(each.column.type, text)))
            except CoercionError as error:  # noqa: PERF203 - values of an unusual form are few
                if each.column.name in (*table.primary_key, *table.never_null):
                    identity = column_sql(table, table.columns[0], self._source).typed
                    rows = self._execute(f"SELECT {identity} FROM {raw} WHERE {each.json} = ?", [text])
                    raise _unusable(table, each.column.name, (rows.fetchone() or [None])[0], f"is {error}") from None
                self.faults.append(CoercionFault(table.name, each.column.name, count, str(error)))
        if not found:
            return
        name = quoted(each.column.name)
        self._execute(
            f"UPDATE {typed} SET {name} = known.value FROM (SELECT raw.rowid AS row, given.value "
            f"FROM (SELECT unnest(?::VARCHAR[]) AS text, unnest(?::{each.column.type.sql}[]) AS value) AS given "
            f"JOIN {raw} AS raw ON {each.json} = given.text) AS known WHERE {typed}.rowid = known.row",
            [[text for text, _ in found], [value for _, value in found]],
        )

    def _page_rows(self) -> PageRows:
        key = key_of(self._root)
        instants = (column for column in self._root.document_columns if column.type is Type.TIMESTAMP)
        start = next((f"epoch_us({quoted(c.name)})" for c in instants if c.name in self._root.required), "0")
        found = self._execute(f"SELECT {key} AS id, {start} AS start FROM {_TYPED}").fetchnumpy()
        return PageRows(np.asarray(found["id"], object).tolist(), np.asarray(found["start"], np.int64))


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _coerced(type_: Type, text: str) -> Any:
    """What the contract makes of a value's JSON. Raises `CoercionError`."""
    if text.startswith(NOT_AN_OBJECT):
        raise CoercionError(json.loads(text.removeprefix(NOT_AN_OBJECT)))
    return coerce(type_, json.loads(text))


def _unusable(table: Table, column: str, identity: object, fault: str) -> ContractError:
    return ContractError(
        f"{table.name}: the document with id {json.dumps(identity)} cannot become a row, since {column} "
        f"({table[column].path} in Clockify's document) {fault}. Look at that item in Clockify. If nothing is wrong "
        "with it there, please report this."
    )


def _normalized(body: bytes, source: PageSource) -> bytes:
    """The same JSON as Python reads it: of a key that comes twice the last value, and no halves of characters.

    Raises `ValueError` for anything but a list of documents in its envelope.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the answer is not JSON ({error})") from None
    documents = answer
    for step in source.envelope.split(".") if source.envelope else []:
        documents = documents.get(step) if isinstance(documents, dict) else documents
    if documents is None and source.envelope:
        documents = []
    if not isinstance(documents, list) or not all(isinstance(each, dict) for each in documents):
        raise ValueError("the answer is not a list of documents")
    return storable(json.dumps(answer, ensure_ascii=False)).encode()
