"""What is asked about a workspace: a summary of its days, and where that differs, the entries of those days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from clockify_dagster.api import Action, Change, ClockifyClient, Totals
from clockify_dagster.api.reports import LARGEST_REPORT, ReportRange, ReportSummary
from clockify_dagster.days import Days
from clockify_dagster.errors import ApiError, BadRequestError
from clockify_dagster.reconcile.balance import Balance, Difference, Placed, shows
from clockify_dagster.reconcile.loaded import LoadedEntries, LoadedWorkspace, ReconciliationContext, instant

FREE_PLAN = "FREE"
SHORT_RANGE, LONG_RANGE = 30, 366  # the free plan allows 31 days, counted in hours where summer time ends
OLD_LOAD = timedelta(minutes=15)
LONGEST_FEED = timedelta(days=30)
_ACTIONS: tuple[Action, ...] = ("created", "updated", "deleted")


class BudgetSpentError(Exception):
    """No request is left to look closer."""


@dataclass
class Comparison:
    """The comparison of one workspace. `run` makes it; the attributes from `why_not` on are what came of it.

    Attributes:
        request_limit: at how many requests of the client it stops to look closer.
        why_not: why nothing could be compared; then nothing else is known.
        days: the days that were compared.
        ours: what the table holds on them.
        theirs: what Clockify's reports say.
        unlisted: people who have hours in Clockify, but are in no list of users and have no entries here.
        of_unlisted: what their entries add up to.
        notes: what one should know about how it was compared.
    """

    client: ClockifyClient
    context: ReconciliationContext
    workspace: LoadedWorkspace
    request_limit: int
    why_not: str | None = None
    days: Days | None = None
    ours: Totals = field(default_factory=Totals)
    theirs: Totals = field(default_factory=Totals)
    differences: list[Difference] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    of_unlisted: Totals = field(default_factory=Totals)
    notes: list[str] = field(default_factory=list)

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
            self.days, summary = self._newest_summary(self.workspace.days)
        except ApiError as error:
            self.why_not = str(error)
            return self
        loaded = LoadedEntries(self.context, self.workspace.identity, self.days)
        self.ours, self.theirs = loaded.total, summary.totals
        if self.workspace.plan.rounds:
            self.notes.append("Reports of this workspace round times, so only the number of entries was compared.")
        balance = Balance(loaded, summary, by_seconds=not self.workspace.plan.rounds)
        for explain in (self._apply_changes, self._leave_out_types, self._set_unlisted_apart, self._find_entries):
            if balance.is_same:
                break
            explain(balance)
        return self

    def _newest_summary(self, days: Days) -> tuple[Days, ReportSummary]:
        """The summary of as many of the days as the plan allows. Raises `ApiError`."""
        lengths = [len(days), *(length for length in (LONG_RANGE, SHORT_RANGE) if length < len(days))]
        if self.workspace.plan.name == FREE_PLAN:
            lengths = [SHORT_RANGE]
        while True:
            asked = days.newest(lengths.pop(0))
            try:
                return asked, self.client.report_summary(self.workspace.identity, self._range(asked))
            except BadRequestError:  # a longer range than the plan allows looks like this
                if not lengths:
                    raise

    def _range(self, days: Days, users: frozenset[str] | None = None) -> ReportRange:
        return ReportRange(days, self.context.zone.key, users)

    def _claim(self, requests: int = 1) -> None:
        """Raise `BudgetSpentError` where so many requests are no longer left."""
        if self.client.transport.requests + requests > self.request_limit:
            raise BudgetSpentError("the budget of requests is spent")

    def _apply_changes(self, balance: Balance) -> None:
        """Count what has changed in Clockify since the load as if it were loaded, where the load is not new."""
        loaded_at = self.workspace.loaded_at
        if loaded_at is None or self.context.now - loaded_at < OLD_LOAD:
            return
        since = f"since the load of {loaded_at:%Y-%m-%d %H:%M} UTC"
        changes = self._changes_since(min(self.workspace.feed_from or loaded_at, loaded_at))
        if changes is None:
            self.notes.append(f"What has changed in Clockify {since} is not known.")
            return
        # an entry that was edited and then deleted may be in both lists
        deleted = {each.identity for each in changes if each.action == "deleted"}
        documents = {each.identity: each.document for each in changes if each.document and each.identity not in deleted}
        number = balance.loaded.apply_changes(documents, deleted)
        if number:
            self.notes.append(
                f"{number} entries have changed in Clockify {since}; "
                "they were counted as they are now, and the next sync loads them."
            )

    def _changes_since(self, start: datetime) -> list[Change] | None:
        """The change feed, which names an entry's later state behind its earlier one; None where it cannot be had."""
        end = self.client.transport.server_now() + timedelta(seconds=1)
        if end - start > LONGEST_FEED:
            return None
        try:
            self._claim(len(_ACTIONS))
            lists = [self.client.changes(self.workspace.identity, action, start, end) for action in _ACTIONS]
        except (ApiError, BudgetSpentError):
            return None
        return [change for changes in lists for change in changes]

    def _leave_out_types(self, balance: Balance) -> None:
        left_out = balance.leave_out_types()
        if left_out:
            self.notes.append(f"Reports leave out entries of type {', '.join(sorted(left_out))}, and so did we.")

    def _set_unlisted_apart(self, balance: Balance) -> None:
        """Set apart the hours of people whom no list names, so that we could not have loaded them."""
        reported = {user for user, _ in balance.summary.seconds if user}
        self.unlisted = balance.unlisted = sorted(reported - self.workspace.users - balance.loaded.users)
        if not self.unlisted:
            return
        try:
            self._claim()
            asked = self._range(balance.loaded.days, frozenset(self.unlisted))
            self.of_unlisted = self.client.report_totals(self.workspace.identity, asked)
        except (ApiError, BudgetSpentError):
            seconds = sum(n for (user, _), n in balance.summary.seconds.items() if user in self.unlisted)
            self.of_unlisted = Totals(max(0, balance.rest.entries), seconds)
        balance.of_unlisted = self.of_unlisted

    def _find_entries(self, balance: Balance) -> None:
        """Find the entries that differ: of users whose seconds do, then of all, as far as requests reach."""
        why, users = "", frozenset(user for user, _ in balance.missing() if user)
        unread = self._batches(balance, users) if balance.by_seconds else []
        try:
            while unread and (missing := balance.missing()):
                balance.compare(unread[0], self._read(balance, unread[0]))
                del unread[0]
                if balance.summary.by_day and balance.missing() == missing:
                    break  # the days that the summary names are not what we take them for
            unread = [] if balance.adds_up else self._batches(balance, None)
            while unread and not balance.adds_up:
                balance.compare(unread[0], self._read(balance, unread[0]))
                del unread[0]
        except (ApiError, BudgetSpentError) as error:
            why = str(error)
        self.differences = balance.differences()
        if balance.running:
            self.notes.append(f"Reports count {len(balance.running)} running timers, which have no hours yet.")
        if not balance.adds_up and why:
            self.differences += balance.unread(unread, why)
        elif not balance.adds_up:
            self.notes.append("The rows of the reports agree with the table, but do not add up to the reports' totals.")
        elif not balance.is_same:
            self.notes.append("The totals agree, but the reports put some hours on other days or users than the table.")

    def _batches(self, balance: Balance, users: frozenset[str] | None) -> list[ReportRange]:
        """Ranges of about a page of entries: of some users those that differ, or all. What differs most is first."""
        rows: Counter[date | None] = Counter()
        for (user, day), total in balance.loaded.by_cell(by_day=True).items():
            rows[day] += total.entries if users is None or user in users else 0
        ranges: list[Days] = []
        size = 0
        for day in reversed([*balance.loaded.days]):
            size += rows[day]
            if ranges and size <= LARGEST_REPORT:
                ranges[-1] = Days(day, ranges[-1].last)
            else:
                ranges, size = [*ranges, Days(day, day)], rows[day]
        batches = [self._range(days, users) for days in ranges]
        missing = balance.missing().items()
        most = {each: max((abs(n) for cell, n in missing if shows(each, cell)), default=0) for each in batches}
        return sorted((each for each in batches if users is None or most[each]), key=most.__getitem__, reverse=True)

    def _read(self, balance: Balance, batch: ReportRange) -> dict[str, Placed]:
        """The finished entries of a report by id. Raises `ApiError` and `BudgetSpentError`."""
        entries: dict[str, Placed] = {}
        number, is_last = 0, False
        while not is_last:
            self._claim()
            number += 1
            page = self.client.report_page(self.workspace.identity, batch, number)
            is_last = page.is_last
            for row in page.rows:
                identity, user = str(row.get("_id") or row.get("id")), str(row.get("userId") or "")
                interval = row.get("timeInterval") or {}
                start, seconds = instant(interval.get("start")), int(interval.get("duration") or 0)
                cell = user, balance.loaded.day_of(start) if start else batch.days.first
                if interval.get("end") is None:  # whether reports always leave out running timers is not known
                    balance.count_running(identity, cell, seconds)
                elif user not in self.unlisted:
                    entries[identity] = cell, seconds
        return entries
