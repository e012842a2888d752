from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import pytest

from clockify_dagster import errors
from clockify_dagster.api import Answer, ClockifyClient
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import BEGIN, ZONES, Entries, Read, ids

Document = dict[str, Any]


@pytest.fixture
def fill(account: Account, workspace: str, user: str) -> Callable[[int, timedelta], list[Document]]:
    def add(count: int, apart: timedelta) -> list[Document]:
        return [account.add_entry(workspace, user, BEGIN + apart * n) for n in range(count)]

    return add


def deletion(entry: Document) -> faults.Kind:
    return faults.After(lambda account: account.delete_entry(entry))


def present(account: Account, workspace: str) -> set[str]:
    return set(account.workspace(workspace).entries.by_id)


@pytest.mark.parametrize("reading", ["wall_clock", "instant"])
@pytest.mark.parametrize("zone", ZONES)
def test_every_entry_comes_in_order_in_every_zone_and_reading(
    account: Account,
    sandbox: Sandbox,
    fill: Callable[..., list[Document]],
    read: Read,
    zone: str,
    reading: Literal["wall_clock", "instant"],
) -> None:
    account.timezone, account.window_reading = zone, reading
    entries = fill(95, timedelta(hours=9))
    assert ids(read()) == ids(entries)[::-1]
    assert len(sandbox.requests) <= 14


@pytest.mark.parametrize("reading", ["wall_clock", "instant"])
@pytest.mark.parametrize("zone", ZONES)
def test_a_window_has_all_that_starts_in_it_in_every_zone_and_reading(
    account: Account,
    fill: Callable[..., list[Document]],
    read: Read,
    zone: str,
    reading: Literal["wall_clock", "instant"],
) -> None:
    account.timezone, account.window_reading = zone, reading
    entries = fill(24 * 8, timedelta(hours=1))
    start, end = BEGIN + timedelta(days=3), BEGIN + timedelta(days=5)
    wanted = {entry["id"] for n, entry in enumerate(entries) if 72 <= n < 120}
    found = ids(read(50, start, end))
    assert wanted <= set(found)
    assert len(found) <= 48 + 26 + 27


def test_one_page_is_one_request(sandbox: Sandbox, fill: Callable[..., list[Document]], read: Read) -> None:
    fill(10, timedelta(hours=1))
    assert len(read()) == 10
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])
def test_nothing_is_skipped_when_entries_are_deleted_between_pages(
    account: Account,
    workspace: str,
    sandbox: Sandbox,
    fill: Callable[..., list[Document]],
    read: Read,
    zone: str,
) -> None:
    account.timezone = zone
    entries = fill(60, timedelta(hours=7))
    newest = entries[:-6:-1]
    for entry in newest[:3]:
        sandbox.faults.add(Fault("time-entries", deletion(entry)))
    found = ids(read())
    assert present(account, workspace) <= set(found)
    assert len(found) == 60


def test_insertions_moves_and_edits_between_pages_lose_nothing_and_the_later_state_comes_last(
    workspace: str, user: str, sandbox: Sandbox, fill: Callable[..., list[Document]], read: Read
) -> None:
    entries = fill(40, timedelta(hours=7))

    def change(account: Account) -> None:
        account.add_entry(workspace, user, BEGIN + timedelta(days=20))
        account.move_entry(entries[-1], BEGIN - timedelta(days=3))
        account.edit_entry(entries[-10], description="edited meanwhile")

    sandbox.faults.add(Fault("time-entries", faults.After(change)))
    rows = read()
    latest = {row["id"]: row for row in rows}
    assert latest[entries[-1]["id"]]["timeInterval"]["start"].startswith("2026-02-26")
    assert latest[entries[-10]["id"]]["description"] == "edited meanwhile"
    assert set(ids(entries)) <= set(latest)


def test_equal_starts_at_the_border_of_a_page_are_all_there(
    account: Account, workspace: str, user: str, read: Read
) -> None:
    for day in range(5):
        for _ in range(7):
            account.add_entry(workspace, user, BEGIN + timedelta(days=2 * day))
    found = ids(read())
    assert len(found) == 35


@pytest.mark.parametrize("reading", ["wall_clock", "instant"])
def test_twelve_thousand_entries_in_one_hour_go_on_by_page_number(
    account: Account,
    sandbox: Sandbox,
    fill: Callable[..., list[Document]],
    read: Read,
    reading: Literal["wall_clock", "instant"],
) -> None:
    account.window_reading = reading
    entries = fill(12_000, timedelta(seconds=0.3))
    found = ids(read(5000))
    assert set(found) == set(ids(entries))
    assert len(found) == 12_000
    assert len(sandbox.requests) == 3


def test_nothing_is_skipped_in_a_dense_hour_either_when_some_are_deleted(
    account: Account, workspace: str, sandbox: Sandbox, fill: Callable[..., list[Document]], read: Read
) -> None:
    entries = fill(500, timedelta(seconds=5))
    for nth, entry in enumerate(entries[-4:], 1):
        sandbox.faults.add(Fault("time-entries", deletion(entry), nth=nth))
    assert present(account, workspace) <= set(ids(read(100)))


def test_more_deletions_than_pages_overlap_are_an_error_and_no_gap(
    sandbox: Sandbox, fill: Callable[..., list[Document]], read: Read
) -> None:
    entries = fill(500, timedelta(seconds=5))

    def many(account: Account) -> None:
        for entry in entries[-50:]:
            account.delete_entry(entry)

    sandbox.faults.add(Fault("time-entries", faults.After(many)))
    with pytest.raises(errors.UnreadableAnswerError, match="some may have been missed"):
        read(100)


@pytest.mark.parametrize("start", ["yesterday", None, 7, "9999-12-31T23:59:59Z"])
def test_a_start_that_cannot_be_read_falls_back_on_page_numbers(
    sandbox: Sandbox, fill: Callable[..., list[Document]], read: Read, start: object
) -> None:
    class Blurred(faults.Kind):
        def answer(self, request: Any, response: Any) -> Any:  # noqa: ARG002 - a kind's interface
            for row in response.payload[:1]:
                response.payload[0] = {**row, "timeInterval": {"start": start}}
            return response

    entries = fill(35, timedelta(hours=20))
    sandbox.faults.add(Fault("time-entries", Blurred(), times=None))
    assert set(ids(read())) == set(ids(entries))


@pytest.mark.parametrize(
    "kind", [faults.LastPage("false"), faults.LastPage(name=None), faults.LastPage(name="LAST-PAGE")]
)
def test_the_listing_ends_whatever_the_header_says(
    sandbox: Sandbox, fill: Callable[..., list[Document]], read: Read, kind: faults.Kind
) -> None:
    entries = fill(35, timedelta(hours=20))
    sandbox.faults.add(Fault("time-entries", kind, times=None))
    found = ids(read())
    assert set(found) == set(ids(entries))
    assert len(found) == 35


def test_the_same_page_for_ever_is_an_error_that_knows_the_user(
    sandbox: Sandbox, fill: Callable[..., list[Document]], read: Read, user: str
) -> None:
    class Deaf(faults.SamePage):
        def ask(self, request: Any) -> Any:
            asked = super().ask(request)
            asked.query.pop("end", None)
            return asked

    fill(35, timedelta(hours=20))
    sandbox.faults.add(Fault("time-entries", Deaf(), times=None))
    with pytest.raises(errors.UnreadableAnswerError, match="same page twice") as caught:
        read()
    assert caught.value.facts()["user"] == user


def test_who_reads_a_page_may_refuse_it_and_it_is_asked_for_again(
    client: ClockifyClient, workspace: str, user: str, sandbox: Sandbox, fill: Callable[..., list[Document]]
) -> None:
    fill(3, timedelta(hours=1))
    seen: list[int] = []

    def picky(answer: Answer) -> Entries:
        seen.append(len(answer.document))
        if len(seen) == 1:
            raise errors.UnreadableAnswerError("no", endpoint=answer.endpoint)
        return Entries(answer)

    assert [len(page) for page in client.entry_pages(workspace, user, picky, start=None, end=None)] == [3]
    assert seen == [3, 3]
    assert len(sandbox.requests) == 2
