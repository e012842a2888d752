"""The checks as Dagster has them: with the jobs and alone, what they cost, what they block, what watches over age."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import AssetCheckEvaluation, AssetCheckSeverity, ExecuteInProcessResult

from clockify_dagster.contract import CONTRACT, CORE
from clockify_dagster.days import Days
from clockify_dagster.marts import all_marts, mart_checks
from clockify_dagster.reconcile import CHECK as RECONCILIATION_CHECK
from clockify_dagster.reconcile import RECONCILIATIONS
from clockify_dagster.warehouse.audit import checks_of
from clockify_dagster_tests.checks.conftest import MakeProject, clean_account
from clockify_dagster_tests.conftest import Project

RECONCILIATION = (RECONCILIATION_CHECK.table, RECONCILIATION_CHECK.name)


def evaluations(result: ExecuteInProcessResult) -> dict[tuple[str, str], AssetCheckEvaluation]:
    return {(each.asset_key.path[-1], each.check_name): each for each in result.get_asset_check_evaluations()}


def test_a_job_runs_all_checks_alone_and_asks_clockify_once(loaded: Project) -> None:
    before = len(loaded.sandbox.requests)
    made = evaluations(loaded.run("clockify_checks"))
    assert {table for table, _ in made} == {*CORE, *all_marts()}
    assert [place for place, each in made.items() if not each.passed] == []
    assert RECONCILIATION in made
    assert len(loaded.sandbox.requests) - before == 1


def test_a_failed_check_shows_its_numbers_and_does_not_fail_the_run(loaded: Project) -> None:
    loaded.execute("UPDATE clockify_tags SET workspaceid = 'other' WHERE name = 'tag 1'")
    made = evaluations(loaded.run("clockify_checks"))
    (failed,) = (each for each in made.values() if not each.passed)
    assert failed.severity is AssetCheckSeverity.ERROR
    assert failed.metadata["orphans"].value == 1
    assert failed.metadata["missing ids"].value == ["other"]


def test_what_could_not_be_checked_is_a_warning_that_says_so(loaded: Project) -> None:
    loaded.set(api_key="")
    made = evaluations(loaded.run("clockify_checks"))[RECONCILIATION]
    assert (made.passed, made.severity) == (False, AssetCheckSeverity.WARN)
    assert str(made.description).startswith("Not checked: CLOCKIFY_API_KEY is not set")
    assert made.metadata["checked"].value is False


def test_of_tables_that_were_never_loaded_nothing_is_said(loaded: Project) -> None:
    loaded.execute("DROP TABLE clockify_timeentries_integral")
    loaded.execute("DELETE FROM clockify_state.loads WHERE table_name = 'clockify_timeentries_integral'")
    made = evaluations(loaded.run("clockify_checks"))
    assert [place for place in made if place[0] == "clockify_timeentries_integral"] == []
    assert [place for place, each in made.items() if not each.passed] == [
        ("clockify_timeentries_integral__tags", "timeentry_id_is_in_clockify_timeentries_integral")
    ]


def test_a_refresh_makes_all_checks_but_the_one_that_costs_requests(loaded: Project) -> None:
    before = loaded.asked("/reports/")
    made = evaluations(loaded.run("clockify_time_entries", Days(loaded.calendar.today, loaded.calendar.today)))
    assert {table for table, _ in made} == {"clockify_timeentries", "clockify_timeentries__tags"}
    assert RECONCILIATION not in made
    assert loaded.asked("/reports/") == before


@pytest.mark.parametrize("blocking", [False, True])
def test_a_check_that_fails_as_an_error_stops_what_comes_after_only_where_that_is_wanted(
    make_project: MakeProject, blocking: bool
) -> None:
    account, place = clean_account()
    place["workspaceSettings"]["round"] = {"minutes": ["a", "list"], "round": "up"}  # of no use for a number
    project = make_project(account, blocking_checks=blocking)
    result = project.run("clockify_reference", expect=not blocking)
    made = evaluations(result)
    assert made["clockify_workspaces", "values_fit"].passed is False
    loaded = {event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key}
    others = {name for name in CORE if "timeentries" not in name} - {"clockify_workspaces"}
    assert loaded - {"clockify_workspaces"} == (set() if blocking else others)


@pytest.mark.parametrize("tables", ["core", "all"])
def test_with_blocking_checks_a_clean_account_is_loaded_as_without(make_project: MakeProject, tables: str) -> None:
    project = make_project(clean_account()[0], blocking_checks=True, tables=tables)
    result = project.run(
        "clockify_everything", Days(project.calendar.today - timedelta(days=3), project.calendar.today)
    )
    made = evaluations(result)
    failed = {place for place, each in made.items() if not each.passed}
    assert ("clockify_timeentries", "is_fresh") in failed, "a warning: these are not all days"
    assert [place for place in failed if made[place].severity is AssetCheckSeverity.ERROR] == []
    assert ("clockify_timeentries__tags", "timeentry_id_is_in_clockify_timeentries") in made


def test_the_page_on_checks_tells_of_each_kind_and_of_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))
    made = {check.name for table in CONTRACT for check in (*checks_of(table), *RECONCILIATIONS)}
    made |= {check.name for mart in all_marts().values() for check in mart_checks(mart)}
    references = {name for name in made if "_is_in_" in name}
    assert told == (made - references) | {"<column>_is_in_<table>"}
