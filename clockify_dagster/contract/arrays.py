"""From the JSON values of one column to an array of its dtype, fast where all are as Clockify gives them.

The fast ways give what `values.convert` would give for each value, or None: then the caller converts one by
one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from clockify_dagster.contract.model import Type
from clockify_dagster.contract.values import json_text

# with the storage named, the frames are the same whether or not pyarrow is installed
_STRING = pd.StringDtype("python")
_NONE = type(None)
_INSTANT_SHAPE = "dddd-dd-ddTdd:dd:ddZ"
_EPOCH = "1970-01-01T00:00:00Z"
_YEAR_ONE = np.datetime64("0001-01-01T00:00:00", "s")


class Sources:
    """Documents, or items of their lists, from which whole columns are taken."""

    def __init__(self, values: list[Any]) -> None:
        """Take the values, in the order of the rows."""
        self.values = values
        # several columns share a way, as timeInterval.start and timeInterval.end do
        self._taken: dict[tuple[str, ...], list[Any] | None] = {(): values}

    def at(self, steps: tuple[str, ...]) -> list[Any] | None:
        """What stands behind the steps in each value; None where one leads into what is no plain object."""
        if steps not in self._taken:
            before = self.at(steps[:-1])
            self._taken[steps] = None if before is None else _step(before, steps[-1])
        return self._taken[steps]


def _step(values: list[Any], step: str) -> list[Any] | None:
    kinds = set(map(type, values))
    if not kinds <= {dict, _NONE}:
        return None
    if _NONE in kinds:
        return [None if value is None else value.get(step) for value in values]
    try:
        return list(map(itemgetter(step), values))
    except KeyError:
        return [value.get(step) for value in values]


def array_of_usual(type_: Type, values: list[Any]) -> ExtensionArray | None:
    """The array of JSON values that are all of the usual form; None where one of them needs a closer look."""
    kinds = set(map(type, values)) - {_NONE}
    if not kinds:
        return array_of(type_, values)
    return _USUAL[type_](values) if kinds <= _USUAL_KINDS[type_] else None


def array_of(type_: Type, values: Sequence[Any]) -> ExtensionArray:
    """The array of values that `convert` gave: `string`, `boolean`, `Float64` or `datetime64[us, UTC]`."""
    if type_ is Type.TIMESTAMP:
        # without a zone and through numpy: pandas would go through nanoseconds, which end in the year 2262
        naive = [None if value is None else _naive(value) for value in values]
        return _instants(np.array(naive, dtype="datetime64[us]"))
    if type_ is Type.BOOLEAN:
        return pd.array(values, dtype="boolean")
    return pd.array(values, dtype="Float64") if type_ is Type.FLOAT else pd.Series(values, dtype=_STRING).array


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _instants(utc: npt.NDArray[np.datetime64]) -> ExtensionArray:
    typed: ExtensionArray = pd.DatetimeIndex(utc).tz_localize("UTC").array
    return typed


def _usual_ids(values: list[Any]) -> ExtensionArray | None:
    if "" in values:
        values = [None if value == "" else value for value in values]
    return _usual_texts(values)


def _usual_texts(values: list[Any]) -> ExtensionArray | None:
    if not set(map(type, values)) <= {str, _NONE}:
        values = [value if value is None or type(value) is str else json_text(value) for value in values]
    together = "".join(filter(None, values))
    if not together.isascii():
        try:
            together.encode()
        except UnicodeEncodeError:  # half a character somewhere
            return None
    return pd.array(values, dtype=_STRING)


def _usual_booleans(values: list[Any]) -> ExtensionArray | None:
    absent = np.array([value is None for value in values], dtype=bool)
    return pd.arrays.BooleanArray(np.array(values, dtype=object).astype(bool), absent)


def _usual_numbers(values: list[Any]) -> ExtensionArray | None:
    absent = np.array([value is None for value in values], dtype=bool)
    try:
        numbers = np.array([0.0 if value is None else value for value in values], dtype=np.float64)
    except OverflowError:  # an integer that no double can hold
        return None
    return pd.arrays.FloatingArray(numbers, absent) if np.isfinite(numbers).all() else None


def _usual_instants(values: list[Any]) -> ExtensionArray | None:
    """Of the one form that Clockify writes, to the second and with Z."""
    texts = [value or _EPOCH for value in values]
    if set(map(len, texts)) != {len(_INSTANT_SHAPE)}:
        return None
    written = np.array(texts, dtype=f"U{len(_INSTANT_SHAPE)}")
    letters: npt.NDArray[np.uint32] = written.view(np.uint32).reshape(len(texts), -1)
    for place, mark in enumerate(_INSTANT_SHAPE):
        low, high = ("0", "9") if mark == "d" else (mark, mark)
        column = letters[:, place]
        if bool(np.any((column < ord(low)) | (column > ord(high)))):
            return None
    try:
        instants = written.astype(f"U{len(_INSTANT_SHAPE) - 1}").astype("datetime64[s]")
    except ValueError:  # no such day or hour
        return None
    if instants.min() < _YEAR_ONE:
        return None
    instants[[not value for value in values]] = np.datetime64("NaT", "s")
    return _instants(instants.astype("datetime64[us]"))


_JSON: set[type] = {str, bool, int, float, list, dict}
_USUAL_KINDS: dict[Type, set[type]] = {
    Type.ID: _JSON,
    Type.TEXT: _JSON,
    Type.BOOLEAN: {bool},
    Type.FLOAT: {int, float},
    Type.TIMESTAMP: {str},
}
_USUAL: dict[Type, Callable[[list[Any]], ExtensionArray | None]] = {
    Type.ID: _usual_ids,
    Type.TEXT: _usual_texts,
    Type.BOOLEAN: _usual_booleans,
    Type.FLOAT: _usual_numbers,
    Type.TIMESTAMP: _usual_instants,
}
