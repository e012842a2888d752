"""Runs: one table or all, a day or a range of days, what fails and what is loaded all the same, what the log tells."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetKey,
    AssetsDefinition,
    DagsterEventType,
    DagsterInstance,
    ExecuteInProcessResult,
    execute_job,
    materialize,
    reconstructable,
)

from clockify_dagster.contract import CONTRACT
from clockify_dagster.definitions import build_definitions
from clockify_dagster.defs.metadata import ROWS
from clockify_dagster.defs.partitions import Days
from clockify_dagster.refresh import listing
from clockify_dagster.sandbox import Account, Fault, faults
from clockify_dagster.settings import Settings
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.warehouse.test_turns import held

MakeProject = Callable[..., Project]
ENTRIES = "clockify_timeentries"
DAILY = [table.name for table in CONTRACT if "integral" not in table.name]
PROGRESS = [("0 of 2", 1), ("1 of 2", 1), ("1 of 2", 2), ("2 of 2", 2)]


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project(small_account(), start_date=days_before_today(10)[0])


def select(project: Project, *tables: str, **tags: str) -> ExecuteInProcessResult:
    """Materialize just these tables, with these tags."""
    definitions = build_definitions(Settings.forgiving())
    return materialize(
        [each for each in definitions.assets or () if isinstance(each, AssetsDefinition)],
        selection=[AssetKey(table) for table in tables],
        resources=definitions.resources,
        instance=project.instance,
        tags={name.replace("__", "/"): value for name, value in tags.items()},
        raise_on_error=False,
    )


def materialized(result: ExecuteInProcessResult) -> list[str]:
    """The tables that a run materialized, in order."""
    return list(dict.fromkeys(str(e.asset_key and e.asset_key.path[-1]) for e in events(result)))


def events(result: ExecuteInProcessResult) -> Sequence[Any]:
    return result.get_asset_materialization_events()


def logged(project: Project, result: ExecuteInProcessResult) -> list[str]:
    """What our code logged in a run."""
    return [entry.user_message for entry in project.instance.all_logs(result.run_id) if not entry.dagster_event]


@pytest.mark.parametrize("table", [table.name for table in CONTRACT])
def test_any_table_may_be_selected_alone(project: Project, table: str) -> None:
    select(project, "clockify_workspaces")
    tags = {"dagster__partition": days_before_today(1)[0].isoformat()} if table.startswith(f"{ENTRIES}") else {}
    result = select(project, table, **({} if "integral" in table else tags))
    assert result.success, project.failures(result)
    assert materialized(result) == [table]
    assert project.rows(table) != []


def test_a_materialization_tells_rows_and_requests(project: Project) -> None:
    (event,) = events(select(project, "clockify_workspaces"))
    metadata = {name: value.value for name, value in event.materialization.metadata.items()}
    assert metadata == {
        "requests": 2,  # the second lists the users, for the sake of all other tables
        ROWS: 1,
        "dagster/row_count": 1,
        "dagster/table_name": "main.clockify_workspaces",
        "dagster/storage_kind": "duckdb",
    }


def test_a_day_tells_its_rows_and_a_range_does_not_pass_its_sum_for_a_days_rows(project: Project) -> None:
    select(project, "clockify_workspaces")
    days = days_before_today(3)
    (one,) = events(select(project, ENTRIES, dagster__partition=days[0].isoformat()))
    assert one.materialization.metadata["dagster/partition_row_count"].value == 2
    several = events(select(project, ENTRIES, **_range(days[0].isoformat(), days[2].isoformat())))
    assert {each.materialization.metadata[ROWS].value for each in several} == {6}
    assert not any("dagster/partition_row_count" in each.materialization.metadata for each in several)


def test_without_the_workspaces_a_run_says_what_to_do(project: Project) -> None:
    result = select(project, ENTRIES, dagster__partition=days_before_today(1)[0].isoformat())
    assert "`clockify-dagster sync`" in project.failures(result)[ENTRIES]
    result = select(project, "clockify_workspaces")
    project.execute("DROP TABLE clockify_workspaces")
    result = select(project, ENTRIES, dagster__partition=days_before_today(1)[0].isoformat())
    assert "The table clockify_workspaces is not loaded yet. Materialize it first" in project.failures(result)[ENTRIES]


def test_a_range_is_one_run_one_listing_a_user_and_all_its_days_are_materialized(project: Project) -> None:
    days = days_before_today(10)
    select(project, "clockify_workspaces")
    project.sandbox.reset_requests()
    result = select(project, ENTRIES, f"{ENTRIES}__tags", **_range(days[0].isoformat(), days[-1].isoformat()))
    assert len(project.asked("/time-entries")) == 2, "two users"
    assert (
        len([e for e in result.all_events if e.event_type == DagsterEventType.STEP_START and e.step_key == ENTRIES])
        == 1
    )
    for table in (ENTRIES, f"{ENTRIES}__tags"):
        held = project.instance.get_materialized_partitions(AssetKey(table))
        assert held == {day.isoformat() for day in days}
    assert len(project.rows(ENTRIES)) == 20


def test_the_daily_job_loads_reference_tables_first_and_then_entries(project: Project) -> None:
    result = project.run("clockify_daily", Days(days_before_today(2)[0], project.settings.today))
    tables = materialized(result)
    assert tables[0] == "clockify_workspaces"
    assert tables[-2:] == [ENTRIES, f"{ENTRIES}__tags"]
    asked = [("entries" if "time-entries" in path else "reference") for path in project.asked()]
    assert asked == sorted(asked, reverse=True), "no listing of a reference table comes after one of entries"


def test_a_range_turned_round_is_refused_though_dagster_takes_it(project: Project) -> None:
    select(project, "clockify_workspaces")
    days = days_before_today(3)
    result = select(project, ENTRIES, **_range(days[2].isoformat(), days[0].isoformat()))
    assert "wrong way round" in project.failures(result)[ENTRIES]
    assert project.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", ENTRIES) == [(0,)]


def test_the_job_of_time_entries_without_days_says_how_to_give_them(project: Project) -> None:
    select(project, "clockify_workspaces")
    said = project.failures(project.run("clockify_time_entries", expect=False))[ENTRIES]
    assert "this run names none" in said
    assert "clockify-dagster sync" in said


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


def test_a_key_that_sees_no_workspace_any_more_empties_nothing(project: Project) -> None:
    select(project, "clockify_workspaces")
    before = project.rows("clockify_workspaces")
    project.sandbox.faults.add(Fault("/workspaces$", faults.Body([]), times=None))
    result = select(project, "clockify_workspaces")
    assert "sees no workspace any more" in project.failures(result)["clockify_workspaces"]
    assert project.rows("clockify_workspaces") == before


def test_an_account_without_anything_makes_every_table(make_project: MakeProject) -> None:
    account = Account()
    account.add_user(account.add_workspace("Empty"))
    project = make_project(account)
    select(project, *(table.name for table in CONTRACT), dagster__partition=project.settings.today.isoformat())
    for table in CONTRACT:
        types = project.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", table.name)
        assert dict(types) == {column.name: column.type.sql for column in table.columns}


def test_a_table_that_another_process_refreshes_is_not_refreshed_at_the_same_time(project: Project) -> None:
    project.set(lock_timeout_seconds=0.3)
    with held(project.database, "clockify_tags") as holder:
        result = select(project, "clockify_workspaces", "clockify_tags", "clockify_clients")
    assert f"process {holder.pid}" in project.failures(result)["clockify_tags"]
    assert set(materialized(result)) == {"clockify_workspaces", "clockify_clients"}
    assert any("waiting for up to 0.3 s" in line for line in logged(project, result))
    assert project.asked("/tags") == [], "nothing is asked for in vain"


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


IN_PROCESSES = """
from dagster import AssetsDefinition, Definitions, define_asset_job, multiprocess_executor
from clockify_dagster.definitions import defs

def job():
    names = "clockify_workspaces", "clockify_timeentries", "clockify_timeentries__tags"
    return Definitions(
        assets=[each for each in defs.assets if isinstance(each, AssetsDefinition)],
        jobs=[define_asset_job("entries", [*names])],
        resources=defs.resources,
        executor=multiprocess_executor,
    ).resolve_job_def("entries")
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for Dagster's history."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_steps_in_processes_of_their_own_load_the_same(
    project: Project, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "in_processes.py").write_text(IN_PROCESSES)
    monkeypatch.syspath_prepend(project.folder)
    days = Days(days_before_today(2)[0], days_before_today(1)[0])
    job = reconstructable(importlib.import_module("in_processes").job)
    with DagsterInstance.local_temp(str(home)) as instance, execute_job(job, instance, tags=dict(days.tags)) as result:
        assert result.success
    assert len(project.rows(ENTRIES)) == 4
    assert len(project.rows(f"{ENTRIES}__tags")) == 4


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


def _range(first: str, last: str) -> dict[str, str]:
    return {"dagster__asset_partition_range_start": first, "dagster__asset_partition_range_end": last}
