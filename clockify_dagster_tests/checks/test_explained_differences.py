"""What reports leave out or round, what changed since, what cannot be asked: none of it is taken for lost hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from clockify_dagster.sandbox import Account
from clockify_dagster.sandbox.faults import Body, Fault, Status
from clockify_dagster_tests.checks.conftest import (
    ALL,
    ENTRIES,
    TODAY,
    age,
    clean_account,
    compared,
    entries_of,
)
from clockify_dagster_tests.conftest import Project


def test_a_running_timer_is_on_neither_side(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    account.add_entry(place, next(iter(account.users.values())), TODAY - timedelta(hours=1), None)
    finding, asked = compared(make_loaded(account, ENTRIES))
    assert (finding.passed, len(asked)) == (True, 1)


def test_a_running_timer_that_a_report_counts_is_no_difference(make_loaded: Callable[..., Project]) -> None:
    account = Account()
    place = account.add_workspace("Small", "PRO")
    user = account.add_user(place)
    done = account.add_entry(place, user, TODAY - timedelta(days=1))
    timer = account.add_entry(place, user, TODAY, None)
    project = make_loaded(account, ALL)
    days = [(done, 3600), (timer, 60)]
    children = [{"_id": each["timeInterval"]["start"][:10], "duration": seconds} for each, seconds in days]
    totals = [{"entriesCount": 2, "totalTime": 3660}]
    summary = {"totals": totals, "groupOne": [{"_id": user["id"], "duration": 3660, "children": children}]}
    rows = [
        {"_id": each["id"], "userId": user["id"], "timeInterval": {**each["timeInterval"], "duration": seconds}}
        for each, seconds in days
    ]
    project.sandbox.faults.add(Fault("/reports/summary", Body(summary), times=None))
    project.sandbox.faults.add(Fault("/reports/detailed", Body({"totals": totals, "timeentries": rows}), times=None))
    finding, asked = compared(project)
    assert (finding.passed, len(asked)) == (True, 2)
    assert "1 running timers" in finding.message


def test_what_changed_in_clockify_since_a_load_some_time_ago_is_no_failure(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    user = next(iter(account.users.values()))
    timer = account.add_entry(place, user, TODAY, None)
    project = make_loaded(account, ENTRIES)
    age(project, hours=5)
    account.stop_timer(timer, TODAY + timedelta(minutes=20))
    account.delete_entry(entries_of(account)[3])
    account.add_entry(place, user, TODAY - timedelta(days=3))
    finding, asked = compared(project)
    assert finding.passed is True
    assert "3 entries have changed in Clockify since the load" in finding.message
    assert len(asked) == 4


def test_an_entry_that_was_edited_and_then_deleted_since_the_load_may_stand_in_both_lists(
    make_loaded: Callable[..., Project],
) -> None:
    account, _ = clean_account()
    project = make_loaded(account)
    age(project, hours=5)
    gone = entries_of(account)[50]
    account.edit_entry(gone, description="edited")
    edited = [{"id": gone["id"], "documentCode": "TIME_ENTRY", "document": {**gone}}]
    account.delete_entry(gone)
    project.sandbox.faults.add(Fault("/entities/updated", Body({"response": edited}), times=None))
    finding, _ = compared(project)
    assert finding.passed is True
    assert "1 entries have changed in Clockify since the load" in finding.message


def test_what_was_lost_here_is_found_among_what_changed_since(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    project = make_loaded(account)
    age(project, hours=5)
    account.add_entry(place, next(iter(account.users.values())), TODAY - timedelta(days=3))
    lost = entries_of(account)[50]
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", lost["id"])
    finding, _ = compared(project)
    assert [line["ids"] for line in finding.numbers["differences"]] == [[lost["id"]]]


def test_where_the_change_feed_is_refused_that_is_said(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    project = make_loaded(account)
    age(project, hours=5)
    account.feed = "refused"
    account.add_entry(place, next(iter(account.users.values())), TODAY - timedelta(days=3))
    finding, _ = compared(project)
    assert finding.passed is False
    assert "What has changed in Clockify since the load of" in finding.message


def test_a_free_workspace_is_compared_for_the_days_that_its_plan_allows(make_loaded: Callable[..., Project]) -> None:
    project = make_loaded(clean_account(plan="FREE")[0])
    project.execute("UPDATE clockify_workspaces SET featuresubscriptiontype = 'FREE'")
    finding, asked = compared(project)
    assert (finding.passed, len(asked)) == (True, 1)
    (days,) = finding.numbers["days"].values()
    today = project.calendar.today
    assert days == f"{today - timedelta(days=29)} to {today}"


def test_a_range_that_an_unknown_plan_refuses_is_cut(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account(plan="FREE")
    project = make_loaded(account)
    project.execute("UPDATE clockify_workspaces SET featuresubscriptiontype = 'SOMETHING_NEW'")
    finding, asked = compared(project)
    assert (finding.passed, len(asked)) == (True, 2)
    first = project.calendar.today - timedelta(days=29)
    assert finding.numbers["entries"] == sum(
        each["timeInterval"]["start"][:10] >= str(first) for each in entries_of(account)
    )


def test_of_rounded_reports_only_the_number_of_entries_is_compared(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    project = make_loaded(account)
    project.execute("UPDATE clockify_workspaces SET timeroundinginreports = true")
    project.execute("UPDATE clockify_timeentries SET timeinterval_end = timeinterval_end + INTERVAL 4 MINUTE")
    finding, _ = compared(project)
    assert finding.passed is True
    assert "round times" in finding.message
    lost = entries_of(account)[50]
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", lost["id"])
    finding, _ = compared(project)
    assert [line["ids"] for line in finding.numbers["differences"]] == [[lost["id"]]]


def test_types_that_reports_leave_out_are_no_difference(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    user = next(iter(account.users.values()))
    for back in (3, 4):
        account.add_entry(place, user, TODAY - timedelta(days=back), type="BREAK")
    lost = account.add_entry(place, user, TODAY - timedelta(days=4, hours=2))
    project = make_loaded(account, ENTRIES)
    # the sandbox's reports know all types; so let them know of no breaks at all
    for each in entries_of(account):
        if each["type"] == "BREAK":
            account.workspace(place).entries.remove(str(each["id"]))
    finding, _ = compared(project)
    assert finding.passed is True
    assert "leave out entries of type BREAK" in finding.message
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", lost["id"])
    assert [line["ids"] for line in compared(project)[0].numbers["differences"]] == [[lost["id"]]]


def test_a_break_as_long_as_what_is_too_much_here_explains_nothing(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    user = next(iter(account.users.values()))
    account.add_entry(place, user, TODAY - timedelta(days=3), type="BREAK")
    gone = account.add_entry(place, user, TODAY - timedelta(days=8))
    project = make_loaded(account, ENTRIES)
    account.delete_entry(gone)
    finding, _ = compared(project)
    assert [line["ids"] for line in finding.numbers["differences"]] == [[gone["id"]]]


def test_hours_of_people_in_no_list_are_told_apart(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    left = account.add_user(place, "Left before the first load")
    for back in (2, 30):
        account.add_entry(place, left, TODAY - timedelta(days=back))
    account.remove_user(place, left)
    project = make_loaded(account)
    finding, asked = compared(project)
    assert (finding.passed, finding.severity, len(asked)) == (False, "WARN", 2)
    (line,) = finding.numbers["of people in no list"]
    assert (line["users"], line["entries missing"], line["seconds missing"]) == ([left["id"]], 2, 7200)
    lost = entries_of(account)[50]
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", lost["id"])
    finding, _ = compared(project)
    assert (finding.severity, [line["ids"] for line in finding.numbers["differences"]]) == ("ERROR", [[lost["id"]]])


def test_hours_of_people_in_no_list_are_known_though_their_number_cannot_be_asked_for(
    make_loaded: Callable[..., Project],
) -> None:
    account, place = clean_account()
    left = account.add_user(place, "Left before the first load")
    account.add_entry(place, left, TODAY - timedelta(days=2))
    account.remove_user(place, left)
    project = make_loaded(account)
    project.sandbox.faults.add(Fault("/reports/detailed", Status(403), times=None))
    finding, _ = compared(project)
    (line,) = finding.numbers["of people in no list"]
    assert (finding.severity, line["users"], line["entries missing"]) == ("WARN", [left["id"]], 1)


def refused(project: Project) -> None:
    project.account.reports = "refused"


def limited(project: Project) -> None:
    project.account.requests_per_hour, project.account.retry_after = 0, 3600


def keyless(project: Project) -> None:
    project.set(api_key="")


def never_loaded(project: Project) -> None:
    project.execute("DELETE FROM clockify_state.loaded_ranges")


@pytest.mark.parametrize("hindrance", [refused, limited, keyless, never_loaded])
def test_what_cannot_be_asked_is_not_checked_and_not_passed(
    hindrance: Callable[[Project], None], make_loaded: Callable[..., Project]
) -> None:
    project = make_loaded()
    hindrance(project)
    finding, _ = compared(project)
    assert (finding.passed, finding.severity, finding.metadata["checked"]) == (None, "WARN", False)
    assert finding.message.startswith("Not checked: ")
