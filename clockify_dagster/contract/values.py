"""From a JSON value to a column's value: what fits, what is absent, and what does not fit.

This is the reference. DuckDB reads pages whole and by itself (`warehouse/page_sql.py`) as far as values have the usual
form; each value that has not comes here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from clockify_dagster.contract.column import Type

SAMPLE_LENGTH = 80  # how much of a value that fits nowhere is shown

# made once: json.dumps would make an encoder for each value
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class CoercionError(ValueError):
    """The value does not fit the column's type. The text is a sample of it, at most `SAMPLE_LENGTH` long."""

    def __init__(self, value: Any) -> None:
        """Keep a sample of the value, as JSON."""
        super().__init__(json_text(value)[:SAMPLE_LENGTH])


@dataclass(frozen=True)
class CoercionFault:
    """Values of a column that did not fit its type and became null: how many, and one as JSON, cut short."""

    table: str
    column: str
    count: int
    sample: str

    def __str__(self) -> str:
        """A sentence for the log."""
        fault = f"{'value' if self.count == 1 else 'values'} did not fit the column's type and became null"
        return f"{self.table}.{self.column}: {self.count} {fault}, for example {self.sample}"


def merge_faults(faults: Iterable[CoercionFault]) -> tuple[CoercionFault, ...]:
    """One fault for each table and column: counts added, the first sample kept."""
    merged: dict[tuple[str, str], CoercionFault] = {}
    for fault in faults:
        known = merged.get((fault.table, fault.column))
        merged[fault.table, fault.column] = replace(known, count=known.count + fault.count) if known else fault
    return tuple(merged.values())


def coerce(type_: Type, value: Any) -> Any:
    """The value as the type wants it: str, bool, float, aware datetime in UTC, or None where it is absent.

    Null is absent everywhere, "" everywhere but in a text. Raises `CoercionError` where the value does not fit.
    """
    if value is None or (value == "" and type_ is not Type.TEXT):
        return None
    return _CONVERTERS[type_](value)


def json_text(value: Any) -> str:
    """The value's JSON: without blanks, keys in their order, letters as they are, storable as UTF-8."""
    return storable(_encode(value))


def storable(text: str) -> str:
    """The text with U+FFFD for each half of a character (JSON may carry half an emoji).

    A lone surrogate has no UTF-8, so no database can hold it.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _text(value: Any) -> str:
    return storable(value) if isinstance(value, str) else json_text(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise CoercionError(value)


_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)


def _float(value: Any) -> float:
    # to Python a boolean is an int, and float() accepts words and underscores
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise CoercionError(value)
    with suppress(OverflowError):
        number = float(value)
        if math.isfinite(number):
            return number
    raise CoercionError(value)


# datetime.fromisoformat would read other forms in Python 3.10 than in 3.11
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
    r"(?:Z|([+-])(\d\d):?(\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)


def _timestamp(value: Any) -> datetime:
    """An ISO 8601 instant, cut to microseconds; without an offset it is UTC, as Clockify means it."""
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise CoercionError(value)
    *clock, fraction, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    year, month, day, hour, minute, second = (int(part or 0) for part in clock)
    microsecond = int((fraction or "")[:6].ljust(6, "0"))
    try:
        moment = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=timezone.utc)
        # the clock is ahead of UTC by a positive offset; the edges of the calendar may not hold the instant
        return moment + offset if sign == "-" else moment - offset
    except (ValueError, OverflowError):
        raise CoercionError(value) from None


_CONVERTERS: dict[Type, Callable[[Any], Any]] = {
    Type.ID: _text,
    Type.TEXT: _text,
    Type.BOOLEAN: _boolean,
    Type.FLOAT: _float,
    Type.TIMESTAMP: _timestamp,
}
