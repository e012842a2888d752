"""Days: which of them a run is for, and which of them a refresh takes."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from clockify_dagster.warehouse.state import ensure_state, remember_loaded

from clockify_dagster.defs.partitions import (
    RANGE_END_TAG,
    RANGE_START_TAG,
    Days,
    daily_partitions,
    days_of,
    pending_days,
    runs_of,
    update_window,
)
from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Database, Warehouse

START = date(2026, 1, 1)


def settings(**given: object) -> Settings:
    return Settings.load(**{"start_date": START, **given})


def test_partitions_go_from_the_start_date_up_to_and_including_today() -> None:
    keys = daily_partitions(settings(timezone="Pacific/Auckland")).get_partition_keys()
    assert keys[0] == "2026-01-01"
    assert keys[-1] == datetime.now(ZoneInfo("Pacific/Auckland")).date().isoformat()


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [("Europe/Belgrade", date(2026, 3, 29), 23), ("Europe/Belgrade", date(2026, 10, 25), 25), ("UTC", START, 24)],
)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str, day: date, hours: int) -> None:
    span = Days(day, day).span(ZoneInfo(zone))
    assert span.end - span.start == timedelta(hours=hours)


def test_a_single_partition_is_a_range_of_one_day() -> None:
    assert days_of({"dagster/partition": "2026-01-05"}, settings()) == Days(date(2026, 1, 5), date(2026, 1, 5))


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({}, "Time entries are loaded by days, and this run names none"),
        ({RANGE_START_TAG: "2026-01-05"}, "or not both ends of a range"),
        ({RANGE_START_TAG: "2026-01-05", RANGE_END_TAG: "2026-01-04"}, "Write 2026-01-04 first"),
        ({RANGE_START_TAG: "2025-12-31", RANGE_END_TAG: "2026-01-04"}, "before the first day there is, 2026-01-01"),
        ({RANGE_START_TAG: "2026-01-05", RANGE_END_TAG: "2999-01-01"}, "2999-01-01 is in the future"),
        ({"dagster/partition": "yesterday"}, "The partition 'yesterday' is no day"),
    ],
    ids=["no days", "half a range", "turned round", "before the start", "future", "no day"],
)
def test_days_that_cannot_be_loaded_are_refused(tags: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        days_of(tags, settings())


def test_the_window_ends_today_and_does_not_begin_before_the_start_date() -> None:
    today = settings().today
    assert update_window(settings(update_window_days=3)) == Days(today - timedelta(days=2), today)
    assert update_window(settings(update_window_days=3660)).first == START


def test_days_that_touch_are_one_range_and_the_newest_range_comes_first() -> None:
    days = [START + timedelta(days=number) for number in (0, 1, 5, 6, 3)]
    assert runs_of(days) == [Days(days[2], days[3]), Days(days[4], days[4]), Days(days[0], days[1])]


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse(Database(Settings.load().database, lock_timeout=1))


def load(warehouse: Warehouse, days: Days, *workspaces: str) -> None:
    """Note these days as loaded of these workspaces, which are there."""
    span = days.span(ZoneInfo("UTC"))
    with warehouse.database.writing() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS clockify_workspaces AS SELECT unnest(['a', 'b']) AS id")
        ensure_state(connection)
        remember_loaded(connection, workspaces, (span.start, span.end), listed_at=datetime.now(timezone.utc))


def test_all_days_are_pending_where_there_is_no_database_yet(warehouse: Warehouse) -> None:
    assert pending_days(settings(), warehouse) == [Days(START, settings().today)]


def test_the_window_and_the_days_that_some_workspace_lacks_are_pending(warehouse: Warehouse) -> None:
    today = settings().today
    load(warehouse, Days(START, today), "a")
    load(warehouse, Days(START, START + timedelta(days=9)), "a", "b")
    load(warehouse, Days(START + timedelta(days=12), today), "a", "b")
    gap = Days(START + timedelta(days=10), START + timedelta(days=11))
    assert pending_days(settings(update_window_days=1), warehouse) == [Days(today, today), gap]


def test_a_missed_refresh_is_taken_along_by_the_next_one(warehouse: Warehouse) -> None:
    today = settings().today
    load(warehouse, Days(START, today - timedelta(days=40)), "a", "b")
    assert pending_days(settings(), warehouse) == [Days(today - timedelta(days=39), today)]
