"""Changes older than the window come by the change feed; where it cannot be had, that is said, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from clockify_dagster.days import Days
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.sandbox.messages import Request, Response
from clockify_dagster.sandbox.times import instant
from clockify_dagster_tests.refresh.conftest import Office, old

MakeOffice = Callable[..., Office]
FEED = "/entities/"


@dataclass
class Rewritten(faults.Kind):
    """An answer of the feed whose records have been changed."""

    rewrite: Callable[[list[Any]], Any]

    def answer(self, request: Request, response: Response) -> Response:
        del request
        return replace(response, payload=self.rewrite(response.payload))


@pytest.fixture(params=["envelope", "bare"])
def fed(request: pytest.FixtureRequest, make_office: MakeOffice) -> Office:
    """An office with the feed in both shapes."""
    return make_office(feed=request.param)


def spans_asked(office: Office, action: str) -> list[tuple[Any, Any]]:
    return [
        (instant(request.query["start"][0]), instant(request.query["end"][0]))
        for request in office.sandbox.requests
        if request.path.endswith(f"/entities/{action}")
    ]


def test_edits_moves_deletions_and_new_entries_outside_the_window_come_in_for_three_requests(fed: Office) -> None:
    edited, moved, deleted, _ = old(fed)
    fed.account.edit_entry(edited, description="new", tagIds=[])
    fed.account.move_entry(moved, fed.day(60))
    fed.account.delete_entry(deleted)
    fed.add(edited["userId"], 50)
    found = fed.refresh()
    fed.check()
    assert len(fed.asked()) == 1 + 1 + 3
    assert (found["entries changed outside these days"], found["entries deleted"]) == (3, 1)


def test_more_changes_than_fit_a_page_come_in(fed: Office) -> None:
    for entry in old(fed, 120):
        fed.account.edit_entry(entry, description="new")
    fed.refresh()
    fed.check()


@pytest.mark.parametrize("pause", [0, 1, 90, 400])
@pytest.mark.parametrize("dated", [True, False])
def test_an_entry_that_is_created_edited_moved_and_deleted_outside_the_window_is_followed(
    make_office: MakeOffice, dated: bool, pause: float
) -> None:
    office = make_office(dated=dated)
    old(office)
    user = office.account.add_user(office.place)
    entry = office.add(user, 40)
    steps: list[Callable[[], object]] = [
        lambda: office.account.edit_entry(entry, description="new"),
        lambda: office.account.move_entry(entry, office.day(70)),
        lambda: office.account.edit_entry(entry, tagIds=[office.account.add_tag(office.place)["id"]]),
        lambda: office.account.delete_entry(entry),
    ]
    for step in [None, *steps]:
        if step is not None:
            step()
        office.clock.advance(seconds=pause)
        office.refresh()
        office.check()


def test_an_entry_made_just_before_the_first_listing_can_be_deleted_though_the_feed_tells_nothing_of_it(
    office: Office,
) -> None:
    entry = office.add(office.account.add_user(office.place), 40)
    office.refresh_all()
    office.account.delete_entry(entry)
    office.refresh()
    office.check()


def test_entries_told_of_as_created_are_not_asked_for_again_and_again(office: Office) -> None:
    old(office)
    user = office.account.add_user(office.place)
    for day in range(4):
        for n in range(5):
            office.add(user, 40 + day, n)
        office.clock.advance(days=1)
        office.sandbox.reset_requests()
        office.refresh()
        office.check()
        assert len(office.asked()) == 1 + 2 + 3


def test_a_deletion_that_shows_late_is_seen_by_the_next_reading(make_office: MakeOffice) -> None:
    office = make_office(feed_delay_seconds=60)
    entry, *_ = old(office)
    office.clock.advance(minutes=5)
    office.account.edit_entry(entry, description="about to go")
    office.clock.advance(seconds=61)
    office.account.delete_entry(entry)
    office.clock.advance(seconds=30)
    office.refresh()
    assert entry["id"] in office.loaded()
    office.clock.advance(seconds=31)
    office.refresh()
    office.check()


def test_an_entry_that_the_feed_has_as_edited_and_as_deleted_is_deleted_without_a_request(office: Office) -> None:
    gone, *_ = old(office)
    office.account.edit_entry(gone, description="new")
    updated = [{"id": gone["id"], "document": dict(gone)}]
    office.account.delete_entry(gone)
    office.sandbox.faults.add(Fault(f"{FEED}updated", Rewritten(lambda _: {"response": updated})))
    office.refresh()
    office.check()
    assert not office.asked(f"time-entries/{gone['id']}")


def test_a_document_that_is_cut_short_is_not_taken_for_the_entry(office: Office) -> None:
    entry, *_ = old(office)
    office.account.edit_entry(entry, description="new")

    def cut(payload: Any) -> Any:
        for record in payload["response"]:
            record["document"] = {key: record["document"][key] for key in ("id", "timeInterval", "userId")}
        return payload

    office.sandbox.faults.add(Fault(f"{FEED}updated", Rewritten(cut)))
    office.refresh()
    office.check()


def test_documents_lack_what_listed_ones_lack_and_no_one_is_asked_for(office: Office) -> None:
    entries = old(office)
    office.add(entries[0]["userId"], 0)
    for place in office.account.workspaces.values():
        for document in place.entries.by_id.values():
            document.pop("taskId")
    for entry in entries:
        office.account.edit_entry(entry, description="new")
    office.refresh()
    office.check()
    assert len(office.asked()) == 1 + 1 + 3


def test_each_reading_begins_a_little_before_the_last_one_ended(office: Office) -> None:
    old(office)
    office.refresh()
    first = office.clock()
    office.clock.advance(days=2)
    office.sandbox.reset_requests()
    office.refresh()
    for action in ("created", "updated", "deleted"):
        ((start, end),) = spans_asked(office, action)
        assert first - timedelta(minutes=6) < start < first
        assert end > office.clock()


def test_a_full_refresh_reads_no_feed_and_the_next_reading_begins_with_it(office: Office) -> None:
    old(office)
    office.clock.advance(days=3)
    office.refresh_all()
    assert not office.asked(FEED)
    office.clock.advance(days=1)
    office.refresh()
    assert spans_asked(office, "deleted")[0][0] == office.clock() - timedelta(days=1)


def test_what_changed_while_nothing_was_refreshed_comes_in_later(fed: Office) -> None:
    entry, *_ = old(fed)
    fed.clock.advance(days=10)
    fed.account.edit_entry(entry, description="new")
    fed.clock.advance(days=15)
    fed.refresh()
    fed.check()
    assert fed.said == []


def test_a_backfill_of_old_days_does_not_move_what_the_window_sees(office: Office) -> None:
    user = office.account.add_user(office.place)
    entries = [office.add(user, back) for back in (0, 30, 60)]
    office.clock.advance(hours=1)
    office.refresh()
    for back in (60, 30):
        there = office.today - timedelta(days=back)
        office.clock.advance(hours=1)
        for entry in entries:
            office.account.edit_entry(entry, description=str(back))
        office.refresh(Days(there, there))
        office.check()


def test_a_workspace_that_is_new_is_read_from_its_first_refresh_on(office: Office) -> None:
    old(office)
    second = str(office.account.add_workspace("Studio")["id"])
    entry = office.account.add_entry(second, office.account.add_user(second), office.day(0))
    office.refresh()
    office.check()
    office.clock.advance(days=1)
    office.account.edit_entry(entry, description="new")
    office.refresh()
    office.check()
    assert office.said == []


@pytest.mark.parametrize("feed", ["envelope", "bare"])
@pytest.mark.parametrize("several", [True, False], ids=["several types", "one type at a time"])
def test_a_rate_or_a_custom_field_that_changed_long_ago_is_read_again(
    make_office: Callable[..., Office], feed: str, several: bool
) -> None:
    office = make_office(feed=feed, feed_takes_several_types=several, value_edits_update_entry=not several)
    field = office.account.add_custom_field(office.place, "Mood")
    rated, valued, *_ = old(office)
    office.account.edit_entry(rated, hourlyRate={"amount": 12300, "currency": "EUR"})
    office.account.set_custom_field(valued, field, "good")
    office.clock.advance(minutes=5)
    office.refresh()
    office.check()
    assert len(office.asked("/time-entries/")) == (2 if several else 0)
