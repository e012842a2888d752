"""Values of a document as its row will have them, to be compared with what a table holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clockify_dagster.contract import Table
from clockify_dagster.contract.values import CoercionError, coerce
from clockify_dagster.warehouse.held_rows import Values


def values_of(table: Table, columns: Sequence[str], document: Mapping[str, Any]) -> Values:
    """The values of these columns; null where one does not fit its column."""
    return tuple(_value(table, name, document) for name in columns)


def _value(table: Table, name: str, document: Mapping[str, Any]) -> Any:
    found: Any = document
    for step in table[name].steps:
        found = found.get(step) if isinstance(found, Mapping) else None
    try:
        return coerce(table[name].type, found)
    except CoercionError:
        return None
