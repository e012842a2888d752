"""Our side of the comparison: what the table holds, by day, user and type, and what of it has changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clockify_dagster.api.reports import Totals
from clockify_dagster.contract.model import Type
from clockify_dagster.contract.values import MisfitError, convert
from clockify_dagster.warehouse import Warehouse
from clockify_dagster.warehouse.audit.sums import (
    DaySum,
    Entry,
    day_sums,
    entries_between,
    entries_of_ids,
)

WORK = "REGULAR"


@dataclass(frozen=True)
class Days:
    """Days of a zone, the first and the last included."""

    first: date
    last: date

    def __str__(self) -> str:
        """The days in words."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    def __contains__(self, day: date) -> bool:
        """Whether the day is one of them."""
        return self.first <= day <= self.last

    @property
    def number(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1

    def halves(self) -> tuple[Days, Days]:
        """The older and the newer half of more than one day."""
        middle = self.first + timedelta(days=self.number // 2)
        return Days(self.first, middle - timedelta(days=1)), Days(middle, self.last)

    def newest(self, number: int) -> Days:
        """The last ones of them."""
        return Days(max(self.first, self.last - timedelta(days=number - 1)), self.last)


@dataclass
class Ledger:
    """The finished entries of a workspace on some days.

    Attributes:
        zone: the zone whose days are counted.
        changed: ids of entries that have changed since the load; what became of them is in `since`.
    """

    warehouse: Warehouse
    table: str
    workspace: str
    zone: str
    days: Days
    changed: frozenset[str] = frozenset()
    since: list[Entry] = field(default_factory=list)
    _sums: list[DaySum] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the sums."""
        with self.warehouse.database.reading() as connection:
            self._sums = day_sums(connection, self.table, self.workspace, self.zone, self.days.first, self.days.last)

    def total(self, days: Days, without: Collection[str] = ()) -> Totals:
        """What the days add up to, without entries of some types."""
        chosen = [each for each in self._sums if each.day in days and each.type not in without]
        return Totals(sum(each.entries for each in chosen), sum(each.seconds for each in chosen))

    def entries(self, days: Days) -> dict[str, Entry]:
        """The entries of the days, by id."""
        with self.warehouse.database.reading() as connection:
            held = entries_between(connection, self.table, self.workspace, self.zone, days.first, days.last)
        now = [entry for entry in held if entry.identity not in self.changed]
        now += [entry for entry in self.since if self.day_of(entry.start) in days]
        return {entry.identity: entry for entry in now}

    def take_changes(self, documents: Mapping[str, Mapping[str, Any]], deleted: Iterable[str]) -> int:
        """Count as if these changes were loaded. Gives how many of them make a difference to the sums."""
        self.changed = frozenset(documents) | frozenset(deleted)
        with self.warehouse.database.reading() as connection:
            before = [each for each in entries_of_ids(connection, self.table, self.changed) if self._counts(each)]
        now = [entry_of(document) for document in documents.values()]
        self.since = [entry for entry in now if entry is not None and self._counts(entry)]
        self._sums += [self._sum(entry, -1) for entry in before] + [self._sum(entry, 1) for entry in self.since]
        return len(
            {(e.identity, e.user, e.start, e.seconds) for e in before}
            ^ {(e.identity, e.user, e.start, e.seconds) for e in self.since}
        )

    def day_of(self, start: datetime) -> date:
        """The day on which an entry counts."""
        return start.astimezone(ZoneInfo(self.zone)).date()

    @property
    def users(self) -> set[str]:
        """Those who have entries."""
        return {each.user for each in self._sums if each.user}

    @property
    def days_of_types(self) -> dict[str, date]:
        """By type of entries that are no work, so that reports may leave them out, a day with such an entry."""
        return {each.type: each.day for each in self._sums if each.type and each.type != WORK and each.entries > 0}

    def _counts(self, entry: Entry) -> bool:
        return self.day_of(entry.start) in self.days

    def _sum(self, entry: Entry, sign: int) -> DaySum:
        return DaySum(self.day_of(entry.start), entry.user, entry.type, sign, sign * entry.seconds)


def entry_of(document: Mapping[str, Any]) -> Entry | None:
    """A finished entry from the core API's document; None where it runs or cannot be read."""
    interval = document.get("timeInterval")
    if not isinstance(interval, Mapping):
        return None
    start, end = instant(interval.get("start")), instant(interval.get("end"))
    if start is None or end is None:
        return None
    seconds = int((end - start).total_seconds())
    return Entry(
        str(document.get("id")), str(document.get("userId") or ""), str(document.get("type") or ""), start, seconds
    )


def instant(value: object) -> datetime | None:
    """An instant as Clockify writes it; None where it is none."""
    try:
        read = convert(Type.TIMESTAMP, value)
    except MisfitError:
        return None
    return read if isinstance(read, datetime) else None
