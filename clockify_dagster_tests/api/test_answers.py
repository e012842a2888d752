from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta, timezone

import pytest

from clockify_dagster import errors
from clockify_dagster.api.answers import decompressed, error_of, masked, parsed

KEY = "NzUxMjM0NTYtYWJjZC00ZTVm"
NOW = datetime(2026, 3, 31, 15, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b"[9007199254740993]", [9007199254740993]),
        (b"[18446744073709551616]", [18446744073709551616]),
        (b"[-123456789012345678901234567890]", [-123456789012345678901234567890]),
        (b'["\\ud800"]', ["\ud800"]),
        ('["\\u0000 \N{GRINNING FACE} \u05d0"]'.encode(), ["\0 \N{GRINNING FACE} \u05d0"]),
        (b'["' + b"x" * 100_000 + b'"]', ["x" * 100_000]),
        (b"[Infinity]", [float("inf")]),
    ],
)
def test_json_is_read_without_loss(body: bytes, expected: object) -> None:
    assert parsed(body, "GET /x") == expected


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1", b"\xff\xfe\xfa", b"[" * 100_000])
def test_what_is_not_json_is_an_error_that_can_be_tried_again(body: bytes) -> None:
    with pytest.raises(errors.UnreadableAnswerError, match="are not JSON") as caught:
        parsed(body, "GET /x")
    assert caught.value.can_retry


def test_a_compressed_body_is_decompressed_and_one_without_its_end_is_an_error() -> None:
    packed = gzip.compress(b"[1, 2, 3]" * 100)
    assert decompressed(packed, "gzip", "GET /x") == b"[1, 2, 3]" * 100
    assert decompressed(b"[]", "", "GET /x") == b"[]"
    for broken in (packed[:-1], packed[:20], b"[1, 2]"):
        with pytest.raises(errors.UnreachableError, match="damaged or its end is missing"):
            decompressed(broken, "gzip", "GET /x")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"key {KEY} is bad", "key *** is bad"),
        (f"{KEY}{KEY}", "***"),
        (f"key {KEY[:12]}... is bad", "key ***... is bad"),
        (f"ends with {KEY[-9:]}", "ends with ***"),
        ("user ana@agency.example unknown", "user *** unknown"),
        ("two\nlines\tand\0 more", "two lines and more"),
        ("x" * 500, "x" * 200),
    ],
)
def test_echoes_of_the_key_and_personal_data_are_masked(said: str, shown: str) -> None:
    assert masked(said, KEY) == shown


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("12", 12.0),
        (" 1.5 ", 1.5),
        ("-3", None),
        ("inf", None),
        ("nan", None),
        ("", None),
        ("later", None),
        ("Tue, 31 Mar 2026 15:02:00 GMT", 120.0),
        ("Tue, 31 Mar 2026 14:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(header: str, seconds: float | None) -> None:
    error = error_of(429, {"Retry-After": header}, b"", endpoint="GET /x", key=KEY, now=NOW)
    assert isinstance(error, errors.RateLimitedError)
    assert error.retry_after == seconds


def test_a_good_answer_is_no_error() -> None:
    assert error_of(200, {}, b"[]", endpoint="GET /x", key=KEY, now=NOW) is None


def test_an_error_says_where_it_happened_and_the_innermost_knows_best() -> None:
    error = errors.ServerFaultError("GET /x was answered with 500.", endpoint="GET /x", status=500)
    with pytest.raises(errors.ServerFaultError) as caught, errors.located(workspace="w", project="p", user="other"):
        raise error.at(user="u", day=date(2026, 3, 31) - timedelta(days=1))
    assert str(caught.value) == "GET /x was answered with 500. (workspace w, project p, user u, day 2026-03-30)"
    assert caught.value.facts() == {
        "workspace": "w",
        "project": "p",
        "user": "u",
        "day": "2026-03-30",
        "endpoint": "GET /x",
        "status": "500",
    }
