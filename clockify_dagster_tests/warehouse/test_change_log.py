"""`clockify_change_log`: what loads found changed, with the values before and after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from clockify_dagster.days import Days
from clockify_dagster.sandbox import Account, Fault
from clockify_dagster.sandbox.faults import Status
from clockify_dagster_tests.conftest import Document, Project

MakeProject = Callable[..., Project]
Line = tuple[Any, ...]
TODAY = datetime.now(timezone.utc).date()


def at(back: int, hour: int) -> datetime:
    return datetime.combine(TODAY - timedelta(days=back), time(hour), timezone.utc)


@pytest.fixture
def agency() -> tuple[Account, Document, list[Document]]:
    """A workspace with a project at a rate, and an entry on each of the last three days."""
    account = Account()
    account.now = lambda: datetime.now(timezone.utc) - timedelta(hours=1)
    place = account.add_workspace("Agency")
    user = account.add_user(place, "Ana")
    project = account.add_project(place, "Website", hourlyRate={"amount": 5000, "currency": "EUR"})
    account.add_to_project(user, project)
    entries = [
        account.add_entry(place, user, at(back, 9), at(back, 10), projectId=project["id"], description=f"day {back}")
        for back in (3, 2, 1)
    ]
    return account, place, entries


def lines(project: Project, table: str = "") -> list[Line]:
    return project.execute(
        "SELECT what, id, column_name, old_value, new_value FROM clockify_change_log "
        "WHERE starts_with(table_name, ?) ORDER BY ALL",
        table,
    )


def sync(project: Project, first: date | None = None) -> None:
    start = first or project.settings.start_date
    project.run("clockify_daily", Days(start, project.calendar.today), checks=False)


def test_a_first_load_and_one_without_changes_are_no_change(
    agency: tuple[Account, Document, list[Document]], make_project: MakeProject
) -> None:
    project = make_project(agency[0], start_date=TODAY - timedelta(days=5))
    sync(project)
    sync(project)
    assert lines(project) == []


def test_entries_that_are_new_edited_moved_and_deleted_are_told_apart(
    agency: tuple[Account, Document, list[Document]], make_project: MakeProject
) -> None:
    account, place, (moved, edited, deleted) = agency
    project = make_project(account, start_date=TODAY - timedelta(days=5))
    sync(project)
    account.edit_entry(edited, description="another one", billable=True)
    account.move_entry(moved, at(2, 12))
    account.delete_entry(deleted)
    user = next(iter(account.users.values()))
    new = account.add_entry(place, user, at(1, 15), at(1, 16))
    sync(project)
    found = lines(project, "clockify_timeentries")
    assert ("added", new["id"], None, None, None) in found
    assert ("changed", edited["id"], "description", "day 2", "another one") in found
    starts = [line for line in found if line[:3] == ("moved", moved["id"], "timeinterval_start")]
    assert [line[4][:16] for line in starts] == [f"{at(2, 12):%Y-%m-%d %H:%M}"]
    gone = {line[2]: line[3] for line in found if line[:2] == ("deleted", deleted["id"])}
    assert (gone["description"], gone["id"]) == ("day 1", deleted["id"])
    assert {line[1] for line in found} == {new["id"], edited["id"], moved["id"], deleted["id"]}
    before = len(found)
    sync(project)
    assert len(lines(project, "clockify_timeentries")) == before, "and once only"


def test_rates_of_projects_tasks_and_members_have_a_history(
    agency: tuple[Account, Document, list[Document]], make_project: MakeProject
) -> None:
    account, place, _ = agency
    (website,) = account.documents(place, "projects")
    task = account.add_task(place, website, "Layout", hourlyRate={"amount": 4000, "currency": "EUR"})
    project = make_project(account, start_date=TODAY - timedelta(days=5), tables="all")
    sync(project)
    account.edit(website, hourlyRate={"amount": 6000, "currency": "EUR"})
    account.edit(task, hourlyRate=None)
    sync(project)
    assert lines(project, "clockify_projects") == [
        ("changed", website["id"], "hourlyrate__amount", "5000.0", "6000.0")
    ], "and not the time that was tracked on it"
    assert ("changed", task["id"], "hourlyrate__amount", "4000.0", None) in lines(project, "clockify_tasks")


def test_days_that_are_loaded_for_the_first_time_are_no_change(
    agency: tuple[Account, Document, list[Document]], make_project: MakeProject
) -> None:
    account, _, entries = agency
    project = make_project(account, start_date=TODAY - timedelta(days=5))
    sync(project, TODAY - timedelta(days=1))
    sync(project)
    assert len(project.rows("clockify_timeentries")) == len(entries)
    account.edit_entry(entries[0], description="since")
    sync(project)
    assert [line[:3] for line in lines(project)] == [("changed", entries[0]["id"], "description")]


def test_the_log_is_written_with_the_change_or_not_at_all(
    agency: tuple[Account, Document, list[Document]], make_project: MakeProject
) -> None:
    account, _, entries = agency
    project = make_project(account, start_date=TODAY - timedelta(days=5))
    sync(project)
    account.edit_entry(entries[2], description="lost once")
    project.sandbox.faults.add(Fault("time-entries", Status(400), times=1))
    days = Days(project.settings.start_date, project.calendar.today)
    project.run("clockify_daily", days, checks=False, expect=False)
    sync(project)
    assert [line[:3] for line in lines(project)] == [("changed", entries[2]["id"], "description")]


def test_old_lines_go_and_without_days_there_is_no_log(
    agency: tuple[Account, Document, list[Document]], make_project: MakeProject
) -> None:
    account, _, entries = agency
    project = make_project(account, start_date=TODAY - timedelta(days=5), change_log_days=0)
    sync(project)
    account.edit_entry(entries[2], description="unseen")
    sync(project)
    assert lines(project) == []
    project.set(change_log_days=10)
    account.edit_entry(entries[2], description="seen")
    sync(project)
    assert len(lines(project)) == 1
    project.execute("UPDATE clockify_change_log SET seen_at = seen_at - INTERVAL 11 DAY")
    sync(project)
    assert lines(project) == []
