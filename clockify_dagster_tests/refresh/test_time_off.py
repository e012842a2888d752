"""Time off: policies and requests by their lists, balances by a request a policy where they may differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

import pytest

from clockify_dagster.contract import CONTRACT, WORKSPACES
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.sandbox.times import instant
from clockify_dagster.warehouse import Warehouse
from clockify_dagster_tests.refresh.conftest import Document, Office
from clockify_dagster_tests.refresh.loading import asked, assert_equal, load, pass_a_day, rows

POLICIES, REQUESTS = "clockify_timeoff_policies", "clockify_timeoff_requests"
BALANCES, HOLIDAYS = "clockify_timeoff_balances", "clockify_holidays"
ALL = (POLICIES, REQUESTS, BALANCES)


@dataclass
class Team:
    """Two people, a policy in days, one in hours, and one that is archived and has nobody."""

    office: Office
    people: list[Document]
    days: Document
    hours: Document
    old: Document

    def sync(self) -> list[str]:
        """Load time off; gives the names of the policies whose balances were asked for."""
        load(self.office, POLICIES)
        names = {each["id"]: each["name"] for each in (self.days, self.hours, self.old)}
        found = [request.path.rpartition("/")[2] for request in asked(self.office, "/balance/policy/")]
        return sorted(names.get(each, each) for each in found)


@pytest.fixture
def team(office: Office) -> Team:
    account = office.account
    people = [account.add_user(office.place, name) for name in ("Ana", "Max")]
    days = account.add_policy(office.place, "days", users=people, allowHalfDay=True)
    hours = account.add_policy(office.place, "hours", unit="HOURS", users=people[:1], automaticAccrual=None)
    old = account.add_policy(office.place, "old", archived=True)
    account.add_time_off_request(days, people[0])
    return Team(office, people, days, hours, old)


def test_the_first_load_of_a_day_asks_for_all_balances_and_the_next_one_for_none(team: Team) -> None:
    assert team.sync() == ["days", "hours", "old"]
    assert_equal(team.office, *ALL)
    assert {row[0] for row in rows(team.office, POLICIES, "archived")} == {True, False}
    assert team.sync() == [], "not of the policy that has none, either"
    assert_equal(team.office, *ALL)
    team.office.account.change_balance(team.days, team.people[0], 5)
    pass_a_day(team.office)
    assert team.sync() == ["days", "hours", "old"]
    assert_equal(team.office, *ALL)


def test_a_request_that_is_made_decided_moved_or_deleted_leads_to_its_balances(team: Team) -> None:
    account = team.office.account
    team.sync()
    request = account.add_time_off_request(team.hours, team.people[1])
    assert team.sync() == ["hours"]
    assert_equal(team.office, *ALL)
    account.decide_time_off(request, "APPROVED")
    assert team.sync() == ["hours"]
    account.edit(request, policyId=team.days["id"])
    assert team.sync() == ["days", "hours"]
    assert_equal(team.office, *ALL)
    account.delete(request)
    assert team.sync() == ["days"]
    assert_equal(team.office, *ALL)


@pytest.mark.parametrize(("refused", "path"), [(REQUESTS, "time-off/requests$"), (BALANCES, "time-off/balance/")])
def test_what_a_role_does_not_see_of_time_off_stays_and_the_rest_is_loaded(team: Team, refused: str, path: str) -> None:
    account = team.office.account
    team.sync()
    before = rows(team.office, refused)
    account.refused.add(path)
    account.change_balance(team.days, team.people[0], 5)
    account.decide_time_off(account.add_time_off_request(team.hours, team.people[1]), "APPROVED")
    account.edit(team.old, name="older")
    pass_a_day(team.office)
    team.sync()
    assert rows(team.office, refused) == before
    assert_equal(team.office, *(table for table in ALL if table != refused))
    account.refused.clear()
    pass_a_day(team.office)
    team.sync()
    assert_equal(team.office, *ALL)


def test_a_policy_that_changes_or_is_archived_leads_to_its_balances(team: Team) -> None:
    team.sync()
    team.office.account.archive(team.days)
    team.office.account.edit(team.hours, automaticAccrual={"amount": 8.0, "period": "MONTH", "timeUnit": "HOURS"})
    assert team.sync() == ["days", "hours"]
    assert_equal(team.office, *ALL)


def test_a_deleted_policy_takes_its_balances_with_it(team: Team) -> None:
    team.sync()
    team.office.account.delete(team.hours)
    assert team.sync() == []
    assert_equal(team.office, *ALL)
    assert {row[0] for row in rows(team.office, BALANCES, "policyid")} == {team.days["id"]}


def test_a_policy_that_is_deleted_after_it_was_listed_has_no_balances(team: Team) -> None:
    delete = faults.After(lambda account: account.delete(team.hours))
    team.office.sandbox.faults.add(Fault("/time-off/requests", delete))
    team.sync()
    assert {row[0] for row in rows(team.office, BALANCES, "policyid")} == {team.days["id"]}
    team.sync()
    assert_equal(team.office, *ALL)


def test_half_days_and_hours_are_told(team: Team) -> None:
    account = team.office.account
    account.add_time_off_request(team.days, team.people[0], "2026-03-04T00:00:00Z", half="SECOND_HALF")
    account.add_time_off_request(team.hours, team.people[0], "2026-03-04T09:00:00Z", "2026-03-04T11:30:00Z")
    team.sync()
    assert_equal(team.office, *ALL)
    found = rows(team.office, REQUESTS, "halfday", "halfdayperiod", "timeunit", "balancediff")
    assert found == [
        (False, "NOT_DEFINED", "DAYS", 1.0),
        (False, "NOT_DEFINED", "HOURS", 2.5),
        (True, "SECOND_HALF", "DAYS", 0.5),
    ]


def test_where_only_the_requests_were_written_balances_are_asked_for_again(team: Team) -> None:
    team.sync()
    account, office = team.office.account, team.office
    account.decide_time_off(next(iter(account.workspace(office.place).time_off_requests.values())), "APPROVED")
    with pytest.MonkeyPatch.context() as patch:
        write = Warehouse.write
        patch.setattr(Warehouse, "write", lambda it, each: None if is_of_balances(each) else write(it, each))
        team.sync()
    assert team.sync() == ["days", "hours", "old"]
    assert_equal(office, *ALL)


def is_of_balances(given: object) -> bool:
    return BALANCES in [table.name for table in given.staging.family]  # type: ignore[attr-defined]


def test_balances_that_could_not_be_read_are_asked_for_again(team: Team) -> None:
    team.sync()
    office = team.office
    office.account.archive(team.days)
    body = {"balances": [{"id": None}], "count": 1}
    office.sandbox.faults.add(Fault("/balance/policy/", faults.Body(body)))
    assert team.sync() == ["days"]
    assert len(office.faults) == 1
    assert team.sync() == ["days", "hours", "old"]
    assert_equal(office, *ALL)


def test_without_the_table_of_requests_nobody_knows_what_has_changed(team: Team) -> None:
    team.office.warehouse = Warehouse(team.office.warehouse.database, CONTRACT.only([WORKSPACES, POLICIES, BALANCES]))
    for _ in range(2):
        assert team.sync() == ["days", "hours", "old"]
        assert not asked(team.office, "/requests")
    assert_equal(team.office, BALANCES)


def test_lists_of_several_pages_are_read_to_their_end(team: Team) -> None:
    account = team.office.account
    for number in range(11):
        account.add_policy(team.office.place, f"more-{number}", users=team.people)
        account.add_time_off_request(team.days, team.people[0], f"2026-04-{number + 1:02}T00:00:00Z")
        account.add_user(team.office.place, f"Person {number}")
    account.edit(team.days, everyoneIncludingNew=True)
    team.office.page_size = 4
    team.sync()
    assert_equal(team.office, *ALL)
    team.office.page_size, account.largest_post_page = 5000, 3
    account.add_time_off_request(team.days, team.people[1])
    team.sync()
    assert_equal(team.office, *ALL)


def test_the_log_says_beforehand_what_many_policies_cost(team: Team) -> None:
    for number in range(30):
        team.office.account.add_policy(team.office.place, f"more-{number}")
    lines: list[str] = []
    load(team.office, POLICIES, log=lines)
    assert lines[0] == "Agency: 33 requests follow, one for the balances of each of 33 policies"


@pytest.mark.parametrize("zone", ["Etc/GMT+11", "UTC", "Pacific/Kiritimati"])
def test_days_are_those_of_clockify_whatever_the_zone(make_office: Callable[..., Office], zone: str) -> None:
    office = make_office(zone=zone, timezone=zone)
    person = office.account.add_user(office.place)
    group = office.account.add_group(office.place, users=[person])
    christmas = office.account.add_holiday(
        office.place, "Christmas", first=date(2026, 12, 25), last=date(2026, 12, 26), users=[person], groups=[group]
    )
    office.account.edit(christmas, automaticTimeEntryCreation={"enabled": True}, occursAnnually=True)
    office.account.add_holiday(office.place, first=date(2027, 1, 1), automaticTimeEntryCreation=True)
    office.account.add_time_off_request(office.account.add_policy(office.place), person, "2026-03-02T00:00:00Z")
    for table in (HOLIDAYS, POLICIES):
        load(office, table)
    assert_equal(office, HOLIDAYS, *ALL)
    assert rows(office, HOLIDAYS, "startdate", "enddate", "automatictimeentrycreation") == [
        ("2026-12-25", "2026-12-26", '{"enabled":true}'),
        ("2027-01-01", "2027-01-01", "true"),
    ]
    ((start, end),) = rows(office, REQUESTS, "period__start", "period__end")
    assert start == datetime(2026, 3, 2, tzinfo=timezone.utc) == end - timedelta(days=1)
    assert instant(start) == start
