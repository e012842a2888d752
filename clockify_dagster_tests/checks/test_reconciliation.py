"""Hours against Clockify's own totals: what differs is named by day and user; what cannot be asked is not passed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from clockify_dagster.reconcile.report import MOST_REQUESTS
from clockify_dagster.sandbox import Account
from clockify_dagster.sandbox.faults import Body, Fault, Status
from clockify_dagster_tests.checks.conftest import (
    ALL,
    ENTRIES,
    TODAY,
    clean_account,
    compared,
    entries_of,
    fill,
)
from clockify_dagster_tests.conftest import Project


def test_equal_totals_cost_one_request_a_workspace(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    second = account.add_workspace("Second", "PRO")
    user = account.add_user(second, "Somebody")
    account.add_entry(second, user, TODAY - timedelta(days=2))
    finding, asked = compared(make_loaded(account, ALL))
    assert finding.passed is True
    assert (finding.numbers["entries"], finding.numbers["entries in Clockify"]) == (158, 158)
    assert finding.numbers["seconds"] == finding.numbers["seconds in Clockify"] == 156 * 5400 + 39 * 6 + 5 * 3600 + 3600
    assert len(asked) == 2 == finding.numbers["requests"]


def test_one_entry_deleted_of_a_hundred_thousand_is_named_within_the_budget(
    make_loaded: Callable[..., Project],
) -> None:
    project = make_loaded()
    fill(project, 100_000)
    lost = f"{66_666:024x}"
    (gone,) = project.execute(
        f"DELETE FROM clockify_timeentries WHERE id = '{lost}' RETURNING timeinterval_start, userid"
    )
    finding, asked = compared(project)
    assert (finding.passed, finding.severity) == (False, "ERROR")
    (line,) = finding.numbers["differences"]
    assert (line["days"], line["user"], line["ids"]) == (str(gone[0].date()), gone[1], [lost])
    assert (line["entries missing"], line["seconds missing"]) == (1, 2400)
    assert f"{gone[0].date()}, user {gone[1]}: 1 entry and 2400 seconds missing" in finding.message
    assert finding.numbers["entries"] > 100_000
    assert len(asked) == 2


def test_with_more_differences_than_requests_the_others_are_named_by_user_and_day(
    make_loaded: Callable[..., Project],
) -> None:
    project = make_loaded()
    fill(project, 24_000)
    project.execute("DELETE FROM clockify_timeentries WHERE id SIMILAR TO '.*7[4567]'")
    finding, asked = compared(project)
    assert len(asked) == MOST_REQUESTS
    named = [line for line in finding.numbers["differences"] if "ids" in line]
    others = [line for line in finding.numbers["differences"] if "ids" not in line]
    assert sum(line["entries missing"] for line in named) == sum(len(line["ids"]) for line in named) > 100
    assert {line["entries missing"] for line in others} == {None}
    assert all(line["user"] and len(line["days"]) == len("2026-01-31") for line in others)
    missing = finding.numbers["seconds in Clockify"] - finding.numbers["seconds"]
    assert sum(line["seconds missing"] for line in finding.numbers["differences"]) == missing
    assert {line["why no ids"] for line in others} == {"the budget of requests is spent"}


def test_all_entries_of_a_user_that_are_lost_are_read_month_by_month(make_loaded: Callable[..., Project]) -> None:
    project = make_loaded()
    fill(project, 9_000)
    lost = project.execute(
        "DELETE FROM clockify_timeentries WHERE userid = (SELECT min(userid) FROM clockify_timeentries) RETURNING id"
    )
    finding, asked = compared(project)
    ids = [identity for line in finding.numbers["differences"] for identity in line["ids"]]
    assert sorted(ids) == sorted(identity for (identity,) in lost)
    # 2250 entries in two or three months, of which each may take a second request
    assert 1 + 3 <= len(asked) <= 1 + 6


def test_what_was_deleted_in_clockify_behind_our_back_is_too_much_here(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    project = make_loaded(account)
    gone = entries_of(account)[30]
    account.delete_entry(gone)
    finding, _ = compared(project)
    (line,) = finding.numbers["differences"]
    assert (finding.passed, finding.severity) == (False, "ERROR")
    assert (line["days"], line["user"]) == (str(gone["timeInterval"]["start"])[:10], gone["userId"])
    assert (line["entries missing"], line["seconds missing"] < -5000, line["ids"]) == (-1, True, [gone["id"]])
    assert "1 entry and" in finding.message
    assert "too many" in finding.message
    assert f"sync --from {line['days']} --to {line['days']}" in finding.message


def test_an_entry_of_another_length_is_named_though_the_number_of_entries_is_right(
    make_loaded: Callable[..., Project],
) -> None:
    account, _ = clean_account()
    project = make_loaded(account)
    longer = entries_of(account)[30]
    project.execute(
        "UPDATE clockify_timeentries SET timeinterval_end = timeinterval_end + INTERVAL 7 SECOND WHERE id = ?",
        longer["id"],
    )
    finding, _ = compared(project)
    (line,) = finding.numbers["differences"]
    assert (line["entries missing"], line["seconds missing"], line["ids"]) == (0, -7, [longer["id"]])


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_days_are_counted_in_the_settings_zone(make_loaded: Callable[..., Project], zone: str) -> None:
    account, place = clean_account()
    user = next(iter(account.users.values()))
    # at 23:30 UTC it is another day in either zone, or was
    late = account.add_entry(place, user, TODAY - timedelta(days=9, minutes=30))
    project = make_loaded(account, ENTRIES, timezone=zone)
    assert compared(project)[0].passed is True
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", late["id"])
    (line,) = compared(project)[0].numbers["differences"]
    start = datetime.fromisoformat(str(late["timeInterval"]["start"]).replace("Z", "+00:00"))
    assert line["days"] == str(start.astimezone(project.calendar.zone).date())


def test_a_number_of_entries_may_differ_though_the_seconds_agree(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    project = make_loaded(account)
    user, start = next(iter(account.users.values())), TODAY - timedelta(days=20, hours=-9)
    lost = {account.add_entry(place, user, start, start)["id"] for _ in range(2)}
    finding, asked = compared(project)
    (line,) = finding.numbers["differences"]
    assert (finding.passed, finding.severity, len(asked)) == (False, "ERROR", 2)
    assert (line["days"], line["user"]) == (str(start.date()), user["id"])
    assert (line["entries missing"], line["seconds missing"], set(line["ids"])) == (2, 0, lost)


def test_an_entry_that_stands_on_another_day_is_named_though_the_totals_agree(
    make_loaded: Callable[..., Project],
) -> None:
    account, _ = clean_account()
    project = make_loaded(account)
    moved = entries_of(account)[30]
    held = datetime.fromisoformat(str(moved["timeInterval"]["start"]).replace("Z", "+00:00"))
    account.move_entry(moved, held + timedelta(days=4))
    finding, asked = compared(project)
    months = {held.month, (held + timedelta(days=4)).month}  # a report of each in which something differs
    assert (finding.passed, finding.severity, len(asked)) == (False, "ERROR", 1 + len(months))
    assert [(line["days"], line["entries missing"], line["ids"]) for line in finding.numbers["differences"]] == [
        (str(held.date()), -1, [moved["id"]]),
        (str((held + timedelta(days=4)).date()), 1, [moved["id"]]),
    ]


def test_days_may_be_written_as_instants_in_reports(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    account.report_dates = "%Y-%m-%dT00:00:00.000Z"
    project = make_loaded(account)
    assert compared(project)[0].passed is True
    lost = entries_of(account)[50]
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", lost["id"])
    project.sandbox.faults.add(Fault("/reports/detailed", Status(403), times=None))
    (line,) = compared(project)[0].numbers["differences"]
    assert (line["days"], line["user"]) == (str(lost["timeInterval"]["start"])[:10], lost["userId"])


def test_where_the_reports_days_cannot_be_read_the_user_and_range_are_named_or_the_entries(
    make_loaded: Callable[..., Project],
) -> None:
    account, _ = clean_account()
    account.report_dates = "the %jth"
    project = make_loaded(account)
    assert compared(project)[0].passed is True
    lost = entries_of(account)[50]
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", lost["id"])
    finding, asked = compared(project)
    (line,) = finding.numbers["differences"]
    assert (line["days"], line["ids"], len(asked)) == (str(lost["timeInterval"]["start"])[:10], [lost["id"]], 2)
    project.sandbox.faults.add(Fault("/reports/detailed", Status(403), times=None))
    finding, _ = compared(project)
    (line,) = finding.numbers["differences"]
    assert (line["user"], line["entries missing"]) == (lost["userId"], None)
    assert [line["days"]] == list(finding.numbers["days"].values())


def test_without_readable_days_all_entries_of_the_user_are_read(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    account.report_dates = "the %jth"
    project = make_loaded(account)
    fill(project, 6_000)
    lost = f"{77:024x}"
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", lost)
    finding, asked = compared(project)
    assert [line["ids"] for line in finding.numbers["differences"]] == [[lost]]
    assert len(asked) == 1 + 2  # 1500 of the 6000 entries are this user's


def test_where_rows_are_refused_day_and_user_are_named_by_the_summary(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    project = make_loaded(account)
    lost = entries_of(account)[50]
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", lost["id"])
    project.sandbox.faults.add(Fault("/reports/detailed", Status(403), times=None))
    finding, asked = compared(project)
    (line,) = finding.numbers["differences"]
    day = str(lost["timeInterval"]["start"])[:10]
    assert (line["days"], line["user"], line["seconds missing"] > 5000, len(asked)) == (day, lost["userId"], True, 2)
    assert (
        f"{day}, user {lost['userId']}: {line['seconds missing']} seconds missing; no closer, since" in finding.message
    )
    assert f"sync --from {day} --to {day}" in finding.message


def test_where_the_rows_agree_a_summary_that_puts_them_on_other_days_is_no_difference(
    make_loaded: Callable[..., Project],
) -> None:
    account = Account()
    place = account.add_workspace("Small", "PRO")
    user = account.add_user(place)
    account.add_entry(place, user, TODAY - timedelta(days=3))
    project = make_loaded(account, ALL)
    days = [{"_id": str((TODAY - timedelta(days=2)).date()), "duration": 3600}]
    group = {"_id": user["id"], "duration": 3600, "children": days}
    answer = {"totals": [{"entriesCount": 1, "totalTime": 3600}], "groupOne": [group]}
    project.sandbox.faults.add(Fault("/reports/summary", Body(answer), times=None))
    finding, asked = compared(project)
    assert (finding.passed, len(asked)) == (True, 2)
    assert "The rows of the reports agree with the table" in finding.message


def test_an_entry_that_moved_into_another_month_is_named_on_both_days(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    project = make_loaded(account)
    moved = entries_of(account)[-1]
    held = datetime.fromisoformat(str(moved["timeInterval"]["start"]).replace("Z", "+00:00"))
    account.move_entry(moved, held - timedelta(days=35))
    found = [(line["days"], line["entries missing"]) for line in compared(project)[0].numbers["differences"]]
    assert found == [(str((held - timedelta(days=35)).date()), 1), (str(held.date()), -1)]
