from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import requests

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient, Transport
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import NOW, TAGS, FakeClock, document_of

Make = Callable[..., Transport]


@pytest.fixture(autouse=True)
def tags(account: Account, workspace: str) -> list[dict[str, Any]]:
    return [account.add_tag(workspace, f"tag {number:03d}") for number in range(60)]


@pytest.fixture
def names(make: Make, sandbox: Sandbox, workspace: str) -> Callable[..., list[str]]:
    """The names of all tags, read by a transport with the options given."""

    def read(transport: Transport | None = None, **options: Any) -> list[str]:
        client = ClockifyClient(transport or make(**options), sandbox.api_url)
        return [tag["name"] for page in client.pages(TAGS, workspace=workspace) for tag in page.documents]

    return read


Names = Callable[..., list[str]]
ALL = [f"tag {number:03d}" for number in range(60)]


@pytest.mark.parametrize(
    "kind",
    [
        faults.Status(500),
        faults.Status(502, "<h1>Bad gateway</h1>"),
        faults.Status(503),
        faults.Status(408),
        faults.Status(425),
        faults.Status(429, retry_after=2),
        faults.Status(429, retry_after="Tue, 31 Mar 2026 15:00:30 GMT"),
        faults.Status(429),
        faults.Close(),
        faults.Cut(),
        faults.Cut(share=0.999),
        faults.Reset(),
        faults.Body(),
        faults.Body('[{"id": "1"'),
        faults.Body(None),
        faults.Body({"items": []}),
        faults.Body(7),
        faults.Body([None]),
        faults.EchoKey(),
    ],
    ids=lambda kind: repr(kind)[:60],
)
def test_a_passing_fault_is_survived_with_exact_data(sandbox: Sandbox, names: Names, kind: faults.Kind) -> None:
    sandbox.faults.add(Fault("tags", kind, times=2))
    assert names() == ALL
    assert len(sandbox.requests) == 3


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        (faults.Status(500), errors.ServerFaultError, "was answered with 500"),
        (faults.Status(502, "<h1>Bad gateway</h1>"), errors.ServerFaultError, "502"),
        (faults.Close(), errors.UnreachableError, "the connection failed"),
        (faults.Cut(), errors.UnreachableError, "broke in the middle of the answer"),
        (faults.Reset(), errors.UnreachableError, "broke in the middle of the answer"),
        (faults.Body(), errors.UnreadableAnswerError, "are not JSON"),
        (faults.Body(None), errors.UnreadableAnswerError, "null in place of a list of objects"),
        (faults.Body({"items": []}), errors.UnreadableAnswerError, "an object in place of"),
        (faults.Body([None]), errors.UnreadableAnswerError, "a list with null in it"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_lasting_fault_is_a_clear_error_after_six_tries(
    sandbox: Sandbox, names: Names, workspace: str, kind: faults.Kind, error: type[errors.ApiError], words: str
) -> None:
    sandbox.faults.add(Fault("tags", kind, times=None))
    with pytest.raises(error, match=words) as caught:
        names()
    assert len(sandbox.requests) == 6
    assert caught.value.can_retry
    assert "We tried 6 times." in str(caught.value)
    assert caught.value.facts()["workspace"] == workspace
    assert caught.value.facts()["endpoint"] == f"GET /api/v1/workspaces/{workspace}/tags"


@pytest.mark.parametrize(
    ("status", "code", "error", "words"),
    [
        (401, 4003, errors.KeyRefusedError, "CLOCKIFY_REGION or CLOCKIFY_API_URL"),
        (401, 1000, errors.KeyRefusedError, "Make a new one"),
        (403, 403, errors.NotAllowedError, "owner or an admin"),
        (404, 3000, errors.NotThereError, "CLOCKIFY_API_URL is wrong"),
        (400, 501, errors.NotThereError, "It was deleted"),
        (400, 1, errors.BadRequestError, "Asking again will not help"),
    ],
)
def test_a_refusal_is_not_tried_again(
    sandbox: Sandbox, names: Names, status: int, code: int, error: type[errors.ApiError], words: str
) -> None:
    sandbox.faults.add(Fault("tags", faults.Status(status, {"message": "no", "code": code}), times=None))
    with pytest.raises(error, match=words) as caught:
        names()
    assert len(sandbox.requests) == 1
    assert not caught.value.can_retry
    assert (caught.value.status, caught.value.code) == (status, code)


def test_pauses_double_with_some_chance_in_them(sandbox: Sandbox, names: Names, clock: FakeClock) -> None:
    sandbox.faults.add(Fault("tags", faults.Status(503), times=5))
    assert names() == ALL
    waits = [wait for wait in clock.waits if wait > 0.01]
    assert len(waits) == 5
    for wait, middle in zip(waits, [0.5, 1, 2, 4, 8], strict=True):
        assert 0.75 * middle <= wait <= 1.25 * middle


def test_the_key_goes_by_its_header_and_no_second_credential_with_it(
    sandbox: Sandbox, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    sandbox.faults.add(Fault("tags", faults.Status(500, headers={"Set-Cookie": "session=1; Path=/"})))
    assert names() == ALL
    sent = [{name.lower() for name in request.headers} for request in sandbox.requests]
    assert not any({"authorization", "cookie"} & each for each in sent)
    assert {request.key for request in sandbox.requests} == {sandbox.api_key}
    assert sandbox.requests[0].headers["Accept-Encoding"] == "gzip"


def test_a_redirect_is_an_error_and_the_key_goes_nowhere_else(sandbox: Sandbox, names: Names) -> None:
    with Sandbox(Account()) as other:
        sandbox.faults.add(Fault("tags", faults.Redirect(f"{other.api_url}/workspaces"), times=None))
        with pytest.raises(errors.BadRequestError, match="redirect"):
            names()
        assert other.requests == []
    assert len(sandbox.requests) == 1


def test_what_the_server_echoes_of_the_key_is_masked(sandbox: Sandbox, names: Names) -> None:
    sandbox.faults.add(Fault("tags", faults.EchoKey(400)))
    with pytest.raises(errors.BadRequestError, match=r"cannot serve key \*\*\*") as caught:
        names()
    assert sandbox.api_key not in str(caught.value)


def test_a_host_where_nobody_listens_is_named(make: Make, clock: FakeClock) -> None:
    with pytest.raises(errors.UnreachableError, match=r"127\.0\.0\.1:9: nobody listens at that address"):
        make(timeout=1).send("GET", "http://127.0.0.1:9/api/v1/user", document_of)
    assert len(clock.waits) >= 5


@pytest.mark.parametrize("inside", [False, True])
def test_a_stall_is_cut_off_and_tried_again(sandbox: Sandbox, names: Names, inside: bool) -> None:
    sandbox.faults.add(Fault("tags", faults.Stall(20, inside=inside)))
    assert names(timeout=0.2) == ALL


def test_trying_ends_by_time_too(sandbox: Sandbox, names: Names) -> None:
    class Slow(FakeClock):
        def monotonic(self) -> float:
            self.time += 100
            return super().monotonic()

    sandbox.faults.add(Fault("tags", faults.Status(500), times=None))
    with pytest.raises(errors.ServerFaultError):
        names(clock=Slow(), timeout=100)
    assert len(sandbox.requests) < 6


@pytest.mark.parametrize("packed", ["gzip", "identity"])
def test_a_body_cut_short_is_noticed_packed_or_not(sandbox: Sandbox, names: Names, packed: str) -> None:
    def plain() -> requests.Session:
        class Session(requests.Session):
            def request(self, *args: Any, **options: Any) -> requests.Response:
                return super().request(*args, **{**options, "headers": {"Accept-Encoding": packed}})

        return Session()

    sandbox.faults.add(Fault("tags", faults.Cut(share=0.99)))
    assert names(sessions=plain) == ALL
    assert len(sandbox.requests) == 2


def test_the_servers_clock_is_known_from_its_answers(
    sandbox: Sandbox, clock: FakeClock, make: Make, names: Names
) -> None:
    transport = make()
    assert transport.server_now() == NOW
    sandbox.account.now = lambda: clock.now() + timedelta(minutes=90)
    names(transport)
    assert transport.server_now() >= datetime(2026, 3, 31, 16, 30, tzinfo=timezone.utc)
    assert transport.server_now() - NOW < timedelta(minutes=91)


def test_failed_tries_are_logged_without_the_key(
    sandbox: Sandbox, names: Names, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.add(Fault("tags", faults.EchoKey()))
    with caplog.at_level(logging.INFO):
        names()
    assert "Trying again in" in caplog.text
    assert sandbox.api_key not in caplog.text
