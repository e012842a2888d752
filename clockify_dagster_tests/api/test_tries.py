"""The log of failed tries says how many there will be."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient, Transport
from clockify_dagster.contract import Listing
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


def test_what_fails_while_clockify_answers_is_tried_twice_from_then_on_in_its_workspace_and_list(
    sandbox: Sandbox, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)
    client = ClockifyClient(make(), sandbox.api_url)
    first, second = (str(sandbox.account.add_workspace(name)["id"]) for name in ("Agency", "Studio"))
    sandbox.faults.add(Fault("/(users|tags)", faults.Status(503), times=None))

    def tries(workspace: str, path: str) -> int:
        with pytest.raises(errors.ServerFaultError) as raised:
            list(client.pages(Listing(f"workspaces/{{workspace}}/{path}"), workspace=workspace))
        assert not client.concerns_all(raised.value)
        return raised.value.tries

    assert tries(first, "users") == 6
    assert tries(first, "tags") == 2, "another list of this workspace"
    assert tries(second, "users") == 2, "this list of another workspace"
    sandbox.faults.clear()
    assert list(client.pages(Listing("workspaces/{workspace}/users"), workspace=second)) == []
    sandbox.faults.add(Fault("/users", faults.Status(503), times=None))
    assert tries(second, "users") == 6


@pytest.mark.parametrize(
    ("kind", "error", "expected"),
    [
        (faults.Status(401), errors.KeyRefusedError, True),
        (faults.Status(403), errors.NotAllowedError, False),
        (faults.Status(404), errors.NotThereError, False),
        (faults.Status(500), errors.ServerFaultError, False),
        (faults.Close(), errors.UnreachableError, False),
        (faults.Body(), errors.UnreadableAnswerError, False),
    ],
)
def test_an_error_concerns_the_whole_account_if_another_request_fails_as_well(
    sandbox: Sandbox,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    kind: faults.Kind,
    error: type[errors.ApiError],
    expected: bool,
) -> None:
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)
    client = ClockifyClient(make(), sandbox.api_url)
    place = str(sandbox.account.add_workspace()["id"])
    fault = sandbox.faults.add(Fault("/users", kind, times=None))
    with pytest.raises(error) as raised:
        client.users(place)
    assert client.concerns_all(raised.value) is expected
    fault.path = ""
    assert client.concerns_all(raised.value) is (expected or raised.value.can_retry)
