"""Failures: what is loaded all the same, what is told, in the failure and in the log, and what is never told."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from clockify_dagster.contract.frames import flatten
from dagster import DagsterInstance

from clockify_dagster.contract import CONTRACT
from clockify_dagster.refresh import listing
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.warehouse import Database, TablesLoad, Warehouse
from clockify_dagster.warehouse.staging import Staging
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today
from clockify_dagster_tests.defs.running import DAILY, ENTRIES, logged, materialized, select
from clockify_dagster_tests.warehouse.test_turns import held

PROGRESS = [("0 of 2", 1), ("1 of 2", 1), ("1 of 2", 2), ("2 of 2", 2)]


def test_a_table_that_is_refused_costs_the_others_nothing(project: Project) -> None:
    project.sandbox.faults.add(Fault("/user-groups", faults.Status(403), times=None))
    project.sandbox.faults.add(Fault("/tags", faults.Status(403), times=None))
    result = select(project, *DAILY, dagster__partition=days_before_today(1)[0].isoformat())
    assert set(project.failures(result)) == {"clockify_usergroups", "clockify_tags"}
    missing = {"clockify_usergroups", "clockify_usergroups__users", "clockify_tags"}
    assert set(materialized(result)) == set(DAILY) - missing


def test_a_document_that_cannot_be_a_row_costs_its_own_table_only(project: Project) -> None:
    place = next(iter(project.account.workspaces.values()))
    task = next(iter(place.tasks.values()))
    task["id"] = None
    result = select(project, "clockify_workspaces", "clockify_projects", "clockify_tasks")
    assert list(project.failures(result)) == ["clockify_projects"]
    assert "clockify_projects" in materialized(result), "it came with the tasks, and is whole"
    assert "clockify_tasks" not in materialized(result)


def test_a_failure_carries_where_it_happened_and_how_many_requests_were_made(project: Project) -> None:
    project.sandbox.faults.add(Fault("/tags", faults.Status(403), times=None))
    result = select(project, "clockify_workspaces", "clockify_tags")
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    facts = {name: value.value for name, value in told.metadata.items()}
    workspace = next(iter(project.account.workspaces))
    assert facts["error"] == "NotAllowedError"
    assert facts["workspace"] == workspace
    assert facts["status"] == "403"
    assert facts["requests"] == 1


def test_a_failure_of_entries_names_workspace_user_and_day(project: Project) -> None:
    project.sandbox.faults.add(Fault("time-entries", faults.Status(403), times=None))
    day = days_before_today(1)[0].isoformat()
    result = select(project, "clockify_workspaces", ENTRIES, dagster__partition=day)
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    facts = {name: value.value for name, value in told.metadata.items()}
    assert facts["workspace"] == next(iter(project.account.workspaces))
    assert any(f"/user/{facts['user']}/" in path for path in project.asked("/time-entries"))
    assert facts["day"] == day
    assert f"day {day}" in str(told.description)


def test_a_key_that_sees_no_workspace_any_more_empties_nothing(project: Project) -> None:
    select(project, "clockify_workspaces")
    before = project.rows("clockify_workspaces")
    project.sandbox.faults.add(Fault("/workspaces$", faults.Body([]), times=None))
    result = select(project, "clockify_workspaces")
    assert "sees no workspace any more" in project.failures(result)["clockify_workspaces"]
    assert project.rows("clockify_workspaces") == before


def test_a_table_that_another_process_refreshes_is_refreshed_after_it_however_long_that_takes(project: Project) -> None:
    project.set(lock_timeout_seconds=0.1)  # that is for other programs

    def load_what_is_new_and_end() -> None:
        place = next(iter(project.account.workspaces))
        document = project.account.add_tag(place, "new")
        staging = Staging(CONTRACT.family("clockify_tags"))
        staging.add(flatten(staging.family, [document]))
        Warehouse(Database(project.database)).write(TablesLoad(staging))
        holder.kill()

    with held(project.database, "clockify_tags") as holder:
        threading.Timer(2, load_what_is_new_and_end).start()
        result = select(project, "clockify_workspaces", "clockify_tags", "clockify_clients")
    assert set(materialized(result)) == {"clockify_workspaces", "clockify_tags", "clockify_clients"}
    said = [line for line in logged(project, result) if f"in process {holder.pid} since" in line]
    assert len(said) == 1
    assert "waiting for it to end, for up to 6 h" in said[0]
    names = {row["name"] for row in project.rows("clockify_tags")}
    assert "new" in names, "what was read before it was our turn overwrites what the other one has read later"
    assert len(names) > 1


def test_the_log_tells_workspace_user_entries_requests_and_the_waiting(project: Project) -> None:
    project.set(concurrency=1)
    project.sandbox.faults.add(Fault("time-entries", faults.Status(429, retry_after=1), nth=2))
    tables = ["clockify_workspaces", "clockify_clients", ENTRIES]
    result = select(project, *tables, dagster__partition=days_before_today(1)[0].isoformat())
    lines = logged(project, result)
    assert any("Agency: 1 clockify_clients" in line for line in lines)
    assert any(line.startswith("Agency: user 2 of 2, 2 entries so far; 6 requests") for line in lines), lines
    assert any("request limit is reached; nothing is asked until" in line for line in lines), lines


def test_a_long_listing_of_few_users_tells_its_progress_by_the_clock(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_PROGRESS_SECONDS", 0.0)
    project.set(concurrency=1)
    result = select(project, "clockify_workspaces", ENTRIES, dagster__partition=days_before_today(1)[0].isoformat())
    told = [line.partition(";")[0] for line in logged(project, result) if ": user " in line]
    assert told == [f"Agency: user {users}, {entries} entries so far" for users, entries in PROGRESS]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for Dagster's history."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_what_runs_leave_behind_does_not_hold_the_key(project: Project, home: Path) -> None:
    key = project.sandbox.api_key
    project.sandbox.faults.add(Fault("/tags", faults.EchoKey(403), times=None))
    with DagsterInstance.local_temp(str(home)) as instance:
        project.instance = instance
        tables = ["clockify_workspaces", "clockify_tags", ENTRIES]
        result = select(project, *tables, dagster__partition=days_before_today(1)[0].isoformat())
        assert not result.success
    files = [path for path in home.parent.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert any(path.suffix == ".duckdb" for path in files)
    assert [path.name for path in files if key.encode() in path.read_bytes()] == []
