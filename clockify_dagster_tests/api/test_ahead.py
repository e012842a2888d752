"""Listings that are read before they are asked for: side by side, each once, and a fault waits for who asks."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.ahead import Ahead
from clockify_dagster.api.listings import LISTINGS
from clockify_dagster.errors import NotAllowedError
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults


def meeting(parties: int) -> Callable[[], str]:
    """Something to read that ends when so many read it at once."""
    barrier = threading.Barrier(parties)

    def read() -> str:
        barrier.wait(10)
        return threading.current_thread().name

    return read


def test_what_is_read_ahead_is_read_side_by_side_by_so_many() -> None:
    ahead: Ahead[str, str] = Ahead()
    read = meeting(2)
    ahead.begin([(key, read) for key in "abcd"], 2)
    found = [ahead.take(key) for key in "abcd"]
    assert len(set(found)) == 2


def test_what_is_under_way_is_not_begun_again_and_what_is_there_is_handed_over_once() -> None:
    ahead: Ahead[str, int] = Ahead()
    go_on = threading.Event()
    calls = iter(range(10))

    def read() -> int:
        go_on.wait(10)
        return next(calls)

    ahead.begin([("a", read)], 4)
    ahead.begin([("a", read)], 4)
    go_on.set()
    assert ahead.take("a") == 0
    assert ahead.take("a") is None
    assert next(calls) == 1


def test_what_was_begun_before_a_moment_can_be_forgotten() -> None:
    ahead: Ahead[str, int] = Ahead()
    ahead.begin([("a", lambda: 1)], 1)
    ahead.forget(datetime.now(timezone.utc))
    assert ahead.take("a") is None
    ahead.begin([("a", lambda: 2)], 1)
    ahead.forget(datetime.now(timezone.utc) - timedelta(minutes=1))
    assert ahead.take("a") == 2


def test_what_failed_is_raised_when_it_is_taken_and_costs_the_others_nothing() -> None:
    ahead: Ahead[str, int] = Ahead()

    def fail() -> int:
        raise NotAllowedError("no", endpoint="GET /tags")

    ahead.begin([("a", fail), ("b", lambda: 1)], 1)
    assert ahead.take("b") == 1
    with pytest.raises(NotAllowedError):
        ahead.take("a")


def test_a_client_gives_what_it_read_ahead_and_asks_for_it_no_more(
    account: Account, client: ClockifyClient, sandbox: Sandbox, workspace: str
) -> None:
    things = {"clients": account.add_client(workspace), "tags": account.add_tag(workspace)}
    client.read_ahead([workspace], list(LISTINGS), 4)
    asked: dict[str, Callable[[str], object]] = {
        "clients": client.clients, "tags": client.tags, "projects": client.projects, "user-groups": client.user_groups,
    }  # fmt: skip
    assert asked.keys() == LISTINGS.keys()
    for name, listing in asked.items():
        rows = [row["id"] for page in listing(workspace) for row in page]  # type: ignore[attr-defined]
        assert rows == ([things[name]["id"]] if name in things else [])
    assert sorted(request.path.rpartition("/")[2] for request in sandbox.requests) == sorted(LISTINGS)
    assert [row["id"] for page in client.tags(workspace) for row in page] == [things["tags"]["id"]]
    assert len(sandbox.requests) == len(LISTINGS) + 1


def test_a_listing_that_is_refused_is_told_to_who_asks_for_it(
    client: ClockifyClient, sandbox: Sandbox, workspace: str
) -> None:
    sandbox.faults.add(Fault("tags", faults.Status(403, {"message": "no", "code": 403}), times=None))
    client.read_ahead([workspace], ["clients", "tags"], 4)
    assert [row for page in client.clients(workspace) for row in page] == []
    with pytest.raises(NotAllowedError) as caught:
        list(client.tags(workspace))
    assert caught.value.facts()["workspace"] == workspace
