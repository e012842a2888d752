"""A workspace against Clockify's reports: by user and day, and where that differs, entry by entry."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from clockify_dagster.api import Action, ClockifyClient, Totals
from clockify_dagster.api.reports import LARGEST_REPORT, ReportRange, ReportSummary
from clockify_dagster.days import Days
from clockify_dagster.errors import ApiError, BadRequestError
from clockify_dagster.reconcile.loaded import TABLE, LoadedWorkspace, ReconciliationContext, entry_of
from clockify_dagster.warehouse.audit.sums import Entry, day_sums, finished_entries

FREE_PLAN = "FREE"
SHORT_RANGE, LONG_RANGE = 30, 366  # the free plan allows 31 days, counted in hours where summer time ends
OLD_LOAD = timedelta(minutes=15)
WORK = "REGULAR"
_ACTIONS: tuple[Action, ...] = ("created", "updated", "deleted")

Cell = tuple[str, date | None]
"""A user and a day; without a day, the user on all days."""


class BudgetSpentError(Exception):
    """No request is left to look closer."""


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


class Comparison:
    """The comparison of one workspace. `run` makes it; the attributes are what came of it.

    Attributes:
        why_not: why nothing could be compared; then nothing else is known.
        days: the days that were compared.
        ours: what the table holds on them.
        theirs: what Clockify's reports say.
        differences: what was lost here or there.
        unlisted: people who have hours in Clockify, but are in no list of users and have no entries here.
        of_unlisted: what their entries add up to.
        notes: what one should know about how it was compared.
    """

    def __init__(
        self, client: ClockifyClient, context: ReconciliationContext, workspace: LoadedWorkspace, request_limit: int
    ) -> None:
        """Take a workspace, and at how many requests of the client to stop looking closer."""
        self.workspace = workspace
        self.why_not: str | None = None
        self.days: Days | None = None
        self.ours = self.theirs = self.of_unlisted = Totals()
        self.differences: list[Difference] = []
        self.unlisted: list[str] = []
        self.notes: list[str] = []
        self._client, self._context, self._request_limit = client, context, request_limit
        self._reported: Mapping[Cell, int] = {}
        self._sums: dict[tuple[str, date, str], Totals] = defaultdict(Totals)
        self._left_out: set[str] = set()
        self._changed: set[str] = set()
        self._running: set[str] = set()
        self._found: dict[tuple[str, str, date], Totals] = {}

    @property
    def passed(self) -> bool | None:
        """None where nothing was compared."""
        return None if self.why_not else not self.differences and not self.unlisted

    def run(self) -> Comparison:
        """Compare. Raises nothing that Clockify answers; the result says what could not be had."""
        if self.workspace.days is None:
            self.why_not = "no whole day is loaded yet"
            return self
        try:
            days, summary = self._newest_summary(self.workspace.days)
        except ApiError as error:
            self.why_not = str(error)
            return self
        self.days, self.theirs, self._reported = days, summary.totals, summary.seconds
        with self._context.warehouse.database.reading() as connection:
            for user, day, type_, entries, seconds in day_sums(connection, TABLE, **self._where(days)):
                self._sums[user, day, type_] = Totals(entries, seconds)
        self.ours = sum(self._sums.values(), Totals())
        if self.workspace.rounds:
            self.notes.append("Reports of this workspace round times, so only the number of entries was compared.")
        for explain in (self._apply_changes, self._leave_out_types, self._set_unlisted_apart, self._find_entries):
            if self._missing_cells() or self._missing_entries():
                explain(days)
        return self

    def _newest_summary(self, days: Days) -> tuple[Days, ReportSummary]:
        """The summary of as many of the days as the plan allows. Raises `ApiError`."""
        lengths = [len(days), *(length for length in (LONG_RANGE, SHORT_RANGE) if length < len(days))]
        if self.workspace.plan == FREE_PLAN:
            lengths = [SHORT_RANGE]
        while True:
            asked = days.newest(lengths.pop(0))
            try:
                return asked, self._client.report_summary(self.workspace.identity, self._range(asked))
            except BadRequestError:  # a longer range than the plan allows looks like this
                if not lengths:
                    raise

    def _missing_cells(self) -> dict[Cell, int]:
        """By user and day, the seconds that are missing here and not accounted for; negative where too many are."""
        return {} if self.workspace.rounds else self._differing_cells(self._left_out)

    def _differing_cells(self, left_out: Collection[str]) -> dict[Cell, int]:
        by_day = all(day for _, day in self._reported)
        cells = Counter(self._reported)
        for (user, day, type_), total in self._sums.items():
            cells[user, day if by_day else None] -= 0 if type_ in left_out else total.seconds
        for (_, user, day), total in self._found.items():
            cells[user, day if by_day else None] -= total.seconds
        return {cell: seconds for cell, seconds in cells.items() if seconds and cell[0] not in self.unlisted}

    def _missing_entries(self) -> int:
        """How many entries are missing here and not accounted for; negative where there are too many."""
        ours = sum(total.entries for (_, _, type_), total in self._sums.items() if type_ not in self._left_out)
        found = sum(total.entries for total in self._found.values())
        return self.theirs.entries - ours - found - self.of_unlisted.entries - len(self._running)

    def _apply_changes(self, days: Days) -> None:
        """Count what has changed in Clockify since the load as if it were loaded, where the load is not new."""
        loaded_at, start = self.workspace.loaded_at, self.workspace.changes_from
        if loaded_at is None or start is None or self._context.now - loaded_at < OLD_LOAD:
            return
        since = f"since the load of {loaded_at:%Y-%m-%d %H:%M} UTC"
        end = self._client.transport.server_now() + timedelta(seconds=1)
        try:
            self._claim(len(_ACTIONS))
            lists = [self._client.changes(self.workspace.identity, action, start, end) for action in _ACTIONS]
        except (ApiError, BudgetSpentError, ValueError):  # the last one where the load is older than the feed goes back
            self.notes.append(f"What has changed in Clockify {since} is not known.")
            return
        changes = [change for changes in lists for change in changes]
        # an entry that was edited and then deleted may be in both lists
        deleted = {each.identity for each in changes if each.action == "deleted"}
        documents = {each.identity: each.document for each in changes if each.document and each.identity not in deleted}
        self._changed = deleted.union(documents)
        read = [entry_of(document, self._context.zone) for document in documents.values()]
        now = {entry for entry in read if entry and entry.day in days}
        before = set(self._entries(days, ids=self._changed))
        for sign, entries in ((-1, before - now), (1, now - before)):
            for entry in entries:
                self._sums[entry.user, entry.day, entry.type] += Totals(sign, sign * entry.seconds)
        number = len({entry.identity for entry in before ^ now})
        if number:
            self.notes.append(
                f"{number} entries have changed in Clockify {since}; "
                "they were counted as they are now, and the next sync loads them."
            )

    def _leave_out_types(self, _: Days) -> None:
        """Leave out types of entries that are no work (breaks, time off) where reports do, as less differs then."""

        def off(left_out: set[str]) -> int:
            return sum(map(abs, self._differing_cells(left_out).values()))

        for type_ in sorted({type_ for _, _, type_ in self._sums} - {WORK, ""}):
            if off(self._left_out | {type_}) < off(self._left_out):
                self._left_out.add(type_)
        if self._left_out:
            self.notes.append(f"Reports leave out entries of type {', '.join(sorted(self._left_out))}, and so did we.")

    def _set_unlisted_apart(self, days: Days) -> None:
        """Set apart the hours of people whom no list names, so that we could not have loaded them."""
        known = self.workspace.users.union(user for user, _, _ in self._sums)
        self.unlisted = sorted({user for user, _ in self._reported if user} - known)
        if not self.unlisted:
            return
        try:
            self._claim()
            self.of_unlisted = self._client.report_totals(
                self.workspace.identity, self._range(days, frozenset(self.unlisted))
            )
        except (ApiError, BudgetSpentError):
            seconds = sum(n for (user, _), n in self._reported.items() if user in self.unlisted)
            self.of_unlisted = Totals(max(0, self._missing_entries()), seconds)

    def _find_entries(self, days: Days) -> None:
        """Find the entries that differ: those of cells that do, then, as their number tells, all others."""
        unread, why = self._batches(days, self._missing_cells()), None
        try:
            while unread and self._missing_cells():
                self._compare(unread[0])
                del unread[0]
            unread = self._batches(days, {}) if self._missing_entries() else []
            while unread and self._missing_entries():
                self._compare(unread[0])
                del unread[0]
        except (ApiError, BudgetSpentError) as error:
            why = str(error)
        self._list_differences()
        if self._running:
            self.notes.append(f"Reports count {len(self._running)} running timers, which have no hours yet.")
        cells, entries = self._missing_cells(), self._missing_entries()
        if why is None and (cells or entries):
            self.notes.append("The rows of the reports agree with the table, but not with the reports' own sums.")
        if why is None:
            return
        cells = {cell: n for cell, n in cells.items() if any(cell[1] in (None, *batch.days) for batch in unread)}
        for (user, day), seconds in sorted(cells.items(), key=lambda cell: -abs(cell[1])):
            self.differences.append(Difference(Days(day, day) if day else days, user, None, seconds, why_no_ids=why))
        if entries and not cells:
            rest = Days(min(batch.days.first for batch in unread), max(batch.days.last for batch in unread))
            self.differences.append(Difference(rest, None, entries, 0, why_no_ids=why))

    def _batches(self, days: Days, cells: Mapping[Cell, int]) -> list[ReportRange]:
        """Ranges of about a page of entries that hold these cells, what differs most first; of no cells, all days."""
        users = frozenset(user for user, _ in cells) or None
        rows: Counter[date] = Counter()
        for (user, day, _), total in self._sums.items():
            rows[day] += total.entries if users is None or user in users else 0
        most: Counter[date] = Counter()
        for (_, day_), seconds in cells.items():
            for day in [day_] if day_ else days:
                most[day] = max(most[day], abs(seconds))
        ranges: list[Days] = []
        size = 0
        for day in reversed([*days]):
            size += rows[day]
            if cells and day not in most:
                continue
            if ranges and size <= LARGEST_REPORT:
                ranges[-1] = Days(day, ranges[-1].last)
            else:
                ranges, size = [*ranges, Days(day, day)], rows[day]
        ranges.sort(key=lambda each: -max(most[day] for day in each))
        return [self._range(each, users) for each in ranges]

    def _compare(self, batch: ReportRange) -> None:
        """Account one by one for the entries that a report has, or should have. Raises as reading it does."""
        ours = {entry.identity: entry for entry in self._entries(batch.days, users=batch.users)}
        theirs: dict[str, Entry] = {}
        number, is_last = 0, False
        while not is_last:
            self._claim()
            number += 1
            page = self._client.report_page(self.workspace.identity, batch, number)
            is_last = page.is_last
            for row in page.rows:
                entry = entry_of(row, self._context.zone)
                if entry is None:  # whether reports always leave out running timers is not known
                    self._running.add(str(row.get("_id")))
                else:
                    theirs[entry.identity] = entry
        found: dict[tuple[str, str, date], Totals] = defaultdict(Totals)
        for identity in (ours.keys() | theirs.keys()) - self._changed:
            here, there = ours.get(identity), theirs.get(identity)
            if here == there or (here and there and self.workspace.rounds):
                continue
            for entry, sign in ((here, -1), (there, 1)):
                if entry and entry.user not in self.unlisted and (there or entry.type not in self._left_out):
                    found[identity, entry.user, entry.day] += Totals(sign, sign * entry.seconds)
        self._found.update(found)

    def _list_differences(self) -> None:
        """List the entries that differ, those of a user and day together, in order of the days."""
        lines: dict[tuple[date, str], dict[str, Totals]] = defaultdict(dict)
        for (identity, user, day), total in self._found.items():
            lines[day, user][identity] = total
        for (day, user), entries in sorted(lines.items()):
            total = sum(entries.values(), Totals())
            self.differences.append(
                Difference(Days(day, day), user or "unknown", total.entries, total.seconds, tuple(sorted(entries)))
            )

    def _entries(self, days: Days, **which: Collection[str] | None) -> list[Entry]:
        with self._context.warehouse.database.reading() as connection:
            return finished_entries(connection, TABLE, **self._where(days), **which)

    def _where(self, days: Days) -> dict[str, Any]:
        return {"workspace": self.workspace.identity, "zone": self._context.zone.key, "days": days}

    def _range(self, days: Days, users: frozenset[str] | None = None) -> ReportRange:
        return ReportRange(days, self._context.zone.key, users)

    def _claim(self, requests: int = 1) -> None:
        """Raise `BudgetSpentError` where so many requests are no longer left."""
        if self._client.transport.requests + requests > self._request_limit:
            raise BudgetSpentError("the budget of requests is spent")
