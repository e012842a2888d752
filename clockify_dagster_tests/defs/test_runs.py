"""Runs: one table or all, a day or a range of days, in one process or several."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterEventType, DagsterInstance, execute_job, reconstructable

from clockify_dagster.days import Days
from clockify_dagster.defs.partitions import tags_of
from clockify_dagster.defs.table_specs import ROWS
from clockify_dagster.marts import all_marts
from clockify_dagster.sandbox import Account
from clockify_dagster_tests.conftest import CORE_TABLES, Project
from clockify_dagster_tests.defs.accounts import days_before_today
from clockify_dagster_tests.defs.running import ENTRIES, days_tags, events, materialized, select

MakeProject = Callable[..., Project]


def test_any_table_may_be_selected_alone(project: Project) -> None:
    for table in [each.name for each in CORE_TABLES]:  # that of the workspaces comes first
        project.execute(f"DROP TABLE IF EXISTS {table}")  # it may have come with its parent
        tags = {"dagster__partition": days_before_today(1)[0].isoformat()} if table.startswith(f"{ENTRIES}") else {}
        result = select(project, table, **({} if "integral" in table else tags))
        assert result.success, project.failures(result)
        family = [each.name for each in CORE_TABLES.family(CORE_TABLES[table].parent or table)]
        assert materialized(result) == [table, *(each for each in family if each != table)]
        assert project.rows(table) != [], table


def test_a_materialization_tells_rows_and_requests(project: Project) -> None:
    (event,) = events(select(project, "clockify_workspaces"))
    metadata = {name: value.value for name, value in event.materialization.metadata.items()}
    assert metadata.pop("sample rows")
    assert metadata == {
        "requests": 2,  # the second lists the users, for the sake of all other tables
        ROWS: 1,
        "dagster/row_count": 1,
        "dagster/table_name": "main.clockify_workspaces",
        "dagster/storage_kind": "duckdb",
    }


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
    result = select(project, ENTRIES, f"{ENTRIES}__tags", **days_tags(days[0].isoformat(), days[-1].isoformat()))
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
    result = project.run("clockify_daily", Days(days_before_today(2)[0], project.calendar.today))
    tables = [name for name in materialized(result) if name.startswith("clockify_")]
    assert set(materialized(result)[-len(all_marts()) :]) == set(all_marts()), "the marts come last"
    assert tables[0] == "clockify_workspaces"
    assert tables[-2:] == [ENTRIES, f"{ENTRIES}__tags"]
    asked = [("entries" if "time-entries" in path else "reference") for path in project.asked()]
    assert asked == sorted(asked, reverse=True), "no listing of a reference table comes after one of entries"


def test_a_range_turned_round_is_refused_though_dagster_takes_it(project: Project) -> None:
    select(project, "clockify_workspaces")
    days = days_before_today(3)
    result = select(project, ENTRIES, **days_tags(days[2].isoformat(), days[0].isoformat()))
    assert "wrong way round" in project.failures(result)[ENTRIES]
    assert project.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", ENTRIES) == [(0,)]


def test_the_job_of_time_entries_without_days_says_how_to_give_them(project: Project) -> None:
    select(project, "clockify_workspaces")
    said = project.failures(project.run("clockify_time_entries", expect=False))[ENTRIES]
    assert "this run names none" in said
    assert "clockify-dagster sync" in said


def test_an_account_without_anything_makes_every_table(make_project: MakeProject) -> None:
    account = Account()
    account.add_user(account.add_workspace("Empty"))
    project = make_project(account)
    select(project, *(table.name for table in CORE_TABLES), dagster__partition=project.calendar.today.isoformat())
    for table in CORE_TABLES:
        types = project.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", table.name)
        assert dict(types) == {column.name: column.type.sql for column in table.columns}


IN_PROCESSES = """
from dagster import AssetsDefinition, Definitions, define_asset_job, multiprocess_executor
from clockify_dagster.definitions import defs

def job():
    names = "clockify_timeentries", "clockify_timeentries__tags"
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


def test_a_step_in_a_process_of_its_own_loads_the_same(
    project: Project, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(project, "clockify_workspaces")
    (project.folder / "in_processes.py").write_text(IN_PROCESSES)
    monkeypatch.syspath_prepend(project.folder)
    days = Days(days_before_today(2)[0], days_before_today(1)[0])
    job = reconstructable(importlib.import_module("in_processes").job)
    with DagsterInstance.local_temp(str(home)) as instance, execute_job(job, instance, tags=tags_of(days)) as result:
        assert result.success
    assert len(project.rows(ENTRIES)) == 4
    assert len(project.rows(f"{ENTRIES}__tags")) == 4
