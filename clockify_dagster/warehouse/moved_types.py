"""Types that a move may not carry: those of users' own columns, since all of the contract's go anywhere."""

from __future__ import annotations

from collections.abc import Iterable

from duckdb.sqltypes import DuckDBPyType

NOT_IN_A_LAKE = frozenset({"array", "bignum", "bit", "enum", "null", "time_ns", "union"})
"""Those that DuckLake refuses, or cannot write (`time_ns`)."""
INEXACT_IN_PARQUET = frozenset({"hugeint", "interval", "time with time zone", "uhugeint"})
"""Those of which Parquet holds some values as others: no microseconds of an interval, no zone of a time, and of whole
numbers 53 bits."""

_NESTED = ("array", "list", "map", "struct", "union")


def kinds_of(type_: DuckDBPyType) -> frozenset[str]:
    """What a type is made of, without what is personal in it, such as the values of an enum: `list`, `integer`."""
    within: Iterable[tuple[str, object]] = type_.children if type_.id in _NESTED else ()
    found = (kinds_of(each) for _, each in within if isinstance(each, DuckDBPyType))
    return frozenset({str(type_.id)}).union(*found)
