"""Days as partitions, and which of them a refresh takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from dagster import DailyPartitionsDefinition

from clockify_dagster.contract.time import TIMEENTRIES
from clockify_dagster.days import Days, Span, cover, ranges_of
from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Warehouse, load_state
from clockify_dagster.warehouse.workspace_state import UNSEEN, without_days, workspace_names

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


@dataclass(frozen=True)
class Calendar:
    """The days that time entries are loaded by, as they were when the definitions were made.

    A run takes its days, their midnights and the update window from here alone. So a zone that is changed in the
    environment while Dagster runs changes all of them, with the next load of the definitions, or none.
    """

    timezone: str
    start_date: date
    window_days: int

    @classmethod
    def of(cls, settings: Settings) -> Calendar:
        """The calendar that the settings ask for."""
        return cls(settings.timezone, settings.start_date, settings.update_window_days)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone in which a day begins at midnight."""
        return ZoneInfo(self.timezone)

    @property
    def today(self) -> date:
        """Today, in that zone."""
        return datetime.now(self.zone).date()

    @property
    def days(self) -> Days:
        """All days that can be loaded: from the start date to today."""
        return Days(min(self.start_date, self.today), self.today)

    @property
    def limits(self) -> Span:
        """The time of all days that can be loaded."""
        return self.days.span(self.zone)

    @property
    def period(self) -> Span:
        """The time of all plans that are loaded: from the start date to a year from today."""
        return Days(self.days.first, self.today + timedelta(days=365)).span(self.zone)

    @property
    def window(self) -> Days:
        """The days that every refresh loads again: so many, ending today, none before the start date."""
        return self.days.newest(self.window_days)

    @property
    def partitions(self) -> DailyPartitionsDefinition:
        """A partition a day, from the start date up to and including today."""
        return DailyPartitionsDefinition(start_date=self.start_date.isoformat(), timezone=self.timezone, end_offset=1)

    def checked(self, first: date, last: date) -> Days:
        """The days from first to last. Raises `SettingsError` where one of them is not a day that can be loaded."""
        for day in (first, last):
            if day < self.start_date:
                raise SettingsError(
                    f"{day} is before the first day there is, {self.start_date} (CLOCKIFY_START_DATE). "
                    f"Choose a later day, or set CLOCKIFY_START_DATE={day}."
                )
            if day > self.today:
                raise SettingsError(
                    f"{day} is in the future; the last day is today, {self.today} in {self.timezone}. "
                    "Entries of a later day are loaded when that day has come."
                )
        if first > last:
            raise SettingsError(
                f"The range of days is the wrong way round: it begins on {first} and ends on {last}. "
                f"Write {last} first."
            )
        return Days(first, last)


def tags_of(days: Days) -> dict[str, str]:
    """The tags that make a run refresh these days, all in one go."""
    return {RANGE_START_TAG: days.first.isoformat(), RANGE_END_TAG: days.last.isoformat()}


def days_of(tags: Mapping[str, str], calendar: Calendar) -> Days:
    """The days that a run is to refresh, by its tags: a partition or a range of them.

    Raises `SettingsError` where it has none, or a range is turned round or goes beyond the days that there are. Dagster
    looks at none of that where the tags come from a command line.
    """
    one = tags.get(PARTITION_TAG)
    first, last = (tags.get(RANGE_START_TAG), tags.get(RANGE_END_TAG)) if one is None else (one, one)
    if first is None or last is None:
        example = json.dumps(tags_of(calendar.window))
        raise SettingsError(
            "Time entries are loaded by days, and this run names none, or not both ends of a range. Start it with "
            f"`--tags '{example}'`, or choose partitions in the UI; `clockify-dagster sync` finds the days by itself."
        )
    return calendar.checked(_day(first), _day(last))


def _day(key: str) -> date:
    try:
        return date.fromisoformat(key)
    except ValueError:
        raise SettingsError(f"The partition {key!r} is not a day; write it as in 2026-01-31.") from None


def days_to_load(calendar: Calendar, warehouse: Warehouse, workspaces: tuple[str, ...] = ()) -> Days:
    """The range that a refresh has to load: from the first day that is not loaded, or the update window's, to today.

    One range, since a listing costs a request a user however many days it has.
    """
    missing = missing_days(calendar, warehouse, workspaces)
    return Days(min([calendar.window.first, *(days.first for days in missing)]), calendar.today)


def missing_days(calendar: Calendar, warehouse: Warehouse, workspaces: tuple[str, ...] = ()) -> list[Days]:
    """The days before the update window that are not loaded of each of these workspaces, or of each that is loaded.

    A day that was last loaded before it was over is missing too: entries of its later hours may not be there. Of
    workspaces that this key does not see, or never could read, no day is missing; nor where entries are not loaded.
    What earlier runs were told to leave out does not matter: these workspaces are those that are chosen now.
    """
    if TIMEENTRIES.name not in warehouse.contract:
        return []
    wanted, settled, apart = set(workspaces), dict[str, list[Span]](), set[str]()
    with warehouse.database.reading_if_there() as connection:
        if connection is not None:
            settled, apart = load_state.settled_spans(connection), without_days(connection, [UNSEEN])
            wanted = wanted or set(workspace_names(connection))
    held = [settled.get(workspace, []) for workspace in wanted - apart]

    def is_loaded(day: date) -> bool:
        span = Days(day, day).span(calendar.zone)
        return bool(held) and all(cover(spans, span) for spans in held)

    last = calendar.window.first - timedelta(days=1)
    every = Days(calendar.start_date, last) if calendar.start_date <= last else ()
    return ranges_of(day for day in every if not is_loaded(day))
