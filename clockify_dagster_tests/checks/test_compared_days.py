"""Which days were compared with Clockify's totals, and that others were not, is said whatever came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from click.testing import CliRunner

from clockify_dagster.cli import commands
from clockify_dagster.days import Days
from clockify_dagster_tests.checks.conftest import ALL, DAYS, MakeProject, clean_account, compared
from clockify_dagster_tests.conftest import Project

DAY = timedelta(days=1)


def test_all_days_that_should_be_there_are_compared_and_that_is_said(loaded: Project) -> None:
    finding, _ = compared(loaded)
    assert f"and the table agrees. Compared: {loaded.calendar.days}." in finding.message
    assert "Not compared" not in finding.message
    assert finding.numbers["never loaded"] == finding.numbers["loaded and not compared"] == {}


def test_days_that_were_never_loaded_are_named_beside_equal_totals(make_project: MakeProject) -> None:
    project = make_project(clean_account()[0])
    today = project.calendar.today
    first, last = today - (DAYS - 1) * DAY, today - (DAYS - 5) * DAY
    project.set(start_date=first)
    project.run("clockify_daily", Days(first, last), checks=False)
    finding, _ = compared(project)
    never = Days(last + DAY, today)
    assert finding.passed is True
    assert list(finding.numbers["days"].values()) == [str(Days(first, last))]
    assert list(finding.numbers["never loaded"].values()) == [[str(never)]]
    said = f"Compared: {Days(first, last)}. Not compared: {len(never)} days never loaded ({never})."
    assert said in finding.message
    printed = " ".join(CliRunner().invoke(commands, ["check"], catch_exceptions=False).stdout.split())
    assert said in printed, "also where it passed"
    assert f"Days never loaded: {len(never)} of {DAYS} ({never})." in printed


def test_days_that_are_loaded_and_beyond_a_reports_range_are_named(make_loaded: Callable[..., Project]) -> None:
    project = make_loaded(clean_account("FREE")[0], ALL)
    finding, _ = compared(project)
    days = project.calendar.days
    old = Days(days.first, days.newest(30).first - DAY)
    assert finding.passed is True
    assert f"Not compared: {len(old)} days loaded, but before a gap or beyond the range of a report ({old})." in (
        finding.message
    )


def test_of_several_workspaces_each_is_named_with_its_days(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    second = account.add_workspace("Second", "PRO")
    account.add_user(second, "Somebody")
    project = make_loaded(account, ALL)
    days = project.calendar.days
    project.execute(
        "UPDATE clockify_state.loaded_ranges SET range_start = range_start + INTERVAL 7 DAY WHERE workspaceid = ?",
        second["id"],
    )
    finding, _ = compared(project)
    later, first_week = Days(days.first + 7 * DAY, days.last), Days(days.first, days.first + 6 * DAY)
    assert finding.numbers["days"] == {place["id"]: str(days), second["id"]: str(later)}
    assert f"Workspace {place['id']}: Compared: {days}." in finding.message
    assert f"Workspace {second['id']}: Compared: {later}. Not compared: 7 days never loaded ({first_week})." in (
        finding.message
    )


def test_where_totals_differ_the_days_are_said_too(loaded: Project) -> None:
    loaded.execute("DELETE FROM clockify_timeentries WHERE id = (SELECT min(id) FROM clockify_timeentries)")
    finding, _ = compared(loaded)
    assert finding.passed is False
    assert f"Compared: {loaded.calendar.days}. Load them again" in finding.message
