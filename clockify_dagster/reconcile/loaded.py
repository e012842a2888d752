"""Our side of the comparison: which days are loaded, and what the table's finished entries add up to on them.

Whatever this package reads from the warehouse is read here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clockify_dagster.api import Totals
from clockify_dagster.contract import CONTRACT
from clockify_dagster.contract.model import Type
from clockify_dagster.contract.values import CoercionError, coerce
from clockify_dagster.days import Days, Span
from clockify_dagster.warehouse import Warehouse, load_state
from clockify_dagster.warehouse.audit.sums import (
    DaySum,
    Entry,
    Plan,
    day_sums,
    finished_entries,
    plans,
    user_ids,
)
from clockify_dagster.warehouse.ddl import columns_of

TABLE = next(table for table in CONTRACT if table.partition_column).name
WORK = "REGULAR"
Cell = tuple[str, date | None]
"""A user and a day; without a day, the user on all days."""


@dataclass(frozen=True, kw_only=True)
class ReconciliationContext:
    """What is compared, and when.

    Attributes:
        workspaces: only these; all that are loaded where none is named.
        zone: the zone in which reports are asked for and days are counted.
    """

    warehouse: Warehouse
    workspaces: Collection[str]
    zone: ZoneInfo
    today: date
    now: datetime


@dataclass(frozen=True, kw_only=True)
class LoadedWorkspace:
    """What the warehouse knows about a workspace.

    Attributes:
        days: the whole days of the newest loaded span, up to today; None where there is none.
        users: the ids of all who are in a list of users.
        feed_from: from when on changes are not known to be loaded.
    """

    identity: str
    days: Days | None
    loaded_at: datetime | None
    plan: Plan
    users: frozenset[str]
    feed_from: datetime | None


def loaded_workspaces(context: ReconciliationContext) -> list[LoadedWorkspace]:
    """The workspaces that are to be compared; none where no entries were ever loaded."""
    with context.warehouse.database.reading() as connection:
        if columns_of(connection, TABLE) is None:
            return []
        loaded = {name: spans[-1] for name, spans in load_state.loaded_spans(connection).items() if spans}
        loads = load_state.load_records(connection).get(TABLE, [])
        known_plans, users = plans(connection), user_ids(connection)
        wanted = [name for name in loaded if not context.workspaces or name in context.workspaces]
        feeds = load_state.feed_states(connection)
    return [
        LoadedWorkspace(
            identity=name,
            days=_whole_days(loaded[name], context),
            loaded_at=loads[0].loaded_at if loads else None,
            plan=known_plans.get(name, Plan()),
            users=users,
            feed_from=feeds[name].read_from if name in feeds else None,
        )
        for name in wanted
    ]


def _whole_days(span: Span, context: ReconciliationContext) -> Days | None:
    """The days of a span, up to today; of days that are loaded in part none."""
    start, end = span.start.astimezone(context.zone), span.end.astimezone(context.zone)
    first = start.date() if start.time() == start.time().min else start.date() + timedelta(days=1)
    last = min(end.date() - timedelta(days=1), context.today)
    return Days(first, last) if first <= last else None


class LoadedEntries:
    """The finished entries of a workspace on some days.

    Attributes:
        left_out: types of entries that count as nothing.
        changed: ids of entries that are counted as they are in Clockify, not as they are in the table.
    """

    def __init__(self, context: ReconciliationContext, workspace: str, days: Days) -> None:
        """Read the sums of the days."""
        self.days = days
        self.left_out: frozenset[str] = frozenset()
        self.changed: frozenset[str] = frozenset()
        self._context = context
        self._where: dict[str, Any] = {"workspace": workspace, "zone": context.zone.key}
        with context.warehouse.database.reading() as connection:
            self._sums = day_sums(connection, TABLE, days=days, **self._where)

    @property
    def total(self) -> Totals:
        """What all of them add up to."""
        counted = [each for each in self._sums if each.type not in self.left_out]
        return Totals(sum(each.entries for each in counted), sum(each.seconds for each in counted))

    @property
    def users(self) -> set[str]:
        """Those who have entries."""
        return {each.user for each in self._sums if each.user}

    @property
    def types(self) -> list[str]:
        """The types of entries that are no work, so that reports may leave them out."""
        return sorted({each.type for each in self._sums if each.entries > 0} - {WORK, ""})

    def by_cell(self, *, by_day: bool, type_: str | None = None) -> dict[Cell, Totals]:
        """What they add up to by user and day, or by user; those of one type, where it is named."""
        sums: dict[Cell, Totals] = {}
        for each in self._sums:
            if each.type not in self.left_out and type_ in (None, each.type):
                cell = (each.user, each.day if by_day else None)
                sums[cell] = sums.get(cell, Totals()) + Totals(each.entries, each.seconds)
        return sums

    def entries(self, days: Days, *, users: Collection[str] | None = None) -> dict[str, Entry]:
        """The entries of some of the days by id, also those of left out types; of all users, or of some."""
        with self._context.warehouse.database.reading() as connection:
            found = finished_entries(connection, TABLE, days=days, users=users, **self._where)
        return {entry.identity: entry for entry in found}

    def apply_changes(self, documents: Mapping[str, Mapping[str, Any]], deleted: Collection[str]) -> int:
        """Count as if these changes were loaded. Gives how many of the entries that makes a difference for."""
        self.changed = frozenset(documents).union(deleted)
        with self._context.warehouse.database.reading() as connection:
            before = finished_entries(connection, TABLE, days=self.days, ids=self.changed, **self._where)
        read = [finished_entry(document) for document in documents.values()]
        now = [entry for entry in read if entry and self.day_of(entry.start) in self.days]
        self._sums += [self._sum(entry, -1) for entry in before] + [self._sum(entry, 1) for entry in now]
        return len({entry.identity for entry in {*before} ^ {*now}})

    def day_of(self, start: datetime) -> date:
        """The day on which an entry counts."""
        return start.astimezone(self._context.zone).date()

    def _sum(self, entry: Entry, sign: int) -> DaySum:
        return DaySum(self.day_of(entry.start), entry.user, entry.type, sign, sign * entry.seconds)


def finished_entry(document: Mapping[str, Any]) -> Entry | None:
    """A finished entry from a document of the core API; None where it runs or cannot be read."""
    interval = document.get("timeInterval")
    start, end = (instant(interval.get(name)) if isinstance(interval, Mapping) else None for name in ("start", "end"))
    if start is None or end is None:
        return None
    seconds = int((end - start).total_seconds())
    return Entry(
        str(document.get("id")), str(document.get("userId") or ""), str(document.get("type") or ""), start, seconds
    )


def instant(value: object) -> datetime | None:
    """An instant as Clockify writes it; None where it is none."""
    try:
        read = coerce(Type.TIMESTAMP, value)
    except CoercionError:
        return None
    return read if isinstance(read, datetime) else None
