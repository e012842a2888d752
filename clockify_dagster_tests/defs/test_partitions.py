"""Days: which of them a run is for, and which of them a refresh takes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from clockify_dagster.days import Days
from clockify_dagster.defs.partitions import (
    RANGE_END_TAG,
    RANGE_START_TAG,
    Calendar,
    days_of,
    days_to_load,
    missing_days,
    tags_of,
)
from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Database, Warehouse
from clockify_dagster_tests.defs.calendars import StoppedCalendar, note_loaded

START = date(2026, 1, 1)
TODAY = date(2026, 7, 1)
CALENDAR = StoppedCalendar("UTC", START, 30, TODAY)
DAY = timedelta(days=1)


def test_the_calendar_is_that_of_the_settings() -> None:
    settings = Settings.load(timezone="Asia/Tokyo", start_date=START, update_window_days=7)
    assert Calendar.of(settings) == Calendar("Asia/Tokyo", START, 7)


def test_partitions_go_from_the_start_date_up_to_and_including_today() -> None:
    calendar = Calendar("Pacific/Auckland", START, 30)
    before = calendar.today
    keys = calendar.partitions.get_partition_keys()
    assert keys[0] == "2026-01-01"
    assert before <= date.fromisoformat(keys[-1]) <= calendar.today


def test_a_single_partition_is_a_range_of_one_day() -> None:
    assert days_of({"dagster/partition": "2026-01-05"}, CALENDAR) == Days(date(2026, 1, 5), date(2026, 1, 5))


def test_the_tags_of_a_range_mean_these_days() -> None:
    days = Days(date(2026, 1, 5), date(2026, 2, 5))
    assert days_of(tags_of(days), CALENDAR) == days


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({}, "Time entries are loaded by days, and this run names none"),
        ({RANGE_START_TAG: "2026-01-05"}, "or not both ends of a range"),
        ({RANGE_START_TAG: "2026-01-05", RANGE_END_TAG: "2026-01-04"}, "Write 2026-01-04 first"),
        ({RANGE_START_TAG: "2025-12-31", RANGE_END_TAG: "2026-01-04"}, "before the first day there is, 2026-01-01"),
        ({RANGE_START_TAG: "2026-01-05", RANGE_END_TAG: "2026-07-02"}, "2026-07-02 is in the future"),
        ({"dagster/partition": "yesterday"}, "The partition 'yesterday' is not a day"),
    ],
    ids=["no days", "half a range", "turned round", "before the start", "future", "not a day"],
)
def test_days_that_cannot_be_loaded_are_refused(tags: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        days_of(tags, CALENDAR)


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse(Database(Path(Settings.load().database), lock_timeout=1))


def test_all_days_are_to_be_loaded_where_there_is_no_database_yet(warehouse: Warehouse) -> None:
    assert days_to_load(CALENDAR, warehouse) == Days(START, TODAY)


def test_days_that_some_workspace_lacks_are_missing(warehouse: Warehouse) -> None:
    note_loaded(warehouse, CALENDAR, [Days(START, TODAY)], "a")
    note_loaded(warehouse, CALENDAR, [Days(START, START + 9 * DAY), Days(START + 12 * DAY, TODAY)], "a", "b")
    assert missing_days(CALENDAR, warehouse) == [Days(START + 10 * DAY, START + 11 * DAY)]
    assert missing_days(CALENDAR, warehouse, ("a",)) == []


def test_thirty_gaps_are_one_range_from_the_first_of_them_to_today(warehouse: Warehouse) -> None:
    gaps = [Days(day, day) for day in (START + (4 + 2 * number) * DAY for number in range(30))]
    between = [Days(gap.first + DAY, gap.first + DAY) for gap in gaps]
    note_loaded(warehouse, CALENDAR, [Days(START, START + 3 * DAY), *between, Days(between[-1].last, TODAY)], "a")
    assert missing_days(CALENDAR, warehouse) == gaps
    assert days_to_load(CALENDAR, warehouse) == Days(gaps[0].first, TODAY)
