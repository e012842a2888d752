"""One page of documents, from the bytes of an answer to typed rows in temporary tables of a DuckDB connection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from glob import escape
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from clockify_dagster.contract.model import Table, Type
from clockify_dagster.contract.values import SAMPLE_LENGTH, CoercionError, CoercionFault, coerce, storable
from clockify_dagster.errors import ContractError
from clockify_dagster.warehouse.ddl import quoted
from clockify_dagster.warehouse.page_rows import PageRows
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

_RAW, _TYPED = "raw_documents", "typed_documents"
_ODD, _LACKS = "_is_odd", "_lacks_key"
# JSON with a key twice or half a character, or none at all
_UNREADABLE = (duckdb.InvalidInputException, duckdb.ConversionException)


class PageReader:
    """Reads one page; the connection must be free of other pages as long as it does.

    Attributes:
        tables: by table, the temporary table of its typed rows, with a column `SEEN`.
        faults: the values that became null since they did not fit.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, family: Sequence[Table], source: PageSource) -> None:
        """Take a connection and the tables that the page is for: a table without parent, then its children."""
        self._connection = connection
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
            self._read_raw_again(_normalized(body, self._source), file)
        try:
            return self._read_typed(first_seen)
        except ContractError:
            _normalized(body, self._source)  # which says so where it is not a list of documents
            raise

    def _read_typed(self, first_seen: int) -> PageRows:
        self._type(self._root, _RAW, _TYPED, f"rowid + {first_seen} AS {SEEN}")
        key = self._root.primary_key[0]
        for number, child in enumerate(self._children):
            self._read_items(child, key, f"raw_items_{number}", f"typed_items_{number}")
        return self._outline(key)

    def _read_raw(self, body: bytes, file: Path) -> None:
        try:
            file.write_bytes(body)
            select = raw_table(self._root, tuple(self._children), self._source, file=escape(str(file)), size=len(body))
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {_RAW} AS {select}")
        finally:
            file.unlink(missing_ok=True)

    def _read_raw_again(self, body: bytes, file: Path) -> None:
        try:
            self._read_raw(body, file)
        except _UNREADABLE as error:
            raise ValueError(f"the answer cannot be read as JSON ({str(error).splitlines()[0]})") from None

    def _read_items(self, child: Table, key: str, raw: str, typed: str) -> None:
        items = raw_items(child, self._source, raw=_RAW, typed=_TYPED, key=key)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {raw} AS {items}")
        for (value,) in self._connection.execute(odd_lists(child, self._source, _RAW)).fetchall():
            column = next(column.name for column in child.columns if column.list_path is not None)
            self.faults.append(CoercionFault(child.name, column, 1, str(value)[:SAMPLE_LENGTH]))
        self._type(child, raw, f"{typed}_all", SEEN)
        names = ", ".join(quoted(name) for name in child.primary_key)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {typed} AS SELECT * FROM {typed}_all "
            f"QUALIFY row_number() OVER (PARTITION BY {SEEN}, {names} ORDER BY rowid DESC) = 1"
        )
        self.tables[child.name] = typed

    def _type(self, table: Table, raw: str, typed: str, seen: str) -> None:
        """Make the typed table of a raw one, row by row in the same order."""
        columns = [column_sql(table, column, self._source) for column in table.document_columns]
        values = ", ".join(f"{each.typed} AS {quoted(each.column.name)}" for each in columns)
        conditions = [each.may_be_odd for each in columns if each.may_be_odd] + not_objects(table, self._source)
        is_odd = " OR ".join(f"coalesce({each}, false)" for each in conditions) or "false"
        lacks = " OR ".join(f"{each.typed} IS NULL" for each in columns if each.column.name in table.never_null)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {typed} AS "
            f"SELECT {values}, {seen}, {is_odd} AS {_ODD}, {lacks} AS {_LACKS} FROM {raw}"
        )
        self.tables[table.name] = typed
        odd, lacking = self._connection.execute(
            f"SELECT bool_or({_ODD}), bool_or({_LACKS}) FROM {typed}"
        ).fetchone() or (None, None)
        for each in columns if odd else ():
            self._coerce(table, each, raw, typed)
        if lacking:
            self._require(table, typed)

    def _coerce(self, table: Table, each: ColumnSQL, raw: str, typed: str) -> None:
        """Give values of an unusual form what `contract/values.py` makes of them."""
        texts = self._connection.execute(
            f"SELECT {each.json}, count(*) FROM {raw} WHERE {each.is_odd} GROUP BY 1"
        ).fetchall()
        found: list[tuple[str, Any]] = []
        for text, count in texts:
            try:
                found.append((text, _coerced(each.column.type, text)))
            except CoercionError as error:  # noqa: PERF203 - values of an unusual form are few
                if each.column.name in (*table.primary_key, *table.never_null):
                    raise self._unusable(table, each, raw, text=text, sample=str(error)) from None
                self.faults.append(CoercionFault(table.name, each.column.name, count, str(error)))
        if not found:
            return
        name = quoted(each.column.name)
        self._connection.execute(
            f"UPDATE {typed} SET {name} = known.value FROM (SELECT raw.rowid AS row, given.value "
            f"FROM (SELECT unnest(?::VARCHAR[]) AS text, unnest(?::{each.column.type.sql}[]) AS value) AS given "
            f"JOIN {raw} AS raw ON {each.json} = given.text) AS known WHERE {typed}.rowid = known.row",
            [[text for text, _ in found], [value for _, value in found]],
        )

    def _require(self, table: Table, typed: str) -> None:
        """Raise `ContractError` where a row lacks what every row must have."""
        for name in table.never_null:
            lacking = self._connection.execute(
                f"SELECT * FROM {typed} WHERE {quoted(name)} IS NULL ORDER BY rowid LIMIT 1"
            ).fetchone()
            if lacking is not None:
                raise unusable(table, name, json.dumps(lacking[0]), "is missing")

    def _unusable(self, table: Table, each: ColumnSQL, raw: str, *, text: str, sample: str) -> ContractError:
        identity = column_sql(table, table.columns[0], self._source).typed
        row = self._connection.execute(f"SELECT {identity} FROM {raw} WHERE {each.json} = ? LIMIT 1", [text]).fetchone()
        return unusable(table, each.column.name, json.dumps(row[0] if row else None), f"is {sample}")

    def _outline(self, key: str) -> PageRows:
        start = next((c.name for c in self._root.document_columns if c.type is Type.TIMESTAMP), None)
        if start is None or start not in self._root.required:
            rows = self._connection.execute(f"SELECT {quoted(key)} FROM {_TYPED}").fetchall()
            return PageRows([row[0] for row in rows], np.zeros(0, np.int64))
        found = self._connection.execute(
            f"SELECT {quoted(key)} AS id, epoch_us({quoted(start)}) AS start FROM {_TYPED}"
        ).fetchnumpy()
        return PageRows(np.asarray(found["id"], object).tolist(), np.asarray(found["start"], np.int64))


def _coerced(type_: Type, text: str) -> Any:
    """What the contract makes of a value's JSON. Raises `CoercionError`."""
    if text.startswith(NOT_AN_OBJECT):
        raise CoercionError(json.loads(text.removeprefix(NOT_AN_OBJECT)))
    return coerce(type_, json.loads(text))


def unusable(table: Table, column: str, identity: str, fault: str) -> ContractError:
    """What to raise for a document that cannot become a row. `identity` is its id as JSON, `fault` what is wrong."""
    return ContractError(
        f"{table.name}: the document with id {identity} cannot become a row, since {column} "
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
