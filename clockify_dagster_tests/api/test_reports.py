from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient, Totals, Transport
from clockify_dagster.api.reports import ReportRange
from clockify_dagster.days import Days
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults

MARCH = Days(date(2026, 3, 1), date(2026, 3, 31))
ASKED = ReportRange(MARCH, "UTC")


def test_a_summary_has_the_seconds_of_each_user_and_day_in_one_request_without_timers(
    account: Account, client: ClockifyClient, sandbox: Sandbox, workspace: str, user: str
) -> None:
    other = str(account.add_user(workspace, "Max")["id"])
    for day in range(1, 4):
        account.add_entry(workspace, user, f"2026-03-{day:02d}T08:00:00Z", f"2026-03-{day:02d}T09:30:00Z")
    account.add_entry(workspace, user, "2026-03-02T12:00:00Z")
    account.add_entry(workspace, other, "2026-03-02T12:00:00Z")
    account.add_entry(workspace, user, "2026-03-31T08:00:00Z", None)
    summary = client.reports.summary(workspace, ASKED)
    assert summary.totals == Totals(5, 3 * 5400 + 2 * 3600)
    assert summary.seconds == {
        (user, date(2026, 3, 1)): 5400,
        (user, date(2026, 3, 2)): 9000,
        (user, date(2026, 3, 3)): 5400,
        (other, date(2026, 3, 2)): 3600,
    }
    assert len(sandbox.requests) == 1


def test_without_readable_days_a_summary_has_the_seconds_of_each_user(
    account: Account, client: ClockifyClient, workspace: str, user: str
) -> None:
    account.report_dates = "week %W"
    for day in (2, 3, 20):
        account.add_entry(workspace, user, f"2026-03-{day:02d}T08:00:00Z")
    summary = client.reports.summary(workspace, ASKED)
    assert summary.seconds == {(user, None): 3 * 3600}


@pytest.mark.parametrize("key", ["_id", "name"])
def test_either_name_of_a_day_will_do(sandbox: Sandbox, client: ClockifyClient, workspace: str, key: str) -> None:
    day = {"_id": None, "name": None, key: "2026-03-02", "duration": 60}
    answer = {"totals": [{"entriesCount": 1, "totalTime": 60}], "groupOne": [{"id": "u", "children": [day]}]}
    sandbox.faults.add(Fault("summary", faults.Body(answer)))
    assert client.reports.summary(workspace, ASKED).seconds == {("u", date(2026, 3, 2)): 60}


@pytest.mark.parametrize(
    ("label", "zone", "day"),
    [
        ("2026-03-31", "UTC", 31),
        # the moment at which the day begins, in the zone or as it would in UTC
        ("2026-03-01T23:00:00Z", "Europe/Berlin", 2),
        ("2026-03-02T00:00:00.000+01:00", "Europe/Berlin", 2),
        ("2026-03-02T00:00:00Z", "America/Lima", 2),
        # a day that was not asked for, and what is no ISO date
        ("2026-04-02", "UTC", None),
        ("02.03.2026", "UTC", None),
        ("Tuesday", "UTC", None),
        (None, "UTC", None),
    ],
)
def test_days_are_iso_dates_or_instants_and_where_one_is_neither_the_summary_is_by_user(
    sandbox: Sandbox, client: ClockifyClient, workspace: str, label: str | None, zone: str, day: int | None
) -> None:
    children = [{"_id": "2026-03-10", "duration": 60}, {"_id": label, "duration": 30}]
    answer = {"totals": [], "groupOne": [{"_id": "u", "duration": 90, "children": children}]}
    sandbox.faults.add(Fault("summary", faults.Body(answer)))
    by_day = {("u", date(2026, 3, 10)): 60, ("u", date(2026, 3, day or 1)): 30}
    seconds = client.reports.summary(workspace, ReportRange(MARCH, zone)).seconds
    assert seconds == (by_day if day else {("u", None): 90})


def test_totals_are_of_the_whole_range_in_one_request_without_timers(
    account: Account, client: ClockifyClient, sandbox: Sandbox, workspace: str, user: str
) -> None:
    for day in range(1, 6):
        account.add_entry(workspace, user, f"2026-03-{day:02d}T08:00:00Z", f"2026-03-{day:02d}T09:30:00Z")
    account.add_entry(workspace, user, "2026-03-31T08:00:00Z", None)
    assert client.reports.page(workspace, ASKED).totals == Totals(5, 5 * 5400)
    assert len(sandbox.requests) == 1


def test_the_days_are_those_of_the_zone(account: Account, client: ClockifyClient, workspace: str, user: str) -> None:
    account.add_entry(workspace, user, "2026-02-28T23:00:00Z")
    account.add_entry(workspace, user, "2026-03-31T22:00:00Z")
    for zone in ("Europe/Belgrade", "UTC"):
        assert client.reports.page(workspace, ReportRange(MARCH, zone)).totals == Totals(1, 3600)


def test_nothing_in_the_range_is_zero(client: ClockifyClient, workspace: str) -> None:
    assert client.reports.page(workspace, ASKED).totals == Totals(0, 0)
    summary = client.reports.summary(workspace, ASKED)
    assert (summary.totals, summary.seconds) == (Totals(0, 0), {})
    page = client.reports.page(workspace, ASKED)
    assert (page.totals, page.rows, page.is_last) == (Totals(0, 0), [], True)


def test_some_users_may_be_named_and_those_who_left_are_in_by_default(
    account: Account, client: ClockifyClient, workspace: str, user: str
) -> None:
    other = account.add_user(workspace, "Max")
    account.add_entry(workspace, user, "2026-03-02T08:00:00Z")
    account.add_entry(workspace, other, "2026-03-02T08:00:00Z")
    account.remove_user(workspace, other)
    assert client.reports.page(workspace, ASKED).totals.entries == 2
    assert client.reports.page(workspace, ReportRange(MARCH, "UTC", [user])).totals.entries == 1


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Kiritimati"])
def test_rows_of_all_users_are_all_there_though_some_are_deleted_between_pages(
    account: Account, transport: Transport, sandbox: Sandbox, workspace: str, user: str, zone: str
) -> None:
    begin = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    entries = [account.add_entry(workspace, user, begin + timedelta(hours=5) * n) for n in range(120)]
    small = ClockifyClient(transport, sandbox.api_url, sandbox.reports_url, page_size=50)
    sandbox.faults.add(Fault("detailed", faults.After(lambda account: account.delete_entry(entries[-3]))))
    found, number, is_last = [], 0, False
    while not is_last:
        number += 1
        page = small.reports.page(workspace, ReportRange(MARCH, zone), number)
        found += [row["_id"] for row in page.rows]
        is_last = page.is_last
    assert [*dict.fromkeys(found)] == [entry["id"] for entry in entries[::-1]]
    assert len(sandbox.requests) == number == 3


def test_a_full_page_that_is_all_is_one_request(
    account: Account, transport: Transport, sandbox: Sandbox, workspace: str, user: str
) -> None:
    for day in range(1, 11):
        account.add_entry(workspace, user, f"2026-03-{day:02d}T08:00:00Z")
    small = ClockifyClient(transport, sandbox.api_url, sandbox.reports_url, page_size=10)
    page = small.reports.page(workspace, ASKED)
    assert (len(page.rows), page.is_last, page.totals.entries) == (10, True, 10)


def test_a_free_workspace_refuses_more_than_31_days(account: Account, client: ClockifyClient) -> None:
    free = account.add_workspace("Free", "FREE")["id"]
    longer = ReportRange(Days(MARCH.first, MARCH.last + timedelta(days=9)), "UTC")
    for ask in (client.reports.summary, client.reports.page):
        with pytest.raises(errors.BadRequestError, match="31 days") as caught:
            ask(free, longer)
        assert caught.value.facts()["workspace"] == free


@pytest.mark.parametrize(
    "body", [None, [], {"totals": []}, {"totals": 7, "timeentries": []}, {"totals": [{"_id": ""}], "timeentries": []}]
)
def test_an_answer_that_is_no_report_is_tried_again(
    sandbox: Sandbox, client: ClockifyClient, workspace: str, body: Any
) -> None:
    sandbox.faults.add(Fault("detailed", faults.Body(body), times=2))
    assert client.reports.page(workspace, ASKED).totals == Totals(0, 0)
    assert len(sandbox.requests) == 3


@pytest.mark.parametrize(
    "body", [None, [], {"totals": []}, {"groupOne": [7]}, {"groupOne": [{"children": [None]}]}, {"groupOne": {}}]
)
def test_an_answer_that_is_no_summary_is_tried_again(
    sandbox: Sandbox, client: ClockifyClient, workspace: str, body: Any
) -> None:
    sandbox.faults.add(Fault("summary", faults.Body(body), times=2))
    assert client.reports.summary(workspace, ASKED).totals == Totals(0, 0)
    assert len(sandbox.requests) == 3
