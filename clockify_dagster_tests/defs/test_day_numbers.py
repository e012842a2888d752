"""What a day's materialization says is about this day; what a run did stays with the run."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from dagster import (
    AssetExecutionContext,
    AssetKey,
    DagsterEventType,
    DailyPartitionsDefinition,
    ExecuteInProcessResult,
    asset,
    materialize,
)

from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs.table_specs import PARTITION_ROWS, ROWS
from clockify_dagster.sandbox import Account
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.running import ENTRIES, days_tags, select

MakeProject = Callable[..., Project]
TAGS = f"{ENTRIES}__tags"
Numbers = dict[str, dict[str, Any]]


def numbers_of(result: ExecuteInProcessResult, table: str) -> Numbers:
    """By partition, the metadata of the table's materializations."""
    made = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    return {
        str(each.partition): {name: value.value for name, value in each.metadata.items()}
        for each in made
        if each.asset_key == AssetKey(table)
    }


def of_run(result: ExecuteInProcessResult, table: str) -> dict[str, Any]:
    """The metadata of the table's one observation."""
    found = [
        event.asset_observation_data.asset_observation
        for event in result.filter_events(lambda event: event.event_type == DagsterEventType.ASSET_OBSERVATION)
        if event.asset_key == AssetKey(table)
    ]
    (observed,) = found
    assert observed.partition is None
    return {name: value.value for name, value in observed.metadata.items()}


def range_of(days: list[date]) -> dict[str, str]:
    return days_tags(days[0].isoformat(), days[-1].isoformat())


@pytest.fixture
def loaded(make_project: MakeProject) -> Project:
    """A project whose workspaces are loaded, of an account with other entries on each of the last ten days."""
    account = small_account()
    (place,) = account.workspaces.values()
    users = list(account.users.values())
    for back in range(1, 4):
        for number in range(back):
            start = datetime.combine(days_before_today(back)[0], time(14 + number), timezone.utc)
            account.add_entry(place.identity, users[0], start, start + timedelta(minutes=20), billable=number == 0)
    timer = datetime.combine(days_before_today(1)[0], time(22), timezone.utc)
    account.add_entry(place.identity, users[1], timer, None, billable=True)
    project = make_project(account, start_date=days_before_today(10)[0])
    select(project, "clockify_workspaces")
    return project


def test_each_day_has_its_own_rows_hours_and_billable_hours(loaded: Project) -> None:
    days = days_before_today(5)
    result = select(loaded, ENTRIES, TAGS, **range_of(days))
    found = numbers_of(result, ENTRIES)
    assert list(found) == [day.isoformat() for day in days]
    for back, day in enumerate(reversed(days), 1):
        entries = [row for row in loaded.rows(ENTRIES) if row["timeinterval_start"].date() == day]
        lasted = {
            row["id"]: (row["timeinterval_end"] - row["timeinterval_start"]).total_seconds() / 3600
            for row in entries
            if row["timeinterval_end"]
        }
        assert found[day.isoformat()] == {
            PARTITION_ROWS: len(entries),
            "hours": round(sum(lasted.values()), 4),
            "billable hours": round(sum(lasted.get(row["id"], 0) for row in entries if row["billable"]), 4),
        }
        assert len(entries) == {1: 4, 2: 4, 3: 5}.get(back, 2), "a running timer is a row without hours"
    assert numbers_of(result, TAGS) == {day.isoformat(): {PARTITION_ROWS: 2} for day in days}


def test_a_day_without_entries_says_so(make_project: MakeProject) -> None:
    account = Account()
    account.add_user(account.add_workspace("Empty"))
    days = days_before_today(3)
    project = make_project(account, start_date=days[0])
    select(project, "clockify_workspaces")
    result = select(project, ENTRIES, **range_of(days))
    assert numbers_of(result, ENTRIES) == {
        day.isoformat(): {PARTITION_ROWS: 0, "hours": 0.0, "billable hours": 0.0} for day in days
    }


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Santiago"])
def test_days_are_those_of_the_zone(make_project: MakeProject, zone: str) -> None:
    project = make_project(small_account(), start_date=days_before_today(12)[0], timezone=zone)
    select(project, "clockify_workspaces")
    days = days_before_today(6)
    found = numbers_of(select(project, ENTRIES, **range_of(days)), ENTRIES)
    starts = [row["timeinterval_start"].astimezone(ZoneInfo(zone)).date() for row in project.rows(ENTRIES)]
    assert {day: numbers[PARTITION_ROWS] for day, numbers in found.items()} == {
        day.isoformat(): starts.count(day) for day in days
    }
    assert len(starts) > 0


def test_what_belongs_to_the_run_is_said_once_and_not_of_each_day(loaded: Project) -> None:
    days = days_before_today(4)
    loaded.sandbox.reset_requests()
    result = select(loaded, ENTRIES, TAGS, **range_of(days))
    run = of_run(result, ENTRIES)
    assert run["requests"] == len(loaded.asked())
    assert (run[ROWS], run["dagster/row_count"]) == (15, 15)
    assert "entries deleted" in run
    assert of_run(result, TAGS)[ROWS] == 8
    assert "requests" not in of_run(result, TAGS)
    of_days = [*numbers_of(result, ENTRIES).values(), *numbers_of(result, TAGS).values()]
    assert not any({"requests", ROWS, "dagster/row_count"} & set(each) for each in of_days)


def test_each_table_has_its_own_rows_in_all(loaded: Project) -> None:
    days = days_before_today(10)
    select(loaded, ENTRIES, **range_of(days[:5]))
    result = select(loaded, ENTRIES, **range_of(days[5:]))
    assert (of_run(result, ENTRIES)[ROWS], of_run(result, ENTRIES)["dagster/row_count"]) == (17, 27)
    assert (of_run(result, TAGS)[ROWS], of_run(result, TAGS)["dagster/row_count"]) == (10, 20)
    ((_, users),) = numbers_of(select(loaded, "clockify_users"), "clockify_users").items()
    assert users["dagster/row_count"] == 2


@pytest.mark.parametrize("selected", [ENTRIES, TAGS])
def test_tables_that_are_written_together_are_materialized_together_whichever_is_selected(
    loaded: Project, selected: str
) -> None:
    days = days_before_today(3)
    result = select(loaded, selected, **range_of(days))
    for table in (ENTRIES, TAGS):
        assert loaded.instance.get_materialized_partitions(AssetKey(table)) == {day.isoformat() for day in days}
        assert list(numbers_of(result, table)) == [day.isoformat() for day in days], "and each day once"
    assert numbers_of(result, TAGS)[days[0].isoformat()] == {PARTITION_ROWS: 2}
    assert numbers_of(result, ENTRIES)[days[0].isoformat()][PARTITION_ROWS] == 5


def test_rows_of_ones_own_table_are_those_of_the_day_or_where_there_are_several_of_the_run(project: Project) -> None:
    days = days_before_today(3)
    by_day = DailyPartitionsDefinition(start_date=days[0].isoformat(), end_offset=1)

    @asset(partitions_def=by_day, metadata={"partition_expr": "day"})
    def plans(context: AssetExecutionContext) -> pd.DataFrame:
        frame: pd.DataFrame = pd.DataFrame({"day": [date.fromisoformat(key) for key in context.partition_keys] * 4})
        return frame

    def run(tags: dict[str, str]) -> ExecuteInProcessResult:
        found = project_definitions(project.settings).resources or {}
        resources = {**found, "io_manager": found["clockify_warehouse"]}
        named = {name.replace("__", "/"): value for name, value in tags.items()}
        return materialize([plans], resources=resources, instance=project.instance, tags=named)

    one = numbers_of(run({"dagster__partition": days[0].isoformat()}), "plans")
    assert one[days[0].isoformat()][PARTITION_ROWS] == 4
    several = run(range_of(days))
    assert set(numbers_of(several, "plans")) == {day.isoformat() for day in days}
    assert not any({PARTITION_ROWS, ROWS} & set(each) for each in numbers_of(several, "plans").values())
    assert of_run(several, "plans")[ROWS] == 12
