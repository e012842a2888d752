"""What a page's rows must be, worked out document by document in plain Python from the contract and its values."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from clockify_dagster.contract import Column, Table, Type
from clockify_dagster.contract.values import CoercionError, coerce
from clockify_dagster_tests.conftest import Document

Rows = dict[str, list[tuple[Any, ...]]]


class NoRowError(Exception):
    """A document cannot become a row."""


def reference_rows(
    family: Sequence[Table], documents: Sequence[Document], facts: Mapping[str, str] | None = None
) -> tuple[Rows, Counter[tuple[str, str]]]:
    """By table the rows in order, and how many values of which column did not fit. Raises `NoRowError`."""
    root, *children = family
    faults: Counter[tuple[str, str]] = Counter()
    rows: Rows = {table.name: [] for table in family}
    names = [column.name for column in root.document_columns]
    latest: dict[Any, tuple[Any, ...]] = {}
    owned: dict[str, dict[Any, list[tuple[Any, ...]]]] = {child.name: {} for child in children}
    for document in documents:
        row = tuple(_value(root, column, document, faults, facts or {}) for column in root.document_columns)
        latest[tuple(row[names.index(name)] for name in root.primary_key)] = row
        for child in children:
            owned[child.name][row[0]] = _items(child, document, row[0], faults, facts or {})
    rows[root.name] = list(latest.values())
    for child in children:
        rows[child.name] = [row for found in owned[child.name].values() for row in found]
    return {name: sorted(found, key=str) for name, found in rows.items()}, faults


def comparable(table: Table, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows with JSON in text columns parsed: 1e16 and 1e+16 are one number."""
    types = [column.type for column in table.document_columns]
    return sorted(
        (
            tuple(_parsed(v) if t in (Type.ID, Type.TEXT) else v for t, v in zip(types, row, strict=True))
            for row in rows
        ),
        key=str,
    )


def _parsed(value: Any) -> Any:
    try:
        return json.dumps(json.loads(value)) if value and value[0] in "[{-0123456789" else value
    except ValueError:
        return value


def _items(
    child: Table, document: Document, parent: Any, faults: Counter[tuple[str, str]], facts: Mapping[str, str]
) -> list[tuple[Any, ...]]:
    try:
        items = _at(document, (child.rows_path or "").split("."))
    except CoercionError:
        items = None
        faults[child.name, child.document_columns[1].name] += 1
    if items is not None and items != "" and not isinstance(items, list):
        first = next(column.name for column in child.document_columns if column.list_path is not None)
        faults[child.name, first] += 1
        return []
    found: dict[Any, tuple[Any, ...]] = {}
    for item in items or []:
        if item is None or item == "":
            continue
        values = []
        for number, column in enumerate(child.document_columns):
            if column.list_path is None:
                value = facts.get(column.fact) if column.fact else parent
            else:
                value = _value(child, column, item, faults, {})
            values.append(parent if value is None and number == 0 else value)
        names = [column.name for column in child.document_columns]
        found[tuple(values[names.index(name)] for name in child.primary_key)] = tuple(values)
    return list(found.values())


def _value(
    table: Table, column: Column, source: Any, faults: Counter[tuple[str, str]], facts: Mapping[str, str]
) -> Any:
    try:
        value = coerce(column.type, _at(source, column.steps)) if column.is_in_document else None
    except CoercionError:
        if column.name in (*table.primary_key, *table.never_null):
            raise NoRowError from None
        faults[table.name, column.name] += 1
        value = None
    if value is None and column.fact is not None:
        value = facts.get(column.fact)
    if value is None and table.parent is None and column.name in table.never_null:
        raise NoRowError
    return value


def _at(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if value is None or value == "":
            return None
        if not isinstance(value, dict):
            raise CoercionError(value)
        value = value.get(step)
    return value
