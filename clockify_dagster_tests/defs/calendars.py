"""Calendars on which it is always the same day, and days that are loaded by them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timezone

from clockify_dagster.days import Days
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Warehouse, load_state
from clockify_dagster.warehouse.state_tables import ensure_state


@dataclass(frozen=True)
class StoppedCalendar(Calendar):
    """A calendar whose today stays the same when midnight passes."""

    day: date

    @property
    def today(self) -> date:
        return self.day


def stopped(settings: Settings) -> StoppedCalendar:
    """The calendar that the settings ask for, stopped at the day that it is now."""
    now = Calendar.of(settings)
    return StoppedCalendar(now.timezone, now.start_date, now.window_days, now.today)


def note_loaded(warehouse: Warehouse, calendar: Calendar, ranges: Iterable[Days], *workspaces: str) -> None:
    """Note ranges of days as loaded of these workspaces, which are there, one after the other."""
    with warehouse.database.writing() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS clockify_workspaces (id VARCHAR)")
        for workspace in workspaces:
            connection.execute(
                "INSERT INTO clockify_workspaces SELECT $1 WHERE $1 NOT IN (FROM clockify_workspaces)", [workspace]
            )
        ensure_state(connection)
        for days in ranges:
            load_state.record_span(connection, workspaces, days.span(calendar.zone), datetime.now(timezone.utc))
