from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient, Transport, side_by_side
from clockify_dagster.api.clock import Clock, is_context_halted
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import TAGS, Entries


def no_thread_is_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name.startswith("clockify")]


def square(number: int) -> int:
    time.sleep(0.001 * (number % 3))
    return number * number


@pytest.fixture
def limited(sandbox: Sandbox, workspace: str) -> Iterator[Callable[[], object]]:
    """A job that meets the request limit, and would wait an hour by the machine's clock."""
    sandbox.faults.add(Fault("tags", faults.Status(429, retry_after=3000), times=None))
    with Transport(sandbox.api_key, requests_per_second=1000, clock=Clock()) as transport:
        client = ClockifyClient(transport, sandbox.api_url)
        yield lambda: list(client.pages(TAGS, workspace=workspace))


@pytest.fixture
def broken(sandbox: Sandbox) -> Callable[[], object]:
    """A job that fails as soon as another one waits for the limit."""

    def fail() -> object:
        while not any(request.status == 429 for request in sandbox.requests):
            time.sleep(0.01)
        raise ValueError("a mistake of ours")

    return fail


@pytest.mark.parametrize("workers", [1, 2, 8, 100])
def test_each_job_is_run_once_and_what_it_gives_comes_out(workers: int) -> None:
    jobs = [partial(square, number) for number in range(30)]
    assert sorted(side_by_side(jobs, workers)) == [number * number for number in range(30)]


def test_no_jobs_give_nothing() -> None:
    nothing: list[Callable[[], int]] = []
    assert list(side_by_side(nothing, 4)) == []


@pytest.mark.parametrize(("jobs", "workers"), [(3, 1), (1, 8)])
def test_one_worker_or_one_job_has_no_threads(jobs: int, workers: int) -> None:
    me = threading.current_thread()
    assert list(side_by_side([threading.current_thread] * jobs, workers)) == [me] * jobs


def test_so_many_jobs_run_at_once_and_they_begin_in_the_order_given() -> None:
    begun: list[int] = []
    barrier = threading.Barrier(3)

    def meet(number: int) -> int:
        begun.append(number)
        barrier.wait(10)
        return number

    found = list(side_by_side([partial(meet, number) for number in range(9)], 3))
    assert sorted(found) == list(range(9))
    assert [sorted(begun[n : n + 3]) for n in (0, 3, 6)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_what_ends_first_comes_out_first() -> None:
    first_is_out = threading.Event()
    found = []
    for number in side_by_side([lambda: first_is_out.wait(10), lambda: None], 2):
        found.append(number)
        first_is_out.set()
    assert found == [None, True]


def test_who_waits_for_a_result_is_called_every_so_many_seconds() -> None:
    calls: list[float] = []
    jobs = [partial(time.sleep, 0.22), partial(time.sleep, 0.01)]
    assert list(side_by_side(jobs, 2, on_wait=lambda: calls.append(time.monotonic()), seconds=0.05)) == [None, None]
    assert 2 <= len(calls) <= 5


@pytest.mark.parametrize("nested", [False, True])
def test_the_first_error_is_raised_and_halts_the_others_though_they_wait_for_the_limit(
    limited: Callable[[], object], broken: Callable[[], object], nested: bool
) -> None:
    waiting = (lambda: list(side_by_side([limited, limited], 2))) if nested else limited
    started = time.monotonic()
    with pytest.raises(ValueError, match="a mistake of ours"):
        list(side_by_side([waiting, broken, limited], 3))
    assert time.monotonic() - started < 1
    assert no_thread_is_left()


def test_jobs_that_have_not_begun_when_one_fails_never_begin() -> None:
    begun: list[int] = []

    def fail() -> None:
        raise ValueError("no")

    def wait_for_the_end() -> None:
        begun.append(1)
        while not is_context_halted():
            time.sleep(0.001)

    with pytest.raises(ValueError, match="no"):
        list(side_by_side([wait_for_the_end, fail, *[wait_for_the_end] * 50], 2))
    assert begun == [1]


def test_closing_early_gives_up_requests_under_way_at_once(sandbox: Sandbox, workspace: str) -> None:
    sandbox.faults.add(Fault("tags", faults.Stall(20), times=None))
    with Transport(sandbox.api_key, timeout=30) as transport:
        client = ClockifyClient(transport, sandbox.api_url)

        def stalled() -> None:
            with pytest.raises(errors.AbortedError, match="given up"):
                list(client.pages(TAGS, workspace=workspace))

        results = side_by_side([stalled, stalled, lambda: None], 3)
        next(results)
        time.sleep(0.2)
        started = time.monotonic()
        results.close()  # type: ignore[attr-defined]
        assert time.monotonic() - started < 0.2
    assert no_thread_is_left()


def test_many_users_are_read_side_by_side_and_exactly_in_spite_of_faults(
    account: Account, workspace: str, user: str, sandbox: Sandbox, client: ClockifyClient
) -> None:
    users = [user, *(str(account.add_user(workspace, f"user {n}")["id"]) for n in range(7))]
    for each in users:
        for hour in range(12):
            account.add_entry(workspace, each, f"2026-03-02T{hour:02d}:00:00Z")
    for nth, kind in [(2, faults.Cut()), (4, faults.Status(503)), (6, faults.Reset()), (8, faults.Body())]:
        sandbox.faults.add(Fault("time-entries", kind, nth=nth))
    small = ClockifyClient(client.transport, sandbox.api_url, page_size=5)

    def ids_of(each: str) -> tuple[str, set[str]]:
        return each, {
            row["id"]
            for page in small.entry_pages(workspace, each, Entries, start=None, end=None)
            for row in page.documents
        }

    found = dict(side_by_side([partial(ids_of, each) for each in users], 4))
    entries = account.workspace(workspace).entries.by_id.values()
    assert found == {each: {row["id"] for row in entries if row["userId"] == each} for each in users}
