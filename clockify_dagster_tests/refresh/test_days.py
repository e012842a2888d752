"""Days are days somewhere: their borders, and which of them a refresh takes."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.defs.partitions import (
    Days,
    daily_partitions,
    never_loaded_days,
    pending_days,
    runs_of,
    update_window,
)
from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import SpanLoad, Warehouse
from clockify_dagster.warehouse.connection import Database
from clockify_dagster.warehouse.staging import Staging

FAMILY = CONTRACT.family("clockify_timeentries")
ZONES = ["Pacific/Pago_Pago", "America/New_York", "UTC", "Europe/Belgrade", "Asia/Kolkata", "Pacific/Kiritimati"]


def settings(zone: str = "UTC", days: int = 20, window: int = 3) -> Settings:
    """Settings whose start date is so many days before today."""
    today = datetime.now(ZoneInfo(zone)).date()
    return Settings.load(timezone=zone, start_date=today - timedelta(days=days), update_window_days=window)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(Database(tmp_path / "clockify.duckdb", lock_timeout=5))


def load(
    warehouse: Warehouse, chosen: Settings, first: int, last: int, *workspaces: str, at: datetime | None = None
) -> None:
    """Load days, told by how many days they are before today, of some workspaces."""
    today = chosen.today
    span = Days(today - timedelta(days=first), today - timedelta(days=last)).span(chosen.zone)
    listed_at = at or datetime.now(timezone.utc)
    warehouse.write(SpanLoad(Staging(FAMILY), span, workspaces or ("w1",), listed_at))


def back(chosen: Settings, runs: list[Days]) -> list[tuple[int, int]]:
    """Runs of days, told by how many days they are before today."""
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
    chosen = Settings.load(timezone=zone, start_date="2025-03-01")
    partitions = daily_partitions(chosen)
    for key in ["2025-03-09", "2025-03-30", "2025-10-26", "2025-11-02", partitions.get_partition_keys()[-1]]:
        window = partitions.time_window_for_partition_key(key)
        span = Days(date.fromisoformat(key), date.fromisoformat(key)).span(chosen.zone)
        assert (window.start, window.end) == (span.start, span.end)


@pytest.mark.parametrize("zone", ZONES)
def test_there_is_a_partition_for_each_day_from_the_start_date_to_today(zone: str) -> None:
    chosen = settings(zone, days=4)
    keys = daily_partitions(chosen).get_partition_keys()
    assert keys == [str(day) for day in Days(chosen.start_date, chosen.today)]


def test_a_range_turned_round_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"begins on 2026-03-02 and ends on 2026-03-01"):
        Days(date(2026, 3, 2), date(2026, 3, 1))


def test_the_window_ends_today_and_does_not_begin_before_the_start_date() -> None:
    chosen = settings(days=20, window=3)
    assert back(chosen, [update_window(chosen)]) == [(2, 0)]
    chosen = settings(days=1, window=30)
    assert back(chosen, [update_window(chosen)]) == [(1, 0)]


def test_at_first_every_day_is_pending(warehouse: Warehouse) -> None:
    chosen = settings()
    assert back(chosen, pending_days(chosen, warehouse)) == [(20, 0)]


def test_later_the_window_is_and_what_was_never_loaded_the_newest_first(warehouse: Warehouse) -> None:
    chosen = settings().model_copy(update={"workspaces": ("w1",)})
    load(warehouse, chosen, 17, 9)
    load(warehouse, chosen, 6, 0)
    assert back(chosen, pending_days(chosen, warehouse)) == [(2, 0), (8, 7), (20, 18)]
    load(warehouse, chosen, 20, 18)
    load(warehouse, chosen, 8, 7)
    assert back(chosen, pending_days(chosen, warehouse)) == [(2, 0)]
    assert never_loaded_days(chosen, warehouse) == []


def test_missed_days_are_one_run_with_the_window(warehouse: Warehouse) -> None:
    chosen = settings(window=1).model_copy(update={"workspaces": ("w1",)})
    load(warehouse, chosen, 20, 5)
    assert back(chosen, pending_days(chosen, warehouse)) == [(4, 0)]


@pytest.mark.parametrize("zone", ZONES)
def test_the_day_of_the_last_refresh_is_pending_again_if_it_was_not_over(warehouse: Warehouse, zone: str) -> None:
    chosen = settings(zone, window=1).model_copy(update={"workspaces": ("w1",)})
    today = Days(chosen.today, chosen.today).span(chosen.zone).start
    load(warehouse, chosen, 20, 1, at=today - timedelta(hours=10))
    assert back(chosen, pending_days(chosen, warehouse)) == [(1, 0)]
    load(warehouse, chosen, 1, 0, at=today + timedelta(seconds=1))
    assert back(chosen, pending_days(chosen, warehouse)) == [(0, 0)]


def test_days_are_pending_that_one_of_the_workspaces_lacks(warehouse: Warehouse) -> None:
    chosen = settings().model_copy(update={"workspaces": ("w1", "w2")})
    load(warehouse, chosen, 20, 0, "w1")
    assert back(chosen, pending_days(chosen, warehouse)) == [(20, 0)]
    load(warehouse, chosen, 9, 0, "w1", "w2")
    assert back(chosen, pending_days(chosen, warehouse)) == [(2, 0), (20, 10)]


def test_days_that_were_refreshed_without_a_workspace_are_pending_when_it_is_back(warehouse: Warehouse) -> None:
    chosen = settings().model_copy(update={"workspaces": ("w1", "w2")})
    load(warehouse, chosen, 20, 0, "w1", "w2")
    load(warehouse, chosen, 12, 8, "w1")
    assert back(chosen, pending_days(chosen, warehouse)) == [(2, 0), (12, 8)]


def test_another_zone_makes_the_border_days_pending(warehouse: Warehouse) -> None:
    chosen = settings("UTC").model_copy(update={"workspaces": ("w1",)})
    load(warehouse, chosen, 20, 10)
    load(warehouse, chosen, 6, 0)
    moved = chosen.model_copy(update={"timezone": "Europe/Belgrade"})
    missing = {day for days in never_loaded_days(moved, warehouse) for day in days}
    unharmed = {chosen.today - timedelta(days=n) for n in (*range(11, 20), 4, 5)}
    assert missing.isdisjoint(unharmed)
    assert {chosen.today - timedelta(days=n) for n in (7, 8, 9)} <= missing
    assert chosen.today - timedelta(days=20) in missing


def test_unbroken_runs_are_made_of_days_in_any_order() -> None:
    days = [date(2026, 2, 28), date(2026, 1, 5), date(2026, 3, 1), date(2026, 1, 4)]
    assert runs_of(days) == [Days(date(2026, 2, 28), date(2026, 3, 1)), Days(date(2026, 1, 4), date(2026, 1, 5))]
    assert runs_of([]) == []
