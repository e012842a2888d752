"""A workspace against Clockify's reports: by user and day, and where that differs, entry by entry."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

from clockify_dagster.api import Action, ClockifyClient, Totals
from clockify_dagster.api.reports import ReportPage, ReportRange, ReportSummary
from clockify_dagster.days import Days
from clockify_dagster.errors import ApiError, BadRequestError
from clockify_dagster.reconcile.loaded import LoadedWorkspace, ReconciliationContext, entries_of, entry_of, sums_of
from clockify_dagster.warehouse.audit.sums import Entry

SHORT_RANGE, LONG_RANGE = 30, 366  # the free plan allows 31 days, counted in hours where summer time ends
OLD_LOAD = timedelta(minutes=15)
_ACTIONS: tuple[Action, ...] = ("created", "updated", "deleted")

NOTHING = Totals()
Cell = tuple[str, date | None]  # a user and a day; without a day, the user on all days


@dataclass(frozen=True)
class Difference:
    """What is missing here; what is too much is negative. None: not known whose, or how many entries."""

    days: Days
    user: str | None
    entries: int | None
    seconds: int
    ids: tuple[str, ...] = ()
    why_no_ids: str | None = None


@dataclass
class Comparison:
    """The comparison of one workspace. `run` makes it; the attributes from `why_not` on are what came of it."""

    client: ClockifyClient
    context: ReconciliationContext
    workspace: LoadedWorkspace
    request_limit: int  # at how many requests of the client it stops to look closer
    why_not: ApiError | None = None  # why nothing could be compared; then nothing else is known
    days: Days | None = None
    ours: Totals = NOTHING  # what the table holds on these days, as it is
    theirs: Totals = NOTHING  # what Clockify's reports say
    differences: list[Difference] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)  # who has hours there, but is in no list and has none here
    of_unlisted: Totals = NOTHING
    notes: list[str] = field(default_factory=list)
    _reported: Mapping[Cell, int] = field(default_factory=dict)
    _sums: dict[tuple[str, date, str], Totals] = field(default_factory=dict)
    _left_out: list[str] = field(default_factory=list)
    _explained: set[str] = field(default_factory=set)  # ids of entries that `_sums` counts as they are in Clockify
    _counted: set[tuple[str, date, int]] = field(default_factory=set)
    _running: set[str] = field(default_factory=set)
    _found: dict[tuple[date, str], list[tuple[str, Totals]]] = field(default_factory=dict)

    def run(self) -> Comparison:
        """Compare. Raises nothing that Clockify answers; the result says what could not be had."""
        try:
            days, summary = self._newest_summary()
        except ApiError as error:
            self.why_not = error
            return self
        self.days, self.theirs, self._reported = days, summary.totals, summary.seconds
        self._sums = sums_of(self.context, self.workspace.identity, days)
        self.ours = sum(self._sums.values(), NOTHING)
        if self.workspace.rounds:
            self.notes.append("Reports of this workspace round times, so only the number of entries was compared.")
        for explain in (self._apply_changes, self._leave_out_types, self._set_unlisted_apart, self._find_entries):
            if self._missing_cells() or self._missing_entries():
                explain(days)
        return self

    def _newest_summary(self) -> tuple[Days, ReportSummary]:
        """The summary of as many of the loaded days as the plan allows. Raises `ApiError`."""
        days = self.workspace.days
        if days is None:
            raise ApiError("no whole day is loaded yet", endpoint="reports")
        lengths = (SHORT_RANGE,) if self.workspace.plan == "FREE" else (len(days), LONG_RANGE, SHORT_RANGE)
        for asked in dict.fromkeys(map(days.newest, lengths)):
            try:
                return asked, self.client.reports.summary(self.workspace.identity, self._range(asked))
            except BadRequestError as error:  # noqa: PERF203 - a longer range than the plan allows looks like this
                refusal = error
        raise refusal

    def _differing_cells(self, left_out: Collection[str]) -> dict[Cell, int]:
        """By user and day, the largest first, the seconds that are missing here; negative where too many are."""
        cells, by_day = Counter(self._reported), all(day for _, day in self._reported)
        for (user, day, type_), total in self._sums.items():
            cells[user, day if by_day else None] -= 0 if type_ in left_out else total.seconds
        differing = [(cell, n) for cell, n in cells.items() if n and cell[0] not in self.unlisted]
        return dict(sorted(differing, key=lambda each: -abs(each[1])))

    def _missing_cells(self) -> dict[Cell, int]:
        return {} if self.workspace.rounds else self._differing_cells(self._left_out)

    def _missing_entries(self) -> int:
        """How many entries are missing here and not accounted for; negative where there are too many."""
        ours = sum(total.entries for (_, _, type_), total in self._sums.items() if type_ not in self._left_out)
        return self.theirs.entries - ours - self.of_unlisted.entries - len(self._running)

    def _apply_changes(self, days: Days) -> None:
        """Count what has changed in Clockify since the load as if it were loaded, where the load is not new."""
        workspace, loaded_at = self.workspace.identity, self.workspace.loaded_at
        if loaded_at is None or self.context.now - loaded_at < OLD_LOAD:
            return
        since = f"since the load of {loaded_at:%Y-%m-%d %H:%M} UTC"
        start = min(loaded_at, self.workspace.feed_from or loaded_at)
        end = self.client.transport.server_now() + timedelta(seconds=1)
        try:
            self._claim(len(_ACTIONS))
            changes = [each for action in _ACTIONS for each in self.client.changes(workspace, action, start, end)]
        except (ApiError, ValueError):  # ValueError: so long ago that the feed does not know
            self.notes.append(f"What has changed in Clockify {since} is not known.")
            return
        # an entry that was edited and then deleted may be in both lists
        deleted = {each.identity for each in changes if each.action == "deleted"}
        documents = {each.identity: each.document for each in changes if each.document and each.identity not in deleted}
        self._explained = deleted.union(documents)
        read = (entry_of(document, self.context.zone) for document in documents.values())
        now = {entry for entry in read if entry and entry.day in days}
        before = set(entries_of(self.context, workspace, days, self._explained))
        for entry in before ^ now:
            sign = 1 if entry in now else -1
            self._sums[entry.user, entry.day, entry.type] += Totals(sign, sign * entry.seconds)
        if before != now:
            what = f"{len({entry.identity for entry in before ^ now})} entries have changed in Clockify {since};"
            self.notes.append(f"{what} they were counted as they are now, and the next sync loads them.")

    def _leave_out_types(self, _: Days) -> None:
        """Leave out types of entries that are no work (breaks, time off) where less differs without them."""
        for type_ in sorted({type_ for _, _, type_ in self._sums} - {"REGULAR", ""}):
            tried = [*self._left_out, type_]
            with_it, without_it = (self._differing_cells(each).values() for each in (self._left_out, tried))
            if sum(map(abs, without_it)) < sum(map(abs, with_it)):
                self._left_out = tried
        if self._left_out:
            self.notes.append(f"Reports leave out entries of type {', '.join(self._left_out)}, and so did we.")

    def _set_unlisted_apart(self, days: Days) -> None:
        """Set apart the hours of people whom no list names, so that we could not have loaded them."""
        known = self.workspace.users.union(user for user, _, _ in self._sums)
        self.unlisted = sorted({user for user, _ in self._reported if user} - known)
        if self.unlisted:
            seconds = sum(n for (user, _), n in self._reported.items() if user in self.unlisted)
            self.of_unlisted = Totals(max(0, self._missing_entries()), seconds)  # a guess that the report corrects
            with suppress(ApiError):
                self.of_unlisted = self._page(self._range(days, frozenset(self.unlisted))).totals

    def _find_entries(self, days: Days) -> None:
        """Find the entries that differ, those of cells that do; if their number is not right then, among all."""
        unread, why = self._batches(days, self._differing_cells(self._left_out)), None
        try:
            while unread and (self._missing_entries() or (unread[0].users and self._missing_cells())):
                self._compare(unread[0])
                del unread[0]
        except ApiError as error:
            why = str(error)
        if self._running:
            self.notes.append(f"Reports count {len(self._running)} running timers, which have no hours yet.")
        for (day, user), found in sorted(self._found.items()):
            total = sum((amount for _, amount in found), NOTHING)
            ids = tuple(dict.fromkeys(identity for identity, _ in found))
            self.differences.append(Difference(Days(day, day), user, total.entries, total.seconds, ids))
        left, entries = self._missing_cells(), self._missing_entries()
        if why is None and (left or entries):
            self.notes.append("The rows of the reports agree with the table, but not with the reports' own sums.")
        elif why is not None:
            for (user, day_), seconds in left.items():
                there = Days(day_, day_) if day_ else days
                self.differences.append(Difference(there, user, None, seconds, why_no_ids=why))
            if not left:
                self.differences.append(Difference(days, None, entries, 0, why_no_ids=why))

    def _batches(self, days: Days, cells: Mapping[Cell, int]) -> list[ReportRange]:
        """The days that differ of each month, the largest difference first; at last all entries of all days."""
        months: dict[date, list[date]] = defaultdict(list)
        for day in filter(None, (day for _, day in cells)):
            months[day.replace(day=1)].append(day)
        ranges = [Days(min(month), max(month)) for month in months.values()] or [days]
        users = frozenset(user for user, _ in cells)
        return [*(self._range(each, users) for each in ranges if users), self._range(days)]

    def _compare(self, batch: ReportRange) -> None:
        """Account one by one for the entries that a report has, or should have. Raises as reading it does."""
        held = entries_of(self.context, self.workspace.identity, batch.days)
        ours = {entry.identity: entry for entry in held if batch.users is None or entry.user in batch.users}
        theirs: dict[str, Entry] = {}
        for number in count(1):
            page = self._page(batch, number)
            for row, entry in ((row, entry_of(row, self.context.zone)) for row in page.rows):
                if entry is None:  # whether reports always leave out running timers is not known
                    self._running.add(str(row.get("_id")))
                elif entry.day in batch.days and entry.user not in self.unlisted:
                    theirs[entry.identity] = entry
            if page.is_last:
                break
        for identity in sorted((ours.keys() | theirs.keys()) - self._explained):
            here, there = ours.get(identity), theirs.get(identity)
            is_left_out = here and not there and here.type in self._left_out
            if here == there or is_left_out or (here and there and self.workspace.rounds):
                continue
            for entry, sign in ((here, -1), (there, 1)):
                # an entry that has moved is met in two batches, where it was and where it is
                if entry and (identity, entry.day, sign) not in self._counted:
                    self._counted.add((identity, entry.day, sign))
                    amount = Totals(sign, sign * entry.seconds)
                    self._found.setdefault((entry.day, entry.user), []).append((identity, amount))
                    self._sums[entry.user, entry.day, ""] += amount  # of no type, so that it is never left out

    def _page(self, asked: ReportRange, number: int = 1) -> ReportPage:
        self._claim(1)
        return self.client.reports.page(self.workspace.identity, asked, number)

    def _range(self, days: Days, users: frozenset[str] | None = None) -> ReportRange:
        return ReportRange(days, self.context.zone.key, users)

    def _claim(self, requests: int) -> None:
        """Raise `ApiError` where so many requests are no longer left."""
        if self.client.transport.requests + requests > self.request_limit:
            raise ApiError("the budget of requests is spent", endpoint="reports")
