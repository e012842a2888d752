"""An id that has vanished from a refreshed range is looked for: in the answers' room, in the feed, one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clockify_dagster.errors import ServerFaultError
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.refresh.conftest import Document, Office

LOOKUP = r"/time-entries/[0-9a-f]{24}$"
MakeOffice = Callable[..., Office]


def lookups(office: Office) -> int:
    return sum("/user/" not in path and "/time-entries/" in path for path in office.asked())


@pytest.fixture
def refused(make_office: MakeOffice) -> Office:
    """An office without the feed."""
    return make_office(feed="refused")


def full(office: Office, count: int) -> list[Document]:
    """Entries of today, loaded."""
    user = office.account.add_user(office.place)
    entries = [office.add(user, 0, 8 + n / 60) for n in range(count)]
    office.clock.advance(minutes=10)
    office.refresh_all()
    office.clock.advance(minutes=10)
    office.sandbox.reset_requests()
    return entries


@pytest.mark.parametrize("feed", ["envelope", "bare"])
def test_the_feed_tells_where_it_has_moved_without_a_request_for_each(make_office: MakeOffice, feed: str) -> None:
    office = make_office(feed=feed)
    for n, entry in enumerate(full(office, 6)):
        office.account.move_entry(entry, office.day(10 + n))
    assert office.refresh()["entries that moved"] == 6
    office.check()
    assert lookups(office) == 0


def test_without_the_feed_it_is_asked_for_and_found_on_its_new_day_or_gone(refused: Office) -> None:
    moved, deleted, _ = full(refused, 3)
    refused.account.move_entry(moved, refused.day(40))
    refused.account.delete_entry(deleted)
    found = refused.refresh()
    refused.check()
    assert lookups(refused) == 2
    assert (found["entries that moved"], found["entries deleted"]) == (1, 1)
    assert found["entries that vanished unexplained"] == 0


def test_it_is_not_asked_for_if_it_is_in_the_answers_room(refused: Office) -> None:
    entry, _ = full(refused, 2)
    refused.account.move_entry(entry, refused.day(1, 20))
    refused.refresh()
    refused.check()
    assert lookups(refused) == 0


def test_what_the_feed_does_not_know_yet_is_asked_for(make_office: MakeOffice) -> None:
    office = make_office(feed_delay_seconds=60)
    moved, deleted = full(office, 2)
    office.account.move_entry(moved, office.day(10))
    office.account.delete_entry(deleted)
    office.refresh()
    office.check()
    assert lookups(office) == 2


def test_so_many_are_asked_for_and_no_more_and_the_rest_is_told(refused: Office) -> None:
    refused.lookups = 3
    entries = full(refused, 8)
    for entry in entries:
        refused.account.move_entry(entry, refused.day(40))
    refused.said.clear()
    found = refused.refresh()
    assert lookups(refused) == 3
    assert found["entries that moved"] == 3
    assert found["entries that vanished unexplained"] == 5
    (said,) = [line for line in refused.said if "it is not known where they are" in line]
    assert "Agency: 5 entries" in said
    assert "at most 3 are asked for" in said
    refused.refresh_all()
    refused.check()


def test_what_has_vanished_is_asked_for_before_timers_elsewhere(refused: Office) -> None:
    refused.lookups = 1
    refused.account.add_entry(refused.place, refused.account.add_user(refused.place), refused.day(5), None)
    (entry,) = full(refused, 1)
    refused.account.move_entry(entry, refused.day(40))
    assert refused.refresh()["entries that moved"] == 1
    refused.check()


def test_where_asking_is_refused_it_is_tried_once_and_told(refused: Office) -> None:
    entries = full(refused, 3)
    for entry in entries:
        refused.account.move_entry(entry, refused.day(40))
    refused.sandbox.faults.add(Fault(LOOKUP, faults.Status(403), times=None))
    assert refused.refresh()["entries that vanished unexplained"] == 3
    assert lookups(refused) == 1
    assert any("3 entries" in line and "403" in line for line in refused.said)


def test_where_clockify_fails_the_refresh_does_and_the_data_stand_as_they_did(refused: Office) -> None:
    (entry,) = full(refused, 1)
    before = refused.loaded()
    refused.account.move_entry(entry, refused.day(40))
    # six tries without a pause: the answers break off where a pause is not worth it
    refused.sandbox.faults.add(Fault(LOOKUP, faults.Status(503), times=None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)
        with pytest.raises(ServerFaultError):
            refused.refresh()
    assert refused.loaded() == before
    refused.sandbox.faults.clear()
    refused.refresh()
    refused.check()
