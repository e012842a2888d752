"""Listings that run side by side, and something goes wrong in one of them: all of it, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from clockify_dagster.errors import ClockifyDagsterError
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.refresh.conftest import Office

ONE_USER = 5


@pytest.fixture
def users(office: Office) -> list[str]:
    """Eight users with thirty entries each, loaded four at a time; then one entry of each is edited."""
    office.concurrency = 4
    people = [office.account.add_user(office.place, f"user {n}")["id"] for n in range(8)]
    for user in people:
        for n in range(30):
            office.add(user, back=n % 12, hour=n // 12 + 8, tagIds=[office.account.new_id()])
    office.refresh_all()
    for user in people:
        newest = max(office.account.workspace(office.place).entries.timelines[user].keys)[1]
        office.account.edit_entry(newest, description="edited", tagIds=[])
    return people


def strike(office: Office, user: str, kind: faults.Kind, times: int | None = 1) -> None:
    office.sandbox.faults.add(Fault(f"user/{user}/time-entries", kind, times=times))


SURVIVED = {
    "an answer that is no JSON": faults.Body(),
    "an answer that is no list": faults.Body({"message": "?"}),
    "a list with something else in it": faults.Body([{"id": "64c0ffee0000000000000001"}, None]),
    "a body cut short": faults.Cut(),
    "rows doubled within a page": faults.Doubled(),
    "a fault of the server": faults.Status(503),
}


@pytest.mark.parametrize("kind", SURVIVED.values(), ids=SURVIVED.keys())
def test_what_passes_leaves_exact_rows(office: Office, users: list[str], kind: faults.Kind) -> None:
    strike(office, users[ONE_USER], kind)
    office.refresh_all()
    office.check()


ENDED: dict[str, Any] = {
    "one user's entries may not be seen": faults.Status(403),
    "an entry without an id": faults.Body([{"timeInterval": {"start": "2026-03-20T08:00:00Z"}}]),
    "an entry without a start": faults.Body([{"id": "64c0ffee0000000000000001", "timeInterval": None}]),
}


@pytest.mark.parametrize("kind", ENDED.values(), ids=ENDED.keys())
def test_what_does_not_pass_leaves_all_as_it_was_and_no_files_and_the_next_refresh_heals(
    office: Office, users: list[str], kind: faults.Kind
) -> None:
    before = office.loaded()
    strike(office, users[ONE_USER], kind, times=None)
    with pytest.raises(ClockifyDagsterError):
        office.refresh_all()
    assert office.loaded() == before
    database = office.warehouse.database.scratch
    assert sorted(database.parent.iterdir()) == [database.with_name(f".{database.name}.lock"), database]
    office.sandbox.faults.clear()
    office.refresh_all()
    office.check()


def test_entries_that_go_while_their_list_is_read_cost_nobody_a_row(office: Office, users: list[str]) -> None:
    newest = max(office.account.workspace(office.place).entries.timelines[users[0]].keys)[1]
    strike(office, users[1], faults.After(lambda account: account.delete_entry(newest)))
    office.refresh_all()
    office.refresh_all()
    office.check()


@pytest.mark.usefixtures("users")
def test_a_load_without_room_for_its_files_leaves_all_as_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = office.loaded()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(ClockifyDagsterError, match="disk is full"):
        office.refresh_all()
    monkeypatch.undo()
    assert office.loaded() == before
