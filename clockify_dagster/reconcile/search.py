"""Where two totals differ: by halves of the days, until few enough entries are left to compare them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from clockify_dagster.api.reports import LARGEST_REPORT, Totals
from clockify_dagster.errors import ApiError
from clockify_dagster.reconcile.asker import Asker, BudgetSpentError, Document
from clockify_dagster.reconcile.ledger import Days, Ledger, instant
from clockify_dagster.warehouse.audit.sums import Entry


@dataclass(frozen=True)
class Difference:
    """An entry on which the two sides differ. What is missing here is counted as positive, too much as negative."""

    day: date
    user: str
    entry: str
    entries: int
    seconds: int


@dataclass(frozen=True)
class Gap:
    """Days whose totals differ by so much, and why it is not known in which entries."""

    days: Days
    entries: int
    seconds: int
    why: str


@dataclass
class Search:
    """A search through the days of a workspace.

    Attributes:
        users: whose entries are compared; None is everybody's.
        by_seconds: whether seconds are compared as well, not only the number of entries.
        without: types of entries that the reports leave out.
    """

    asker: Asker
    ledger: Ledger
    users: Sequence[str] | None = None
    by_seconds: bool = True
    without: frozenset[str] = frozenset()
    differences: list[Difference] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def is_same(self, days: Days, theirs: Totals) -> bool:
        """Whether our entries of the days add up to their totals."""
        ours = self.ledger.total(days, self.without)
        return ours.entries == theirs.entries and (not self.by_seconds or ours.seconds == theirs.seconds)

    def look(self, days: Days, theirs: Totals) -> None:
        """Find out where the days differ. What cannot be told within the budget becomes a gap."""
        if self.is_same(days, theirs):
            return
        try:
            if days.number == 1 or theirs.entries <= LARGEST_REPORT:
                self._compare(days, theirs)
                return
            older, newer = days.halves()
            of_older = self.asker.totals(older, self.users)
        except BudgetSpentError:
            self._give_up(days, theirs, "the budget of requests is spent")
            return
        except ApiError as error:
            self._give_up(days, theirs, str(error))
            return
        self.look(older, of_older)
        self.look(newer, minus(theirs, of_older))

    def _compare(self, days: Days, theirs: Totals) -> None:
        rows = self.asker.rows(days, theirs.entries, self.users) if theirs.entries else []
        # whether reports leave out running timers always is not known; our side has finished entries only
        told = {_id(row): row for row in rows if not _runs(row)}
        ours = self.ledger.entries(days)
        found = [self._missing(row, days) for identity, row in told.items() if identity not in ours]
        for identity, entry in ours.items():
            if identity not in told:
                found += [self._difference(entry, -1, -entry.seconds)] if entry.type not in self.without else []
            elif self.by_seconds and (seconds := seconds_of(told[identity])) != entry.seconds:
                found.append(self._difference(entry, 0, seconds - entry.seconds))
        self.differences += found
        if not found and len(told) < len(rows):
            self.notes.append(
                f"Reports count {len(rows) - len(told)} running timers on {days}, which have no hours yet."
            )
        elif not found:
            self.notes.append(f"On {days} the report's rows agree with the table, but do not add up to its totals.")

    def _missing(self, row: Document, days: Days) -> Difference:
        interval = row.get("timeInterval")
        start = instant(interval.get("start")) if isinstance(interval, dict) else None
        day = self.ledger.day_of(start) if start else days.first
        return Difference(day, str(row.get("userId") or "unknown"), _id(row), 1, seconds_of(row))

    def _difference(self, entry: Entry, entries: int, seconds: int) -> Difference:
        return Difference(self.ledger.day_of(entry.start), entry.user or "unknown", entry.identity, entries, seconds)

    def _give_up(self, days: Days, theirs: Totals, why: str) -> None:
        missing = minus(theirs, self.ledger.total(days, self.without))
        self.gaps.append(Gap(days, missing.entries, missing.seconds, why))


def minus(one: Totals, other: Totals) -> Totals:
    """The difference."""
    return Totals(one.entries - other.entries, one.seconds - other.seconds)


def _id(row: Document) -> str:
    return str(row.get("_id") or row.get("id"))


def _runs(row: Document) -> bool:
    interval = row.get("timeInterval")
    return isinstance(interval, dict) and interval.get("end") is None


def seconds_of(row: Document) -> int:
    """How long a report's row lasts."""
    interval = row.get("timeInterval")
    duration = interval.get("duration") if isinstance(interval, dict) else None
    return int(duration) if isinstance(duration, int | float) else 0
