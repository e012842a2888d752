"""What becomes of one JSON value."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any

import pytest

from clockify_dagster.contract import Type
from clockify_dagster.contract.values import (
    SAMPLE_LENGTH,
    CoercionError,
    CoercionFault,
    coerce,
    json_text,
    merge_faults,
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize("type_", Type)
def test_null_is_null_in_every_type(type_: Type) -> None:
    assert coerce(type_, None) is None


@pytest.mark.parametrize("type_", [type_ for type_ in Type if type_ is not Type.TEXT], ids=str)
def test_an_empty_text_is_absent_where_it_is_no_text(type_: Type) -> None:
    assert coerce(type_, "") is None


def test_an_empty_text_stays_in_a_text() -> None:
    assert coerce(Type.TEXT, "") == ""


@pytest.mark.parametrize("type_", [Type.TEXT, Type.ID])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12.5, "12.5"),
        (9007199254740993, "9007199254740993"),
        (123456789012345678901234567890, "123456789012345678901234567890"),
        (True, "true"),
        ({"z": 1, "a": ["ä", None, {}]}, '{"z":1,"a":["ä",null,{}]}'),
        ([], "[]"),
        (" Žluťoučký 🦊 ", " Žluťoučký 🦊 "),
        ("a\0b", "a\0b"),
    ],
)
def test_what_is_not_a_text_becomes_its_json_and_texts_stay_as_they_are(type_: Type, value: Any, text: str) -> None:
    assert coerce(type_, value) == text


def test_half_a_character_is_replaced_so_that_a_database_can_hold_the_rest() -> None:
    assert coerce(Type.TEXT, "a\ud83db") == "a\ufffdb"
    assert coerce(Type.TEXT, {"k": "\udc00"}) == '{"k":"\ufffd"}'
    assert coerce(Type.TEXT, "\ud83d\ude00") == "😀"


@pytest.mark.parametrize(("value", "truth"), [(True, True), (False, False), ("true", True), ("False", False)])
def test_booleans_and_their_words_fit_a_boolean(value: Any, truth: bool) -> None:
    assert coerce(Type.BOOLEAN, value) is truth


@pytest.mark.parametrize("value", [0, 1, "yes", " ", [], {}, 1.0])
def test_nothing_else_fits_a_boolean(value: Any) -> None:
    with pytest.raises(CoercionError):
        coerce(Type.BOOLEAN, value)


@pytest.mark.parametrize(("value", "number"), [(1, 1.0), (1.5, 1.5), ("10500", 10500.0), ("-1.5e3", -1500.0)])
def test_numbers_and_their_texts_fit_a_float(value: Any, number: float) -> None:
    coerced = coerce(Type.FLOAT, value)
    assert coerced == number
    assert type(coerced) is float


@pytest.mark.parametrize(
    "value", [True, math.nan, math.inf, "NaN", "infinity", "1_000", "ten", "1e999", 10**400, [], {}]
)
def test_what_is_not_a_finite_number_does_not_fit_a_float(value: Any) -> None:
    with pytest.raises(CoercionError):
        coerce(Type.FLOAT, value)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024-02-29T23:59:59Z", utc(2024, 2, 29, 23, 59, 59)),
        ("2024-02-29t23:59:59z", utc(2024, 2, 29, 23, 59, 59)),
        ("2024-02-29T23:59:59", utc(2024, 2, 29, 23, 59, 59)),
        ("2024-02-29 23:59", utc(2024, 2, 29, 23, 59)),
        ("2024-03-01T01:00:00+02:00", utc(2024, 2, 29, 23)),
        ("2024-03-01T01:00:00-0330", utc(2024, 3, 1, 4, 30)),
        ("2024-03-01T01:00:00+02", utc(2024, 2, 29, 23)),
        ("2024-03-01T01:00:00.5Z", utc(2024, 3, 1, 1, 0, 0, 500_000)),
        ("2024-03-01T01:00:00.123456789+00:00", utc(2024, 3, 1, 1, 0, 0, 123_456)),
        ("0001-01-01T00:00:00Z", utc(1, 1, 1)),
        ("9999-12-31T23:59:59.999999Z", utc(9999, 12, 31, 23, 59, 59, 999_999)),
    ],
)
def test_instants_are_read_to_the_microsecond_and_in_utc_unless_they_say_otherwise(
    value: str, moment: datetime
) -> None:
    assert coerce(Type.TIMESTAMP, value) == moment


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-30T00:00:00Z",
        "2024-02-01T25:00:00Z",
        "2024-02-01T00:00:60Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2024-02-01",
        "today",
        "٢٠٢٤-02-01T00:00:00Z",
        1706745600,
        True,
        {},
    ],
)
def test_what_is_not_a_instant_does_not_fit(value: Any) -> None:
    with pytest.raises(CoercionError):
        coerce(Type.TIMESTAMP, value)


def test_the_sample_of_a_value_that_does_not_fit_is_its_json_cut_short() -> None:
    with pytest.raises(CoercionError) as fault:
        coerce(Type.BOOLEAN, "x" * 500)
    assert str(fault.value) == '"' + "x" * (SAMPLE_LENGTH - 1)


def test_faults_of_several_pages_add_up() -> None:
    first, second, other = (
        CoercionFault("t", "a", 2, "1"),
        CoercionFault("t", "a", 3, "2"),
        CoercionFault("t", "b", 1, "3"),
    )
    assert merge_faults([first, other, second]) == (CoercionFault("t", "a", 5, "1"), other)
    assert str(first).startswith("t.a: 2 values did not fit")


def test_json_has_no_blanks() -> None:
    assert json_text({"a": [1, 2]}) == '{"a":[1,2]}'
