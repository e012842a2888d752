"""Days as partitions, and which of them a refresh takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from dagster import AssetExecutionContext, DailyPartitionsDefinition

from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Span, Warehouse
from clockify_dagster.warehouse.state import Range, covers

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


def days_of(context: AssetExecutionContext) -> Days:
    """The days that a run is to refresh. Raises `SettingsError` where their range is turned round."""
    asked = context.partition_key_range
    return Days(date.fromisoformat(asked.start), date.fromisoformat(asked.end))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a day begins."""
    return datetime.combine(day, time(), zone).astimezone(timezone.utc)


def update_window(settings: Settings) -> Days:
    """The days that every refresh loads again: so many, ending today, none before the start date."""
    today = settings.today
    return Days(max(settings.start_date, today - timedelta(days=settings.update_window_days - 1)), today)


def pending_days(settings: Settings, warehouse: Warehouse) -> list[Days]:
    """What a refresh has to load: the update window, and every day that was never loaded; the newest first."""
    window = update_window(settings)
    days = [day for each in never_loaded_days(settings, warehouse) for day in each if day < window.first]
    return runs_of([*days, *window])


def never_loaded_days(settings: Settings, warehouse: Warehouse) -> list[Days]:
    """The days since the start date that the warehouse does not hold of every workspace; the newest first."""
    held = [warehouse.loaded_spans(workspace) for workspace in settings.workspaces or warehouse.workspace_ids()]
    every = Days(settings.start_date, settings.today)
    return runs_of(day for day in every if not _is_loaded(day, held, settings.zone))


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
