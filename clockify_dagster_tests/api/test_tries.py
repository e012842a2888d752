"""The log of failed tries says how many there will be."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from clockify_dagster import errors
from clockify_dagster.api import Transport
from clockify_dagster.sandbox import Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import document_of

Make = Callable[..., Transport]


@pytest.mark.parametrize(
    ("kind", "unreadable_tries", "expected"),
    [(faults.Body(), 2, ["1 of 2"]), (faults.Status(503), 2, [f"{n} of 6" for n in range(1, 6)])],
)
def test_failed_tries_are_logged_with_the_limit_that_holds(
    sandbox: Sandbox,
    make: Make,
    caplog: pytest.LogCaptureFixture,
    kind: faults.Kind,
    unreadable_tries: int,
    expected: list[str],
) -> None:
    sandbox.faults.add(Fault("user", kind, times=None))
    with pytest.raises(errors.ApiError):
        make().send("GET", f"{sandbox.api_url}/user", document_of, unreadable_tries=unreadable_tries)
    assert re.findall(r"try (\d of \d) failed", caplog.text) == expected


def test_a_host_that_is_down_is_tried_twice_from_then_on_and_the_log_says_so(
    sandbox: Sandbox, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    transport = make()
    sandbox.faults.add(Fault("user", faults.Close(), times=8))
    for expected in (6, 2):
        caplog.clear()
        with pytest.raises(errors.UnreachableError, match=f"We tried {expected} times"):
            transport.send("GET", f"{sandbox.api_url}/user", document_of)
        tries = [f"{n} of {expected}" for n in range(1, expected)]
        assert re.findall(r"try (\d of \d) failed", caplog.text) == tries
    assert transport.send("GET", f"{sandbox.api_url}/user", document_of)
    sandbox.faults.add(Fault("user", faults.Close(), times=5))
    assert transport.send("GET", f"{sandbox.api_url}/user", document_of)
