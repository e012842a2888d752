"""The schedules: which days a tick asks for, with and without a database, and while somebody has the file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from dagster import DagsterInstance, Failure, RunRequest, ScheduleDefinition, SkipReason, build_schedule_context

from clockify_dagster.days import Days
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.account_definitions import warehouse_of
from clockify_dagster.defs.partitions import Calendar, tags_of
from clockify_dagster.defs.resources import ClockifyResource
from clockify_dagster.defs.schedules import all_schedules
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Database, Warehouse
from clockify_dagster_tests.defs.calendars import note_loaded, stopped

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


@pytest.fixture
def calendar(settings: Settings) -> Calendar:
    return stopped(settings)


def schedule(calendar: Calendar, name: str) -> ScheduleDefinition:
    return next(each for each in all_schedules(Account("clockify", calendar)) if each.name == name)


def tick(settings: Settings, calendar: Calendar) -> RunRequest:
    """What a tick of the daily schedule asks for, now."""
    resources = {"clockify": ClockifyResource(), "clockify_warehouse": warehouse_of(settings)}
    with (
        DagsterInstance.ephemeral() as instance,
        build_schedule_context(instance, scheduled_execution_time=NOW, resources=resources) as context,
    ):
        data = schedule(calendar, "clockify_daily_refresh").evaluate_tick(context)
    (request,) = data.run_requests or []
    return request


def load(settings: Settings, calendar: Calendar, first: date, last: date) -> None:
    note_loaded(Warehouse(Database(Path(settings.database))), calendar, [Days(first, last)], "a")


def asks_for(request: RunRequest, first: date, last: date) -> bool:
    return request.tags.items() >= tags_of(Days(first, last)).items()


@contextmanager
def held_open(path: Path) -> Iterator[None]:
    """Another process that has the file open for writing."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=-1, stdout=-1, text=True) as holder:  # noqa: S603
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        yield
        holder.communicate("")


def test_the_first_tick_asks_for_all_days_where_there_is_no_database_yet(
    settings: Settings, calendar: Calendar
) -> None:
    assert asks_for(tick(settings, calendar), calendar.start_date, calendar.today)
    assert not Path(settings.database).exists()


def test_a_tick_asks_for_the_window_in_one_run(settings: Settings, calendar: Calendar) -> None:
    load(settings, calendar, calendar.start_date, calendar.today)
    assert asks_for(tick(settings, calendar), calendar.today - timedelta(days=6), calendar.today)


def test_missed_ticks_are_made_up_for_by_the_next_one(settings: Settings, calendar: Calendar) -> None:
    load(settings, calendar, calendar.start_date, calendar.today - timedelta(days=20))
    assert asks_for(tick(settings, calendar), calendar.today - timedelta(days=19), calendar.today)


def test_a_tick_while_somebody_has_the_file_asks_for_the_window_at_least(
    settings: Settings, calendar: Calendar
) -> None:
    load(settings, calendar, calendar.start_date, calendar.today - timedelta(days=20))
    with held_open(Path(settings.database)):
        assert asks_for(tick(settings, calendar), calendar.today - timedelta(days=6), calendar.today)


def test_the_same_tick_asks_for_the_same_run_so_that_it_is_not_started_twice(
    settings: Settings, calendar: Calendar
) -> None:
    assert tick(settings, calendar).run_key == tick(settings, calendar).run_key


def test_a_tick_with_a_broken_setting_fails_with_its_message(
    settings: Settings, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOCKIFY_REGION", "moon")
    with pytest.raises(Exception, match="clockify_daily_refresh") as caught:
        tick(settings, calendar)
    cause = caught.value.__cause__
    assert isinstance(cause, Failure)
    assert "CLOCKIFY_REGION cannot be used" in str(cause.description)


def test_schedules_tick_by_the_clock_of_the_zone_and_are_off_at_first() -> None:
    schedules = all_schedules(Account.of(Settings.load(timezone="Asia/Tokyo")))
    assert [(each.name, each.cron_schedule, each.execution_timezone) for each in schedules] == [
        ("clockify_daily_refresh", "0 5 * * *", "Asia/Tokyo"),
        ("clockify_weekly_integral", "0 2 * * 0", "Asia/Tokyo"),
        ("clockify_daily_checks", "0 6 * * *", "Asia/Tokyo"),
    ]
    assert {each.default_status.value for each in schedules} == {"STOPPED"}


def test_the_weekly_schedule_asks_for_the_integral_tables(calendar: Calendar) -> None:
    weekly = schedule(calendar, "clockify_weekly_integral")
    data = weekly.evaluate_tick(build_schedule_context(scheduled_execution_time=NOW))
    assert weekly.job_name == "clockify_time_entries_integral"
    assert len(data.run_requests or []) == 1
    assert not isinstance(data, SkipReason)
