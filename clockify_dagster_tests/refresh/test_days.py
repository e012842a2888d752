"""Days are days somewhere: their borders, and which of them a refresh takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clockify_dagster.days import Days, ranges_of
from clockify_dagster.defs.partitions import Calendar, days_to_load, missing_days
from clockify_dagster.errors import SettingsError
from clockify_dagster.warehouse import Database, EntriesLoad, Warehouse, load_state
from clockify_dagster_tests.conftest import CORE_TABLES

FAMILY = CORE_TABLES.family("clockify_timeentries")
ZONES = ["Pacific/Pago_Pago", "America/New_York", "UTC", "Europe/Belgrade", "Asia/Kolkata", "Pacific/Kiritimati"]
W1 = ("w1",)


def calendar(zone: str = "UTC", days: int = 20, window: int = 3) -> Calendar:
    """A calendar whose start date is so many days before today."""
    today = datetime.now(ZoneInfo(zone)).date()
    return Calendar(zone, today - timedelta(days=days), window)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(Database(tmp_path / "clockify.duckdb", lock_timeout=5))


def load(
    warehouse: Warehouse, chosen: Calendar, first: int, last: int, *workspaces: str, at: datetime | None = None
) -> None:
    """Load days, given by how many days they are before today, of some workspaces."""
    span = Days(chosen.today - timedelta(days=first), chosen.today - timedelta(days=last)).span(chosen.zone)
    with warehouse.database.reading_if_there() as connection:
        before = load_state.last_load(connection, FAMILY[0].name) if connection else None
    listed_at = at or datetime.now(timezone.utc)
    places = workspaces or W1
    staging = warehouse.staging(FAMILY)
    warehouse.write(EntriesLoad(staging, listed_at, span=span, zone=chosen.zone, workspaces=places, last_load=before))


def back(chosen: Calendar, runs: list[Days]) -> list[tuple[int, int]]:
    """Ranges of days, given by how many days they are before today."""
    return [((chosen.today - days.first).days, (chosen.today - days.last).days) for days in runs]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Belgrade", date(2026, 3, 29), 23),
        ("Europe/Belgrade", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # the clock is changed at midnight
        ("Africa/Cairo", date(2026, 10, 29), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Pacific/Kiritimati", date(2026, 3, 29), 24),
    ],
)
def test_a_day_is_as_long_as_it_is_there_and_the_next_one_begins_where_it_ends(
    zone: str, day: date, hours: float
) -> None:
    there = ZoneInfo(zone)
    span = Days(day, day).span(there)
    assert span.end - span.start == timedelta(hours=hours)
    assert span.start.tzinfo is timezone.utc
    after = Days(day + timedelta(days=1), day + timedelta(days=1)).span(there)
    assert after.start == span.end


@pytest.mark.parametrize("zone", ZONES)
def test_dagsters_partitions_have_the_same_borders(zone: str) -> None:
    chosen = Calendar(zone, date(2025, 3, 1), 30)
    partitions = chosen.partitions
    for key in ["2025-03-09", "2025-03-30", "2025-10-26", "2025-11-02", partitions.get_partition_keys()[-1]]:
        window = partitions.time_window_for_partition_key(key)
        span = Days(date.fromisoformat(key), date.fromisoformat(key)).span(chosen.zone)
        assert (window.start, window.end) == (span.start, span.end)


@pytest.mark.parametrize("zone", ZONES)
def test_there_is_a_partition_for_each_day_from_the_start_date_to_today(zone: str) -> None:
    chosen = calendar(zone, days=4)
    keys = chosen.partitions.get_partition_keys()
    assert keys == [str(day) for day in Days(chosen.start_date, chosen.today)]


def test_a_range_turned_round_is_refused() -> None:
    with pytest.raises(ValueError, match="wrong way round"):
        Days(date(2026, 3, 2), date(2026, 3, 1))
    today = calendar().today
    with pytest.raises(SettingsError, match="wrong way round"):
        calendar().checked(today, today - timedelta(days=1))


def test_the_window_ends_today_and_does_not_begin_before_the_start_date() -> None:
    chosen = calendar(days=20, window=3)
    assert back(chosen, [chosen.window]) == [(2, 0)]
    chosen = calendar(days=1, window=30)
    assert back(chosen, [chosen.window]) == [(1, 0)]


def test_at_first_every_day_is_to_be_loaded(warehouse: Warehouse) -> None:
    chosen = calendar()
    assert back(chosen, [days_to_load(chosen, warehouse, W1)]) == [(20, 0)]


def test_later_it_is_one_range_from_the_first_day_that_is_missing_to_today(warehouse: Warehouse) -> None:
    chosen = calendar()
    load(warehouse, chosen, 17, 9)
    load(warehouse, chosen, 6, 0)
    assert back(chosen, [days_to_load(chosen, warehouse, W1)]) == [(20, 0)]
    assert back(chosen, missing_days(chosen, warehouse, W1)) == [(20, 18), (8, 7)]
    load(warehouse, chosen, 20, 18)
    load(warehouse, chosen, 8, 7)
    assert back(chosen, [days_to_load(chosen, warehouse, W1)]) == [(2, 0)]
    assert missing_days(chosen, warehouse, W1) == []


def test_missed_days_are_one_range_with_the_window(warehouse: Warehouse) -> None:
    chosen = calendar(window=1)
    load(warehouse, chosen, 20, 5)
    assert back(chosen, [days_to_load(chosen, warehouse, W1)]) == [(4, 0)]


@pytest.mark.parametrize("zone", ZONES)
def test_the_day_of_the_last_refresh_is_loaded_again_if_it_was_not_over(warehouse: Warehouse, zone: str) -> None:
    chosen = calendar(zone, window=1)
    today = Days(chosen.today, chosen.today).span(chosen.zone).start
    load(warehouse, chosen, 20, 1, at=today - timedelta(hours=10))
    assert back(chosen, [days_to_load(chosen, warehouse, W1)]) == [(1, 0)]
    load(warehouse, chosen, 1, 0, at=today + timedelta(seconds=1))
    assert back(chosen, [days_to_load(chosen, warehouse, W1)]) == [(0, 0)]


def test_days_that_one_of_the_workspaces_lacks_are_missing(warehouse: Warehouse) -> None:
    chosen, both = calendar(), ("w1", "w2")
    load(warehouse, chosen, 20, 0, "w1")
    assert back(chosen, missing_days(chosen, warehouse, both)) == [(20, 3)]
    load(warehouse, chosen, 9, 0, "w1", "w2")
    assert back(chosen, missing_days(chosen, warehouse, both)) == [(20, 10)]


def test_days_that_were_refreshed_without_a_workspace_are_missing_when_it_is_back(warehouse: Warehouse) -> None:
    chosen, both = calendar(), ("w1", "w2")
    load(warehouse, chosen, 20, 0, "w1", "w2")
    load(warehouse, chosen, 12, 8, "w1")
    assert back(chosen, missing_days(chosen, warehouse, both)) == [(12, 8)]


def test_another_zone_makes_the_border_days_missing(warehouse: Warehouse) -> None:
    chosen = calendar("UTC")
    load(warehouse, chosen, 20, 10)
    load(warehouse, chosen, 6, 0)
    moved = replace(chosen, timezone="Europe/Belgrade")
    missing = {day for days in missing_days(moved, warehouse, W1) for day in days}
    unharmed = {chosen.today - timedelta(days=n) for n in (*range(11, 20), 4, 5)}
    assert missing.isdisjoint(unharmed)
    assert {chosen.today - timedelta(days=n) for n in (7, 8, 9)} <= missing
    assert chosen.today - timedelta(days=20) in missing


def test_ranges_are_made_of_days_in_any_order() -> None:
    days = [date(2026, 2, 28), date(2026, 1, 5), date(2026, 3, 1), date(2026, 1, 4)]
    assert ranges_of(days) == [Days(date(2026, 1, 4), date(2026, 1, 5)), Days(date(2026, 2, 28), date(2026, 3, 1))]
    assert ranges_of([]) == []
