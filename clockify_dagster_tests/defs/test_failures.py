"""Failures: what is loaded all the same, what is told, in the failure and in the log, and what is never told."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

from clockify_dagster.api import side_by_side
from clockify_dagster.refresh import entries
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today
from clockify_dagster_tests.defs.running import DAILY, ENTRIES, events, logged, materialized, select


def test_a_table_that_cannot_be_read_costs_the_others_nothing(project: Project) -> None:
    project.sandbox.faults.add(Fault("/user-groups", faults.Status(404), times=None))
    project.sandbox.faults.add(Fault("/tags", faults.Status(400), times=None))
    result = select(project, *DAILY, dagster__partition=days_before_today(1)[0].isoformat())
    assert set(project.failures(result)) == {"clockify_usergroups", "clockify_tags"}
    missing = {"clockify_usergroups", "clockify_usergroups__users", "clockify_tags"}
    assert set(materialized(result)) == set(DAILY) - missing


def test_a_table_that_is_refused_keeps_its_rows_and_the_run_is_green(project: Project) -> None:
    tables = ["clockify_workspaces", "clockify_clients", "clockify_projects", "clockify_tags", "clockify_tasks"]
    select(project, *tables)
    before = {table: project.rows(table) for table in tables}
    place = next(iter(project.account.workspaces))
    project.account.add_tag(place, "new")
    project.account.refused |= {"/tags", "/projects"}
    result = select(project, *tables)
    assert result.success
    assert sorted(materialized(result)) == sorted([*tables, "clockify_tasks__assignees"])
    assert {table: project.rows(table) for table in tables} == before
    shown = {str(e.asset_key.path[-1]): e.materialization.metadata for e in events(result)}
    refused = {table: facts["not on this plan"].value for table, facts in shown.items() if "not on this plan" in facts}
    assert set(refused) == {"clockify_tags", "clockify_projects", "clockify_tasks"}
    assert all(list(reasons) == [place] and "403" in reasons[place] for reasons in refused.values())
    warned = [line.split()[0] for line in logged(project, result) if "is not on this plan" in line]
    assert sorted(warned) == ["clockify_projects", "clockify_tags"], "a line for each listing"


def test_where_the_users_are_refused_nothing_at_all_is_replaced(project: Project) -> None:
    day = days_before_today(1)[0].isoformat()
    select(project, *DAILY, dagster__partition=day)
    before = {table: project.rows(table) for table in DAILY}
    project.account.refused.add("/users")
    result = select(project, *DAILY, dagster__partition=day)
    assert not result.success
    assert materialized(result) == []
    assert {table: project.rows(table) for table in DAILY} == before


def test_a_table_that_is_loaded_alone_does_not_read_a_workspace_whose_users_were_refused(project: Project) -> None:
    studio = project.account.add_workspace("Studio")
    for name in ("old", "older"):
        project.account.add_tag(studio, name)
    project.account.add_user(studio)
    select(project, "clockify_workspaces", "clockify_tags")
    project.account.refused.add(f"{studio['id']}/users")
    select(project, "clockify_workspaces")
    before, place = project.rows("clockify_tags"), project.account.workspace(studio)
    place.tags.popitem()  # of what is there, a plain member sees a part
    result = select(project, "clockify_tags")
    assert result.success
    assert project.rows("clockify_tags") == before
    (event,) = events(result)
    assert event.materialization.metadata["workspaces not read"].value == {studio["id"]: "NotAllowedError"}
    project.account.refused.clear()
    select(project, "clockify_workspaces", "clockify_tags")
    assert len(project.rows("clockify_tags")) == len(before) - 1


def test_a_document_that_cannot_be_a_row_costs_its_own_table_only(project: Project) -> None:
    place = next(iter(project.account.workspaces.values()))
    task = next(iter(place.tasks.values()))
    task["id"] = None
    result = select(project, "clockify_workspaces", "clockify_projects", "clockify_tasks")
    assert list(project.failures(result)) == ["clockify_projects"]
    assert "clockify_projects" in materialized(result), "it came with the tasks, and is whole"
    assert "clockify_tasks" not in materialized(result)


def failure_facts(result: ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of the one step that failed."""
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    failure = failed.step_failure_data.user_failure_data
    assert failure is not None
    return {name: value.value for name, value in failure.metadata.items()}


def test_a_failure_carries_where_it_happened_and_how_many_requests_were_made(project: Project) -> None:
    project.sandbox.faults.add(Fault("/tags", faults.Status(400), times=None))
    result = select(project, "clockify_workspaces", "clockify_tags")
    facts = failure_facts(result)
    assert facts["error"] == "BadRequestError"
    assert facts["workspace"] == next(iter(project.account.workspaces))
    assert facts["status"] == "400"
    assert facts["requests"] == 1


def test_a_failure_of_entries_names_workspace_user_and_day(project: Project) -> None:
    project.sandbox.faults.add(Fault("time-entries", faults.Status(403), times=None))
    day = days_before_today(1)[0].isoformat()
    result = select(project, "clockify_workspaces", ENTRIES, dagster__partition=day)
    facts = failure_facts(result)
    assert facts["workspace"] == next(iter(project.account.workspaces))
    assert any(f"/user/{facts['user']}/" in path for path in project.asked("/time-entries"))
    assert facts["day"] == day
    assert f"day {day}" in project.failures(result)[ENTRIES]


def test_a_key_that_sees_no_workspace_any_more_empties_nothing(project: Project) -> None:
    select(project, "clockify_workspaces")
    before = project.rows("clockify_workspaces")
    project.sandbox.faults.add(Fault("/workspaces$", faults.Body([]), times=None))
    result = select(project, "clockify_workspaces")
    assert "sees no workspace any more" in project.failures(result)["clockify_workspaces"]
    assert project.rows("clockify_workspaces") == before


def test_the_log_says_workspace_user_entries_requests_and_the_waiting(project: Project) -> None:
    project.set(concurrency=1)
    project.sandbox.faults.add(Fault("time-entries", faults.Status(429, retry_after=1), nth=2))
    tables = ["clockify_workspaces", "clockify_clients", ENTRIES]
    result = select(project, *tables, dagster__partition=days_before_today(1)[0].isoformat())
    lines = logged(project, result)
    assert any("Agency: 1 documents of clockify_clients" in line for line in lines)
    assert any(line.startswith("user 2 of 2, 2 entries so far; 6 requests, 1 s waited") for line in lines), lines
    assert any("request limit is reached; no request is sent until" in line for line in lines), lines


def test_a_long_listing_of_few_users_says_its_progress_by_the_clock(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "side_by_side", partial(side_by_side, seconds=0.05))
    project.sandbox.faults.add(Fault("time-entries", faults.Stall(0.5)))
    result = select(project, "clockify_workspaces", ENTRIES, dagster__partition=days_before_today(1)[0].isoformat())
    said = [line.partition(";")[0] for line in logged(project, result) if line.startswith("user ")]
    assert said[-1] == "user 2 of 2, 2 entries so far"
    assert "user 1 of 2, 1 entries so far" in said[:-1]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for Dagster's history."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_what_runs_leave_behind_does_not_hold_the_key(project: Project, home: Path) -> None:
    key = project.sandbox.api_key
    project.sandbox.faults.add(Fault("/tags", faults.EchoKey(400), times=None))
    with DagsterInstance.local_temp(str(home)) as instance:
        project.instance = instance
        tables = ["clockify_workspaces", "clockify_tags", ENTRIES]
        result = select(project, *tables, dagster__partition=days_before_today(1)[0].isoformat())
        assert not result.success
    files = [path for path in home.parent.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert any(path.suffix == ".duckdb" for path in files)
    assert [path.name for path in files if key.encode() in path.read_bytes()] == []
