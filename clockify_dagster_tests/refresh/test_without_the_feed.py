"""Where the feed cannot be had, or does not reach far enough, that is said, and the rest goes on."""

from __future__ import annotations

import pytest

from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.refresh.conftest import Office, old

FEED = "/entities/"


def test_a_gap_of_more_than_thirty_days_is_told_once_and_what_can_be_known_comes_in(office: Office) -> None:
    lost, seen, *_ = old(office)
    office.account.edit_entry(lost, description="too long ago")
    office.clock.advance(days=20)
    office.account.edit_entry(seen, description="not too long ago")
    office.clock.advance(days=25)
    office.refresh()
    assert office.loaded()[seen["id"]] == office.expected()[seen["id"]]
    assert office.loaded()[lost["id"]] != office.expected()[lost["id"]]
    (said,) = office.said
    assert said.startswith("Agency: the last refresh is more than 30 days ago")
    assert "sync --from" in said
    office.clock.advance(days=1)
    office.refresh()
    assert len(office.said) == 1
    office.refresh_all()
    office.check()


REFUSED: dict[str, faults.Kind] = {
    "400": faults.Status(400),
    "403": faults.Status(403),
    "404": faults.Status(404),
}
STRANGE: dict[str, faults.Kind] = {
    "an object": faults.Body({"items": []}),
    "null": faults.Body(None),
    "records without ids": faults.Body({"response": [{"documentCode": "TIME_ENTRY"}]}),
    "no JSON": faults.Body("<html>Please sign in</html>"),
    "500": faults.Status(500),
}


@pytest.mark.parametrize("kind", [*REFUSED, *STRANGE])
def test_where_the_feed_is_refused_or_fails_that_is_said_once_and_the_rest_is_right(office: Office, kind: str) -> None:
    second = str(office.account.add_workspace("Studio")["id"])
    unseen, moved, *_ = old(office)
    office.account.move_entry(moved, office.day(0))
    office.account.add_entry(second, office.account.add_user(second), office.day(0))
    office.refresh()
    office.account.edit_entry(unseen, description="not seen this time")
    office.account.move_entry(moved, office.day(3))
    office.clock.advance(hours=1)
    office.sandbox.faults.add(Fault(FEED, {**REFUSED, **STRANGE}[kind], times=None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)
        office.refresh()
    if kind in REFUSED:  # it is not there on this account
        (said,) = office.said
        assert said.startswith("Agency, Studio: the change feed cannot be read, so edits and deletions")
        assert "clockify_timeentries_integral" in said
        assert office.faults == []
    else:
        (fault,) = office.faults
        assert f"Agency ({office.place}), Studio ({second}): the change feed cannot be read" in str(fault)
        assert office.said == []
    expected = office.expected()
    assert office.loaded()[unseen["id"]] != expected.pop(unseen["id"])
    assert expected.items() <= office.loaded().items()
    office.sandbox.faults.clear()
    office.clock.advance(days=20)
    office.refresh()
    office.check()


def test_a_refresh_that_is_not_written_leaves_the_feed_where_it_was(office: Office) -> None:
    entry, *_ = old(office)
    office.account.edit_entry(entry, description="new")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clockify_dagster.warehouse.load_state.record_feed", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            office.refresh()
    office.clock.advance(days=1)
    office.refresh()
    office.check()


def test_a_clock_that_was_wrong_once_does_not_stop_the_feed(office: Office) -> None:
    entry, *_ = old(office)
    office.clock.advance(days=300)
    office.refresh()
    office.clock.advance(days=-299)
    office.account.edit_entry(entry, description="new")
    office.refresh()
    assert office.loaded()[entry["id"]] == office.expected()[entry["id"]]
