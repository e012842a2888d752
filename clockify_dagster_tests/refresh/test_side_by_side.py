"""No list of workspaces stands in a queue: whatever is asked of each is asked side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from clockify_dagster.api import ClockifyClient
from clockify_dagster.refresh import read_listed_table, read_projects, read_users
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.sandbox.messages import Request
from clockify_dagster_tests.refresh.conftest import Office


@dataclass
class InPairs(faults.Kind):
    """A request that waits until another one is under way as well."""

    barrier: threading.Barrier = field(default_factory=lambda: threading.Barrier(2, timeout=5))

    def ask(self, request: Request) -> Request:
        """The request, when two are under way. Raises where the other one never comes."""
        self.barrier.wait()
        return request


@pytest.fixture
def two_places(office: Office) -> Office:
    """An office with an entry in each of two workspaces, long ago, and loaded."""
    office.account.add_workspace("Studio")
    for place in office.account.workspaces:
        office.account.add_entry(place, office.account.add_user(place), office.day(40))
    office.refresh_all()
    return office


READS = {
    "clockify_clients": read_listed_table,
    "clockify_projects": read_projects,
    "clockify_users": read_users,
}


@pytest.mark.parametrize("table", READS)
def test_a_table_is_listed_in_all_workspaces_at_once(two_places: Office, table: str) -> None:
    pairs = InPairs()
    two_places.sandbox.faults.add(Fault(f"/{table.removeprefix('clockify_')}", pairs, times=2))
    with two_places.transport() as transport:
        context = two_places.context(ClockifyClient(transport, two_places.sandbox.api_url), table, None)
        for load in READS[table](context).loads:
            two_places.warehouse.write(load)
    assert not pairs.barrier.broken


@pytest.mark.parametrize("path", ["/entities/created", "/users", "/time-entries"])
def test_a_refresh_asks_all_workspaces_at_once(two_places: Office, path: str) -> None:
    pairs = InPairs()
    two_places.sandbox.faults.add(Fault(path, pairs, times=2))
    two_places.refresh()
    two_places.check()
    assert not pairs.barrier.broken


def test_with_one_request_at_a_time_it_does_as_well(make_office: Callable[..., Office]) -> None:
    office = make_office()
    office.concurrency = 1
    office.add(office.account.add_user(office.place), 3)
    office.refresh_all()
    office.check()
