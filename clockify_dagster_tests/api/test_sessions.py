"""Connections are kept alive; a whole answer has a deadline, and what is given up is given up at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from clockify_dagster import errors
from clockify_dagster.api import Transport, sessions, transport
from clockify_dagster.api.clock import Clock, halted_by
from clockify_dagster.sandbox import Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import document_of
from clockify_dagster_tests.dripping import dripping

Make = Callable[..., Transport]


class Recorded(requests.Session):
    """A session that knows whether it was closed, and by which thread it was used."""

    made: list[Recorded]

    def __init__(self) -> None:
        super().__init__()
        self.is_closed = False
        self.requests = 0
        self.made.append(self)

    def request(self, *args: Any, **options: Any) -> requests.Response:
        self.requests += 1
        return super().request(*args, **options)

    def close(self) -> None:
        self.is_closed = True
        super().close()


@pytest.fixture
def made() -> list[Recorded]:
    """The sessions that were made."""
    Recorded.made = []
    return Recorded.made


class NoPauses(Clock):
    """The machine's clock, on which nobody waits between two tries."""

    def wait_until(self, moment: float, is_halted: Callable[[], bool]) -> None:
        pass


def eventually(is_true: Callable[[], bool]) -> bool:
    """Whether something becomes true within two seconds."""
    until = time.monotonic() + 2
    while not is_true() and time.monotonic() < until:
        time.sleep(0.01)
    return is_true()


def exchanges() -> list[threading.Thread]:
    """The threads of exchanges that have not ended."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("GET ")]


def test_connections_are_kept_alive_and_shared_by_threads(sandbox: Sandbox, make: Make, made: list[Recorded]) -> None:
    transport = make(sessions=Recorded)
    for _ in range(5):
        thread = threading.Thread(target=transport.send, args=("GET", f"{sandbox.api_url}/user", document_of))
        thread.start()
        thread.join()
    (only,) = made
    adapter: Any = only.get_adapter(sandbox.api_url)
    (key,) = adapter.poolmanager.pools.keys()
    assert adapter.poolmanager.pools[key].num_connections == 1
    assert transport.requests == 5
    transport.close()
    assert only.is_closed


def test_one_pace_holds_for_all_threads(sandbox: Sandbox, make: Make) -> None:
    transport = make(requests_per_second=50, clock=Clock())
    threads = [
        threading.Thread(target=transport.send, args=("GET", f"{sandbox.api_url}/user", document_of)) for _ in range(11)
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.19 < time.monotonic() - started < 2


@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK\r\nX-Drip: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"],
    ids=["status line", "headers", "body"],
)
def test_an_answer_that_drips_is_given_up_at_its_deadline_and_so_is_its_session(
    make: Make, made: list[Recorded], monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(sessions, "WHOLE_ANSWER", 2)
    monkeypatch.setattr(transport, "MAX_TRIES", 2)
    with dripping(head) as server:
        began = time.monotonic()
        with pytest.raises(
            errors.UnreachableError, match=r"came so slowly that it was not whole after 0\.4 s"
        ) as caught:
            make(timeout=0.2, clock=NoPauses(), sessions=Recorded).send("GET", f"{server}/api/v1/user", document_of)
        assert 0.8 <= time.monotonic() - began < 2
    assert caught.value.tries == 2
    assert caught.value.can_retry
    assert eventually(lambda: not exchanges())
    assert [(session.requests, session.is_closed) for session in made] == [(1, True), (1, True)]


def test_a_body_that_drips_holds_no_thread_once_it_is_given_up(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "WHOLE_ANSWER", 2)
    monkeypatch.setattr(transport, "MAX_TRIES", 1)
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n") as server:
        with pytest.raises(errors.UnreachableError):
            make(timeout=0.1, clock=NoPauses()).send("GET", f"{server}/api/v1/user", document_of)
        assert eventually(lambda: not exchanges())


@pytest.mark.parametrize("how", ["close", "halt"])
def test_a_request_that_is_given_up_ends_at_once_and_its_session_is_not_used_again(
    sandbox: Sandbox, make: Make, made: list[Recorded], how: str
) -> None:
    sandbox.faults.add(Fault("user", faults.Stall(1)))
    transport = make(timeout=30, sessions=Recorded, clock=Clock())
    halt = threading.Event()
    ended: list[float] = []

    def ask() -> None:
        with pytest.raises(errors.AbortedError, match="given up"), halted_by(halt):
            transport.send("GET", f"{sandbox.api_url}/user", document_of)
        ended.append(time.monotonic())

    thread = threading.Thread(target=ask)
    thread.start()
    assert eventually(lambda: bool(sandbox.requests))
    halted_at = time.monotonic()
    if how == "close":
        transport.close()
    else:
        halt.set()
    thread.join(5)
    assert ended[0] - halted_at < 0.15
    if how == "halt":
        transport.send("GET", f"{sandbox.api_url}/user", document_of)
        assert [session.requests for session in made] == [1, 1]
    assert eventually(lambda: made[0].is_closed)


def test_a_transport_that_is_closed_closes_what_is_in_use_when_its_exchange_ends(
    sandbox: Sandbox, make: Make, made: list[Recorded]
) -> None:
    sandbox.faults.add(Fault("user", faults.Stall(0.3)))
    transport = make(sessions=Recorded)
    threading.Timer(0.1, transport.close).start()
    with pytest.raises(errors.AbortedError):
        transport.send("GET", f"{sandbox.api_url}/user", document_of)
    assert eventually(lambda: made[0].is_closed)
