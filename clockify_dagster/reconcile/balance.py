"""What the reports have and the table lacks, or the other way round, and which entries account for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from clockify_dagster.api import Totals
from clockify_dagster.api.reports import ReportRange, ReportSummary
from clockify_dagster.days import Days
from clockify_dagster.reconcile.loaded import Cell, LoadedEntries

Placed = tuple[Cell, int]
"""Whose an entry is, its day, and its seconds."""


@dataclass(frozen=True)
class Difference:
    """What is missing here on some days; what is too much is negative.

    Attributes:
        user: whose entries they are; None where that is not known.
        entries: how many; None where only the seconds are known.
        ids: which ones; where that is not known, `why_no_ids` says why.
    """

    days: Days
    user: str | None
    entries: int | None
    seconds: int
    ids: tuple[str, ...] = ()
    why_no_ids: str | None = None


class Balance:
    """Both sides of a workspace.

    Attributes:
        by_seconds: whether seconds are compared as well, not only the number of entries.
        unlisted: people who have hours in Clockify, but are in no list of users and have no entries here.
        of_unlisted: what their entries add up to.
        running: ids of timers that the reports count.
    """

    def __init__(self, loaded: LoadedEntries, summary: ReportSummary, *, by_seconds: bool) -> None:
        """Take what the table has, and what the reports say of the same days."""
        self.loaded = loaded
        self.summary = summary
        self.by_seconds = by_seconds
        self.unlisted: list[str] = []
        self.of_unlisted = Totals()
        self.running: set[str] = set()
        self._found: dict[tuple[str, Cell], Totals] = {}

    @property
    def rest(self) -> Totals:
        """What is missing here, or with a minus too much, and not accounted for yet."""
        return self.summary.totals - sum([*self._found.values(), self.of_unlisted], self.loaded.total)

    @property
    def adds_up(self) -> bool:
        """Whether that is nothing."""
        rest = self.rest
        return not rest.entries and not (self.by_seconds and rest.seconds)

    @property
    def is_same(self) -> bool:
        """Whether nothing is on another user's account or on another day either."""
        return self.adds_up and not (self.by_seconds and self.missing())

    def missing(self) -> dict[Cell, int]:
        """The seconds of the rest by user and day, or by user where the reports' days cannot be read."""
        by_day, cells = self.summary.by_day, Counter(self.summary.seconds)
        cells.subtract({cell: total.seconds for cell, total in self.loaded.by_cell(by_day=by_day).items()})
        for (_, (user, day)), total in self._found.items():
            cells[user, day if by_day else None] -= total.seconds
        return {cell: seconds for cell, seconds in cells.items() if seconds and cell[0] not in self.unlisted}

    def leave_out_types(self) -> frozenset[str]:
        """Leave out types of entries that are no work (breaks, time off) where reports do, as their seconds tell."""
        for type_ in self.loaded.types:
            missing, of_type = self.missing(), self.loaded.by_cell(by_day=self.summary.by_day, type_=type_)
            with_them = sum(abs(missing.get(cell, 0)) for cell in of_type)
            without_them = sum(abs(missing.get(cell, 0) + total.seconds) for cell, total in of_type.items())
            if without_them < with_them:
                self.loaded.left_out |= {type_}
        return self.loaded.left_out

    def compare(self, batch: ReportRange, theirs: Mapping[str, Placed]) -> None:
        """Account one by one for the entries that a report has, or should have."""
        missing = self.missing()
        ours = {
            identity: ((entry.user, self.loaded.day_of(entry.start)), entry.seconds)
            for identity, entry in self.loaded.entries(batch.days, users=batch.users).items()
            if entry.type not in self.loaded.left_out or identity in theirs
        }
        found: dict[tuple[str, Cell], Totals] = {}
        for identity in (ours.keys() | theirs.keys()) - self.loaded.changed:
            here, there = ours.get(identity), theirs.get(identity)
            if here and there:
                # it was moved to another user or day only where the summary says so as well
                is_moved = self.by_seconds and here[0] != there[0] and {here[0], there[0]} <= missing.keys()
                there = there if is_moved else (here[0], there[1] if self.by_seconds else here[1])
            for side, sign in ((here, -1), (there, 1)):
                if side and here != there:
                    key = identity, side[0]
                    found[key] = found.get(key, Totals()) + Totals(sign, sign * side[1])
        self._found.update(found)

    def count_running(self, identity: str, cell: Cell, seconds: int) -> None:
        """Account for a timer that the reports count: it has no hours yet."""
        self.running.add(identity)
        self._found[identity, cell] = Totals(1, seconds)

    def differences(self) -> list[Difference]:
        """The entries that differ, those of a user and day together, in order of the days."""
        lines: dict[tuple[date, str], dict[str, Totals]] = defaultdict(dict)
        for (identity, (user, day)), total in self._found.items():
            if day and identity not in self.running:
                lines[day, user][identity] = total
        return [
            Difference(Days(day, day), user or "unknown", total.entries, total.seconds, tuple(sorted(lines[day, user])))
            for day, user in sorted(lines)
            for total in [sum(lines[day, user].values(), Totals())]
        ]

    def unread(self, batches: list[ReportRange], why: str) -> list[Difference]:
        """What differs in reports that were not read: by user and day, as far as the summary tells."""
        cells = {cell: n for cell, n in self.missing().items() if any(shows(batch, cell) for batch in batches)}
        if cells and batches[0].users is not None:
            return [
                Difference(Days(day, day) if day else self.loaded.days, user, None, seconds, why_no_ids=why)
                for (user, day), seconds in sorted(cells.items(), key=lambda cell: -abs(cell[1]))
            ]
        days = Days(min(batch.days.first for batch in batches), max(batch.days.last for batch in batches))
        seconds = self.rest.seconds if self.by_seconds else 0
        return [Difference(days, None, self.rest.entries, seconds, why_no_ids=why)]


def shows(batch: ReportRange, cell: Cell) -> bool:
    """Whether a report shows the entries of a user on a day; where no day is named, whether it may."""
    user, day = cell
    return (batch.users is None or user in batch.users) and (day is None or day in batch.days)
