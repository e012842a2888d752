from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from clockify_dagster import errors
from clockify_dagster.api import Transport
from clockify_dagster.api.clock import Clock
from clockify_dagster.sandbox import Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import FakeClock, document_of

Make = Callable[..., Transport]


def ask(transport: Transport, sandbox: Sandbox) -> Any:
    return transport.send("GET", f"{sandbox.api_url}/user", document_of)


def waits(clock: FakeClock) -> list[float]:
    return [round(wait, 2) for wait in clock.waits if wait > 0.01]


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [(7, [7.0, 7.0]), ("Tue, 31 Mar 2026 15:00:40 GMT", [40.0, 1.0]), (None, [5.0, 10.0]), ("soon", [5.0, 10.0])],
)
def test_429_is_waited_for_by_seconds_by_date_or_by_growing_pauses(
    sandbox: Sandbox, make: Make, clock: FakeClock, retry_after: int | str | None, expected: list[float]
) -> None:
    sandbox.faults.add(Fault("user", faults.Status(429, retry_after=retry_after), times=2))
    transport = make()
    ask(transport, sandbox)
    assert waits(clock) == pytest.approx(expected, abs=0.01)
    assert transport.waited == pytest.approx(sum(expected), abs=0.01)
    assert transport.requests == 3


def test_a_date_is_read_by_the_servers_own_clock(sandbox: Sandbox, make: Make, clock: FakeClock) -> None:
    date = {"Date": "Wed, 01 Apr 2026 09:00:00 GMT"}
    kind = faults.Status(429, headers=date, retry_after="Wed, 01 Apr 2026 09:01:00 GMT")
    sandbox.faults.add(Fault("user", kind))
    ask(make(), sandbox)
    assert waits(clock) == [60.0]


def test_pauses_grow_up_to_five_minutes(sandbox: Sandbox, make: Make, clock: FakeClock) -> None:
    sandbox.faults.add(Fault("user", faults.Status(429), times=9))
    ask(make(), sandbox)
    assert waits(clock) == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_a_retry_after_that_is_never_true_is_not_believed_for_ever(
    sandbox: Sandbox, make: Make, clock: FakeClock
) -> None:
    sandbox.faults.add(Fault("user", faults.Status(429, retry_after=0), times=None))
    with pytest.raises(errors.RateLimitedError):
        ask(make(max_wait=1000), sandbox)
    assert waits(clock)[:7] == [1, 1, 1, 5, 10, 20, 40]
    assert len(sandbox.requests) < 20


def test_waiting_ends_with_the_allowance(sandbox: Sandbox, make: Make, clock: FakeClock) -> None:
    sandbox.faults.add(Fault("user", faults.Status(429), times=None))
    transport = make(max_wait=60)
    with pytest.raises(errors.RateLimitedError, match=r"We waited 60 s so far.*CLOCKIFY_MAX_WAIT_SECONDS"):
        ask(transport, sandbox)
    assert waits(clock) == [5, 10, 20, 25]
    assert transport.waited == pytest.approx(60)
    sandbox.faults.clear()
    ask(transport, sandbox)  # the hour may be over by now: asking once costs nothing


def test_a_wait_that_does_not_fit_in_fails_at_once_and_says_how_long_it_is(
    sandbox: Sandbox, make: Make, clock: FakeClock
) -> None:
    sandbox.faults.add(Fault("user", faults.Status(429, retry_after=3600), times=None))
    with pytest.raises(errors.RateLimitedError, match="asks us to wait 60 min") as caught:
        ask(make(max_wait=600), sandbox)
    assert waits(clock) == []
    assert caught.value.retry_after == 3600


def test_it_says_until_when(
    sandbox: Sandbox, make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    sandbox.faults.add(Fault("user", faults.Status(429, retry_after=90)))
    with caplog.at_level(logging.INFO):
        ask(make(), sandbox)
    assert "no request is sent until 2026-03-31 15:01:30 UTC (90 s)" in caplog.text
    assert "Clockify answers again" in caplog.text


def test_all_threads_wait_and_only_one_asks_again(sandbox: Sandbox, make: Make) -> None:
    sandbox.account.latency_seconds = 0.02
    sandbox.faults.add(Fault("user", faults.Status(429, retry_after=1), nth=3, times=10))
    transport = make(clock=_Hurried())
    done: list[Any] = []
    threads = [threading.Thread(target=lambda: done.append(ask(transport, sandbox))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(done) == 8
    statuses = [request.status for request in sorted(sandbox.requests, key=lambda each: each.started)]
    refused = statuses.count(429)
    # The first round was under way already when Clockify said no; from then on one at a time probed.
    assert refused == 10
    assert len(statuses) == 18
    probes = sorted(request.started for request in sandbox.requests if request.status == 429)[6:]
    assert all(later - earlier > 0.04 for earlier, later in pairwise(probes))


def test_time_waited_is_not_multiplied_by_threads(sandbox: Sandbox, make: Make) -> None:
    sandbox.account.latency_seconds = 0.05
    sandbox.faults.add(Fault("user", faults.Status(429, retry_after=4), times=5))
    transport = make(clock=_Hurried())
    threads = [threading.Thread(target=ask, args=(transport, sandbox)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert 4 <= transport.waited < 15


def test_when_waiting_is_given_up_every_thread_that_waits_is_told(sandbox: Sandbox, make: Make) -> None:
    sandbox.faults.add(Fault("user", faults.Status(429, retry_after=1), times=None))
    transport = make(clock=_Hurried(), max_wait=2.5)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            ask(transport, sandbox)
        except errors.RateLimitedError as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(failed) == 6
    assert len(sandbox.requests) <= 6 + 6


def test_a_probe_that_breaks_hands_on_to_the_next(sandbox: Sandbox, make: Make, clock: FakeClock) -> None:
    sandbox.faults.add(Fault("user", faults.Status(429, retry_after=9)))
    sandbox.faults.add(Fault("user", faults.Close(), nth=2))
    ask(make(), sandbox)
    assert [request.status for request in sandbox.requests] == [429, 0, 200]
    assert clock.waits[0] == pytest.approx(9, abs=0.01)


def test_closing_wakes_whoever_waits(sandbox: Sandbox, make: Make) -> None:
    sandbox.faults.add(Fault("user", faults.Status(429, retry_after=3000), times=None))
    transport = make(clock=Clock())
    caught: list[BaseException] = []

    def run() -> None:
        try:
            ask(transport, sandbox)
        except errors.AbortedError as error:
            caught.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    while not sandbox.requests:
        time.sleep(0.01)
    started = time.monotonic()
    transport.close()
    for thread in threads:
        thread.join(5)
    assert time.monotonic() - started < 1
    assert len(caught) == 3
    with pytest.raises(errors.AbortedError, match="given up"):
        ask(transport, sandbox)


class _Hurried(Clock):
    """A second of waiting takes a twentieth of one."""

    def monotonic(self) -> float:
        return time.monotonic() * 20

    def wait_until(self, moment: float, is_halted: Callable[[], bool]) -> None:
        super().wait_until(moment / 20, is_halted)
