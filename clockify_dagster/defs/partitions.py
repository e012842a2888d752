"""Days as partitions, and which of them a refresh takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from dagster import DailyPartitionsDefinition

from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Span, Warehouse
from clockify_dagster.warehouse.state import Range, covers

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


def daily_partitions(settings: Settings) -> DailyPartitionsDefinition:
    """A partition a day, from the start date up to and including today, parted by midnights of the settings' zone."""
    return DailyPartitionsDefinition(
        start_date=settings.start_date.isoformat(), timezone=settings.timezone, end_offset=1
    )


@dataclass(frozen=True, order=True)
class Days:
    """A run of days, the first and the last both in it."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a range turned round."""
        if self.first > self.last:
            raise SettingsError(
                f"The range of days is the wrong way round: it begins on {self.first} and ends on {self.last}. "
                f"Write {self.last} first."
            )

    def __iter__(self) -> Iterator[date]:
        """Each day, in order."""
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def __str__(self) -> str:
        """The days in words."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags that make a run refresh these days, all in one go."""
        return {RANGE_START_TAG: self.first.isoformat(), RANGE_END_TAG: self.last.isoformat()}

    def span(self, zone: ZoneInfo) -> Span:
        """From midnight to midnight; the days of a clock change have 23 or 25 hours."""
        return Span(midnight(self.first, zone), midnight(self.last + timedelta(days=1), zone))


def days_of(tags: Mapping[str, str], settings: Settings) -> Days:
    """The days that a run is to refresh, by its tags: a partition or a range of them.

    Raises `SettingsError` where it has none, or a range is turned round or goes beyond the days that there are. Dagster
    looks at none of that where the tags come from a command line.
    """
    one = tags.get(PARTITION_TAG)
    first, last = (tags.get(RANGE_START_TAG), tags.get(RANGE_END_TAG)) if one is None else (one, one)
    if first is None or last is None:
        example = json.dumps(dict(update_window(settings).tags))
        raise SettingsError(
            "Time entries are loaded by days, and this run names none, or not both ends of a range. Start it with "
            f"`--tags '{example}'`, or choose partitions in the UI; `clockify-dagster sync` finds the days by itself."
        )
    return checked_days(_day(first), _day(last), settings)


def checked_days(first: date, last: date, settings: Settings) -> Days:
    """The days from first to last. Raises `SettingsError` where one of them is no day that can be loaded."""
    for day in (first, last):
        if day < settings.start_date:
            raise SettingsError(
                f"{day} is before the first day there is, {settings.start_date} (CLOCKIFY_START_DATE). "
                f"Choose a later day, or set CLOCKIFY_START_DATE={day}."
            )
        if day > settings.today:
            raise SettingsError(
                f"{day} is in the future; the last day is today, {settings.today} in {settings.timezone}. "
                "Entries of later days come in with their day."
            )
    return Days(first, last)


def _day(key: str) -> date:
    try:
        return date.fromisoformat(key)
    except ValueError:
        raise SettingsError(f"The partition {key!r} is no day; write it as in 2026-01-31.") from None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a day begins."""
    return datetime.combine(day, time(), zone).astimezone(timezone.utc)


def update_window(settings: Settings) -> Days:
    """The days that every refresh loads again: so many, ending today, none before the start date."""
    today = settings.today
    return Days(max(settings.start_date, today - timedelta(days=settings.update_window_days - 1)), today)


def pending_days(settings: Settings, warehouse: Warehouse) -> list[Days]:
    """What a refresh has to load: the update window, and every day before it that is not loaded; the newest first."""
    missing = [day for days in never_loaded_days(settings, warehouse) for day in days]
    return runs_of([*missing, *update_window(settings)])


def never_loaded_days(settings: Settings, warehouse: Warehouse) -> list[Days]:
    """The days before the update window that are not loaded of every workspace; the newest first.

    A day that was last loaded before it was over counts among them: entries of its later hours may be missing.
    """
    workspaces = settings.workspaces or warehouse.workspace_ids()
    with warehouse.memory() as memory:
        held = list(memory.settled_spans(workspaces).values())
    window = update_window(settings)
    every = Days(settings.start_date, window.last)
    return runs_of(day for day in every if day < window.first and not _is_loaded(day, held, settings.zone))


def runs_of(days: Iterable[date]) -> list[Days]:
    """The days as unbroken runs, the newest first."""
    result: list[Days] = []
    for day in sorted(days, reverse=True):
        if result and result[-1].first == day + timedelta(days=1):
            result[-1] = Days(day, result[-1].last)
        else:
            result.append(Days(day, day))
    return result


def _is_loaded(day: date, held: list[list[Range]], zone: ZoneInfo) -> bool:
    span = Days(day, day).span(zone)
    return bool(held) and all(covers(spans, (span.start, span.end)) for spans in held)
