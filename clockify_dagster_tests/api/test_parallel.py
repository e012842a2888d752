from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient, Ended, Transport, fetch_side_by_side
from clockify_dagster.api.clock import Clock
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults


def numbers(start: int, count: int, pause: float = 0.0) -> Iterator[int]:
    for number in range(start, start + count):
        time.sleep(pause)
        yield number


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_every_page_comes_once_in_the_order_of_its_job_and_an_end_behind_it(workers: int) -> None:
    jobs = [(key, partial(numbers, key * 100, 20, 0.0005)) for key in range(10)]
    found: dict[int, list[object]] = {}
    for key, page in fetch_side_by_side(jobs, workers):
        found.setdefault(key, []).append(page)
    assert found == {key: [*range(key * 100, key * 100 + 20), Ended()] for key in range(10)}


def test_no_jobs_are_no_pages() -> None:
    nothing: list[tuple[int, Callable[[], Iterator[int]]]] = []
    assert list(fetch_side_by_side(nothing, 4)) == []


def test_one_worker_has_no_threads() -> None:
    def who() -> Iterator[str]:
        yield threading.current_thread().name

    assert [page for _, page in fetch_side_by_side([(1, who), (2, who)], 1)] == [
        threading.current_thread().name,
        Ended(),
        threading.current_thread().name,
        Ended(),
    ]


def test_few_pages_wait_for_a_slow_consumer() -> None:
    made: list[int] = []

    def busy() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    listing = fetch_side_by_side([(1, busy), (2, busy)], 2)
    next(listing)
    time.sleep(0.1)
    assert len(made) <= 1 + 2 + 2
    listing.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_listing_that_is_not_there_is_told_and_the_others_go_on(workers: int) -> None:
    def gone() -> Iterator[int]:
        raise errors.NotThereError("user has left", endpoint="GET /x", status=400, code=501)
        yield 1

    jobs: list[tuple[str, Callable[[], Iterator[int]]]] = [("gone", gone), ("there", partial(numbers, 0, 2))]
    found = dict.fromkeys(("gone", "there"), Ended())
    for key, page in fetch_side_by_side(jobs, workers):
        if isinstance(page, Ended):
            found[key] = page
    assert isinstance(found["gone"].error, errors.NotThereError)
    assert found["there"] == Ended()


def test_the_first_error_is_raised_and_stops_the_others_though_they_wait_for_the_limit(
    account: Account, workspace: str, user: str, sandbox: Sandbox
) -> None:
    transport = Transport(sandbox.api_key, requests_per_second=1000, clock=Clock())
    client = ClockifyClient(transport, sandbox.api_url)
    account.add_tag(workspace)
    sandbox.faults.add(Fault("clients", faults.Status(429, retry_after=3000), times=None))

    def broken() -> Iterator[list[object]]:
        while not any(request.status == 429 for request in sandbox.requests):
            time.sleep(0.01)
        raise ValueError(f"a mistake of {user[:0]}ours")
        yield []

    jobs: list[tuple[str, Callable[[], Iterator[object]]]] = [
        ("clients", lambda: client.clients(workspace)),
        ("broken", broken),
        ("more", lambda: client.clients(workspace)),
    ]
    started = time.monotonic()
    with pytest.raises(ValueError, match="a mistake of ours"):
        list(fetch_side_by_side(jobs, 3))
    assert time.monotonic() - started < 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("clockify-")]
    transport.close()


def test_closing_early_stops_the_threads() -> None:
    listing = fetch_side_by_side([(key, partial(numbers, 0, 10**9)) for key in range(4)], 4)
    next(listing)
    listing.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("clockify-")]


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
    jobs = [(each, partial(small.time_entries, workspace, each)) for each in users]
    found: dict[str, set[str]] = {each: set() for each in users}
    for each, page in fetch_side_by_side(jobs, 4):
        if not isinstance(page, Ended):
            found[each] |= {row["id"] for row in page}
    entries = account.workspace(workspace).entries.by_id.values()
    assert found == {each: {row["id"] for row in entries if row["userId"] == each} for each in users}
