"""What happens to one workspace's time entries is that workspace's: the others are loaded, and its rows stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from clockify_dagster import errors
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.warehouse import load_state
from clockify_dagster_tests.refresh.conftest import INTEGRAL, TABLE, Fact, Office

MakeOffice = Callable[..., Office]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow one another at once."""
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)


@dataclass
class Two:
    """An office with another workspace, in which something is wrong later. Both are loaded, and have changed since."""

    office: Office
    studio: str

    def rows(self, workspace: str, table: str = TABLE) -> dict[str, Fact]:
        return {each: fact for each, fact in self.office.loaded(table).items() if fact["workspaceid"] == workspace}

    def expected(self, workspace: str) -> dict[str, Fact]:
        return {each: fact for each, fact in self.office.expected().items() if fact["workspaceid"] == workspace}

    def fault(self, path: str, kind: faults.Kind, **when: Any) -> Fault:
        return self.office.sandbox.faults.add(Fault(f"{self.studio}/{path}", kind, **{"times": None, **when}))


@pytest.fixture
def two(make_office: MakeOffice) -> Two:
    office = make_office(feed="refused")
    studio = str(office.account.add_workspace("Studio")["id"])
    for place in (office.place, studio):
        for user in [office.account.add_user(place, f"{place} {number}") for number in range(3)]:
            for back in (0, 5):
                office.account.add_entry(place, user, office.day(back), tagIds=[office.account.add_tag(place)["id"]])
    office.refresh_all()
    office.refresh_integral()
    for place in (office.place, studio):
        first, second, third, *_ = [each for each in office.expected().values() if each["workspaceid"] == place]
        office.account.edit_entry(str(first["id"]), description="changed")
        office.account.delete_entry(str(second["id"]))
        office.account.move_entry(str(third["id"]), office.day(20))
    office.sandbox.reset_requests()
    office.said.clear()
    return Two(office, studio)


BROKEN: dict[str, tuple[str, faults.Kind]] = {
    "the users are refused": ("users", faults.Status(403)),
    "the users fail": ("users", faults.Status(503)),
    "the users' list breaks off": ("users", faults.Close()),
    "the users are no list": ("users", faults.Body()),
    "the entries are refused": ("user/.*time-entries", faults.Status(403)),
    "the entries fail": ("user/.*time-entries", faults.Status(500)),
    "an entry is none": ("user/.*time-entries", faults.Body([{"id": None}])),
    "everything fails": ("", faults.Status(502)),
}


@pytest.mark.parametrize(("path", "kind"), BROKEN.values(), ids=BROKEN)
def test_a_workspace_that_cannot_be_read_keeps_its_rows_and_the_others_are_refreshed(
    two: Two, path: str, kind: faults.Kind
) -> None:
    office, before = two.office, two.rows(two.studio)
    two.fault(path, kind)
    office.refresh_all()
    assert two.rows(two.studio) == before
    assert two.rows(office.place) == two.expected(office.place)
    (fault,) = office.faults
    assert f"The rows of Studio ({two.studio}) stay as they are; the other workspaces are loaded." in str(fault)
    assert "CLOCKIFY_WORKSPACES" in str(fault)
    assert fault.facts()["workspace"] == two.studio
    office.sandbox.faults.clear()
    office.refresh_all()
    assert office.faults == []
    office.check()


def test_what_was_read_of_a_workspace_before_it_failed_does_not_count(two: Two) -> None:
    office, before = two.office, two.rows(two.studio)
    office.concurrency = 1
    two.fault("user/.*time-entries", faults.Status(400), nth=3)
    office.refresh_all()
    assert two.rows(two.studio) == before
    assert two.rows(office.place) == two.expected(office.place)


def test_an_entry_that_cannot_be_looked_up_costs_its_own_workspace_alone(two: Two) -> None:
    office, before = two.office, two.rows(two.studio)
    for place in (office.place, two.studio):
        entry = next(each for each in office.account.workspace(place).entries.by_id.values())
        office.account.move_entry(entry, office.day(3))
    two.fault("time-entries/", faults.Status(503))
    office.refresh()
    assert two.rows(two.studio) == before
    assert [fault.facts()["workspace"] for fault in office.faults] == [two.studio]
    assert office.sandbox.requests
    today = office.day(0, 0)
    held, wanted = (
        {each: fact for each, fact in facts.items() if str(fact["timeinterval_start"]) >= str(today)}
        for facts in (two.rows(office.place), two.expected(office.place))
    )
    assert held == wanted


def test_days_that_a_workspace_did_not_give_are_loaded_by_the_next_refresh_that_can(two: Two) -> None:
    office = two.office
    with office.warehouse.database.reading() as connection:
        before = load_state.settled_spans(connection)
    office.clock.advance(days=1)
    two.fault("users", faults.Status(403))
    office.refresh()
    with office.warehouse.database.reading() as connection:
        after = load_state.settled_spans(connection)
    assert after[two.studio] == before[two.studio]
    assert after[office.place] != before[office.place]


def test_the_integral_tables_keep_the_rows_of_a_workspace_that_cannot_be_read(two: Two) -> None:
    office, before = two.office, two.rows(two.studio, INTEGRAL)
    two.fault("users", faults.Status(500))
    office.refresh_integral()
    assert two.rows(two.studio, INTEGRAL) == before
    assert two.rows(office.place, INTEGRAL) == two.expected(office.place)
    assert len(office.faults) == 1


def test_a_workspace_that_was_never_loaded_is_left_out_with_one_warning(two: Two) -> None:
    office = two.office
    new = str(office.account.add_workspace("Client")["id"])
    office.account.add_entry(new, office.account.add_user(new), office.day(0))
    office.sandbox.faults.add(Fault(f"{new}/user/", faults.Status(403), times=None))
    office.refresh_all()
    assert office.faults == []
    (said,) = [line for line in office.said if "Client" in line]
    assert f"Client ({new})" in said
    assert "CLOCKIFY_WORKSPACES" in said
    assert two.rows(two.studio) == two.expected(two.studio)
    office.sandbox.faults.clear()
    office.refresh_all()
    office.check()


def test_a_feed_that_fails_in_one_workspace_is_read_in_the_others_and_later_from_where_it_stopped(
    make_office: MakeOffice,
) -> None:
    office = make_office()
    studio = str(office.account.add_workspace("Studio")["id"])
    old = [office.account.add_entry(p, office.account.add_user(p), office.day(40)) for p in (office.place, studio)]
    office.refresh_all()
    office.clock.advance(hours=1)
    for entry in old:
        office.account.edit_entry(entry, description="changed")
    office.sandbox.faults.add(Fault(f"{studio}/entities", faults.Status(500), times=None))
    office.clock.advance(hours=1)
    office.refresh()
    assert [office.loaded()[entry["id"]]["description"] for entry in old] == ["changed", ""]
    assert office.said == []
    (fault,) = office.faults
    assert isinstance(fault, errors.ServerFaultError)
    assert fault.facts()["workspace"] == studio
    assert f"Studio ({studio}): the change feed cannot be read, so edits and deletions" in str(fault)
    assert "everything else is loaded" in str(fault)
    assert "`clockify-dagster sync --from ... --to ...`" in str(fault)
    office.sandbox.faults.clear()
    office.clock.advance(hours=1)
    office.refresh()
    assert office.faults == []
    office.check()


def test_feeds_that_fail_are_one_fault_and_what_the_listings_give_is_written(make_office: MakeOffice) -> None:
    office = make_office()
    studio = str(office.account.add_workspace("Studio")["id"])
    users = [office.account.add_user(place) for place in (office.place, studio)]
    office.refresh_all()
    office.clock.advance(hours=1)
    for place, user in zip((office.place, studio), users, strict=True):
        office.account.add_entry(place, user, office.day(0))
    office.sandbox.faults.add(Fault("/entities/", faults.Close(), times=None))
    office.refresh()
    (fault,) = office.faults
    assert isinstance(fault, errors.UnreachableError)
    for place, name in ((office.place, "Agency"), (studio, "Studio")):
        assert f"{name} ({place})" in str(fault)
        assert rows_in(office, place) == 1


def rows_in(office: Office, place: str) -> int:
    return sum(fact["workspaceid"] == place for fact in office.loaded().values())


def test_a_workspace_of_which_nothing_was_loaded_has_no_feed_to_miss(make_office: MakeOffice) -> None:
    office = make_office()
    office.refresh_all()
    new = str(office.account.add_workspace("New")["id"])
    office.account.add_entry(new, office.account.add_user(new), office.day(0))
    office.sandbox.faults.add(Fault(f"{new}/entities", faults.Status(500), times=None))
    office.refresh()
    assert (office.faults, office.said) == ([], [])
    office.check()


ALL = {
    "the key is refused": (faults.Status(401), errors.KeyRefusedError),
    "no connection": (faults.Close(), errors.UnreachableError),
    "Clockify is down": (faults.Status(503), errors.ServerFaultError),
    "the wait for the limit is over": (faults.Status(429, retry_after=9999), errors.RateLimitedError),
}


@pytest.mark.parametrize(("kind", "error"), ALL.values(), ids=ALL)
def test_what_concerns_the_whole_account_stops_all_at_once(
    office: Office, kind: faults.Kind, error: type[errors.ApiError]
) -> None:
    for number in range(40):
        office.account.add_user(office.account.add_workspace(f"Client {number}"))
    office.concurrency = 4
    office.sandbox.faults.add(Fault("", kind, times=None))
    with pytest.raises(error):
        office.refresh()
    assert len(office.sandbox.requests) <= 4 * 6 + 4 * 6, "six tries of each that was under way, and of one to ask"


def test_a_list_that_fails_everywhere_is_not_tried_six_times_in_each_workspace(office: Office) -> None:
    for number in range(40):
        office.account.add_user(office.account.add_workspace(f"Client {number}"))
    office.concurrency = 4
    office.sandbox.faults.add(Fault("/users", faults.Status(503), times=None))
    with pytest.raises(errors.ServerFaultError, match="Client 39"):
        office.refresh()
    assert len(office.asked("/users")) <= 41 * 2 + 4 * 4
