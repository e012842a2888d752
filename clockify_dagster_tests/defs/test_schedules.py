"""The schedules: which days a tick asks for, with and without a database, and while somebody has the file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from clockify_dagster.warehouse.state import ensure_state, remember_loaded
from dagster import DagsterInstance, Failure, RunRequest, ScheduleDefinition, SkipReason, build_schedule_context

from clockify_dagster.days import Days
from clockify_dagster.defs.resources import WarehouseResource
from clockify_dagster.defs.schedules import all_schedules
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Database, Warehouse

NOW = datetime.now(timezone.utc)
HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.setenv("CLOCKIFY_START_DATE", (NOW.date() - timedelta(days=60)).isoformat())
    monkeypatch.setenv("CLOCKIFY_UPDATE_WINDOW_DAYS", "7")
    monkeypatch.setenv("CLOCKIFY_DATABASE", str(tmp_path / "clockify.duckdb"))
    monkeypatch.setenv("CLOCKIFY_LOCK_TIMEOUT_SECONDS", "0.3")
    return Settings.load()


def schedule(settings: Settings, name: str) -> ScheduleDefinition:
    return next(each for each in all_schedules(settings) if each.name == name)


def tick(settings: Settings) -> list[RunRequest]:
    """What a tick of the daily schedule asks for, now."""
    warehouse = WarehouseResource(database=str(settings.database), lock_timeout_seconds=settings.lock_timeout_seconds)
    with DagsterInstance.ephemeral() as instance:
        context = build_schedule_context(instance, scheduled_execution_time=NOW, resources={"warehouse": warehouse})
        data = schedule(settings, "clockify_daily_refresh").evaluate_tick(context)
    return list(data.run_requests or [])


def load(settings: Settings, days: Days) -> None:
    span = days.span(settings.zone)
    with Warehouse(Database(settings.database)).database.writing() as connection:
        connection.execute("CREATE TABLE clockify_workspaces AS SELECT 'a' AS id")
        ensure_state(connection)
        remember_loaded(connection, ["a"], (span.start, span.end), listed_at=NOW)


@contextmanager
def held_open(path: Path) -> Iterator[None]:
    """Another process that has the file open for writing."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=-1, stdout=-1, text=True) as holder:  # noqa: S603
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        yield
        holder.communicate("")


def test_the_first_tick_asks_for_all_days_where_there_is_no_database_yet(settings: Settings) -> None:
    (request,) = tick(settings)
    assert request.tags.items() >= Days(settings.start_date, settings.today).tags.items()
    assert not settings.database.exists()


def test_a_tick_asks_for_the_window_in_one_run(settings: Settings) -> None:
    load(settings, Days(settings.start_date, settings.today))
    (request,) = tick(settings)
    assert request.tags.items() >= Days(settings.today - timedelta(days=6), settings.today).tags.items()


def test_missed_ticks_are_made_up_for_by_the_next_one(settings: Settings) -> None:
    load(settings, Days(settings.start_date, settings.today - timedelta(days=20)))
    (request,) = tick(settings)
    assert request.tags.items() >= Days(settings.today - timedelta(days=19), settings.today).tags.items()


def test_a_tick_while_somebody_has_the_file_asks_for_the_window_at_least(settings: Settings) -> None:
    load(settings, Days(settings.start_date, settings.today - timedelta(days=20)))
    with held_open(settings.database):
        (request,) = tick(settings)
    assert request.tags.items() >= Days(settings.today - timedelta(days=6), settings.today).tags.items()


def test_the_same_tick_asks_for_the_same_run_so_that_it_is_not_started_twice(settings: Settings) -> None:
    assert [request.run_key for request in tick(settings)] == [request.run_key for request in tick(settings)]


def test_a_tick_with_a_broken_setting_fails_with_its_message(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOCKIFY_REGION", "moon")
    with pytest.raises(Exception, match="clockify_daily_refresh") as caught:
        tick(settings)
    cause = caught.value.__cause__
    assert isinstance(cause, Failure)
    assert "CLOCKIFY_REGION cannot be used" in str(cause.description)


def test_schedules_tick_by_the_clock_of_the_zone_and_are_off_at_first() -> None:
    settings = Settings.load(timezone="Asia/Tokyo")
    told = [(each.name, each.cron_schedule, each.execution_timezone) for each in all_schedules(settings)]
    assert told == [
        ("clockify_daily_refresh", "0 5 * * *", "Asia/Tokyo"),
        ("clockify_weekly_integral", "0 2 * * 0", "Asia/Tokyo"),
        ("clockify_daily_checks", "0 6 * * *", "Asia/Tokyo"),
    ]
    assert {each.default_status.value for each in all_schedules(settings)} == {"STOPPED"}


def test_the_weekly_schedule_asks_for_the_integral_tables(settings: Settings) -> None:
    weekly = schedule(settings, "clockify_weekly_integral")
    data = weekly.evaluate_tick(build_schedule_context(scheduled_execution_time=NOW))
    assert weekly.job_name == "clockify_time_entries_integral"
    assert len(data.run_requests or []) == 1
    assert not isinstance(data, SkipReason)
