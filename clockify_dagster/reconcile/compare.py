"""One workspace against Clockify's totals: what is asked, and what explains a difference before it counts as one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from clockify_dagster.api import Action, Change, ClockifyClient
from clockify_dagster.api.reports import Totals
from clockify_dagster.errors import ApiError, BadRequestError
from clockify_dagster.reconcile.asker import Asker, Budget, BudgetSpentError
from clockify_dagster.reconcile.ledger import Days, Ledger
from clockify_dagster.reconcile.search import Difference, Gap, Search, minus
from clockify_dagster.warehouse import Warehouse, state
from clockify_dagster.warehouse.audit.sums import Plan

FREE = "FREE"
# the free plan allows 31 days, counted in hours where summer time ends
SHORT = 30
YEAR = 366
OLD_LOAD = timedelta(minutes=15)
LONGEST_FEED = timedelta(days=30)
_MOST_TYPES = 4
NOTHING = Totals(0, 0)
_ACTIONS: tuple[Action, ...] = ("created", "updated", "deleted")


@dataclass(frozen=True)
class Facts:
    """What the warehouse knows about a workspace.

    Attributes:
        users: all users who are in a list.
        feed_from: from when on changes are not known to be loaded.
    """

    identity: str
    loaded: Sequence[state.Range]
    loaded_at: datetime | None
    plan: Plan = field(default_factory=Plan)
    users: frozenset[str] = frozenset()
    feed_from: datetime | None = None


@dataclass
class Comparison:
    """What came of it.

    Attributes:
        why_not: why nothing could be compared; then nothing else is known.
        strangers: what of the difference is time of people who are in no list of users.
        stranger_ids: the ids of some of them.
        notes: what one should know about how it was compared.
    """

    workspace: str
    days: Days | None = None
    ours: Totals = NOTHING
    theirs: Totals = NOTHING
    differences: list[Difference] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    strangers: Totals = NOTHING
    stranger_ids: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    why_not: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether hours that we could have loaded are missing or too many."""
        return bool(self.differences or self.gaps)

    @property
    def passed(self) -> bool | None:
        """None where nothing was compared."""
        return None if self.why_not else not self.is_error and not self.strangers.entries


@dataclass(frozen=True)
class Comparer:
    """What all workspaces have in common."""

    client: ClockifyClient
    warehouse: Warehouse
    table: str
    zone: str
    today: date
    now: datetime
    budget: Budget

    def compare(self, facts: Facts) -> Comparison:
        """Compare one workspace. Raises nothing that Clockify answers; the comparison says what could not be had."""
        result = Comparison(facts.identity, _loaded_days(facts.loaded, ZoneInfo(self.zone), self.today))
        if result.days is None:
            result.why_not = "no whole day is loaded yet"
            return result
        asker = Asker(self.client, self.budget, facts.identity, self.zone)
        try:
            result.days, result.theirs = _first_totals(asker, facts, result.days)
        except ApiError as error:
            result.why_not = str(error)
            return result
        ledger = Ledger(self.warehouse, self.table, facts.identity, self.zone, result.days)
        result.ours = ledger.total(result.days)
        search = Search(asker, ledger, by_seconds=not facts.plan.rounds)
        if facts.plan.rounds:
            result.notes.append("Reports of this workspace round times, so only the number of entries was compared.")
        if not search.is_same(result.days, result.theirs):
            self._explain(facts, result, search)
        return result

    def _explain(self, facts: Facts, result: Comparison, search: Search) -> None:
        """Go through what may explain the difference, the cheapest first; what is left is one."""
        days = result.days
        if days is None:
            return
        self._see_changes(facts, result, search, days)
        if not search.is_same(days, result.theirs):
            search.without = _left_out(search)
        if search.without:
            result.notes.append(
                f"Reports leave out entries of type {', '.join(sorted(search.without))}, and so did we."
            )
        theirs = result.theirs
        try:
            if minus(theirs, search.ledger.total(days, search.without)).entries > 0:
                search.users = sorted(facts.users | search.ledger.users)
                theirs = search.asker.totals(days, search.users)
                result.strangers = minus(result.theirs, theirs)
        except (ApiError, BudgetSpentError):
            search.users = None
        search.look(days, theirs)
        result.differences, result.gaps = search.differences, search.gaps
        result.notes += search.notes
        if result.strangers.entries:
            result.stranger_ids = _strangers(search, days)

    def _see_changes(self, facts: Facts, result: Comparison, search: Search, days: Days) -> None:
        """Count what has changed in Clockify since the load as if it were loaded, where the load is not new."""
        if facts.loaded_at is None or self.now - facts.loaded_at < OLD_LOAD or search.is_same(days, result.theirs):
            return
        feed = self._feed(facts.identity, min(facts.feed_from or facts.loaded_at, facts.loaded_at))
        if feed is None:
            result.notes.append(
                f"What has changed in Clockify since the load of {facts.loaded_at:%Y-%m-%d %H:%M} UTC is not known."
            )
            return
        documents = {
            change.identity: change.document
            for name in ("updated", "created")
            for change in feed[name]
            if change.document is not None
        }
        deleted = {change.identity for change in feed["deleted"]} - set(documents)
        changed = search.ledger.take_changes(documents, deleted)
        if changed:
            result.notes.append(
                f"{changed} entries have changed in Clockify since the load of {facts.loaded_at:%Y-%m-%d %H:%M} UTC; "
                "they were counted as they are now, and the next sync loads them."
            )

    def _feed(self, workspace: str, start: datetime) -> dict[Action, list[Change]] | None:
        """What has changed since then; None where that cannot be known."""
        now = self.client.transport.server_now() + timedelta(seconds=1)
        if now - start > LONGEST_FEED:
            return None
        try:
            self.budget.claim(len(_ACTIONS))
            return {action: self.client.changes(workspace, action, start, now) for action in _ACTIONS}
        except (ApiError, BudgetSpentError):
            return None


def _loaded_days(loaded: Sequence[state.Range], zone: ZoneInfo, today: date) -> Days | None:
    """The days of the newest loaded span, up to today; of days that are loaded in part none."""
    if not loaded:
        return None
    start, end = (moment.astimezone(zone) for moment in loaded[-1])
    begins_whole = start.time() == start.time().min
    first = start.date() if begins_whole else start.date() + timedelta(days=1)
    last = min(end.date() - timedelta(days=1), today)
    return Days(first, last) if first <= last else None


def _first_totals(asker: Asker, facts: Facts, days: Days) -> tuple[Days, Totals]:
    """The totals of as many of the days as the plan allows. Raises `ApiError`."""
    lengths = [SHORT] if facts.plan.name == FREE else [days.number, *(n for n in (YEAR, SHORT) if n < days.number)]
    asked = days.newest(lengths[0])
    for shorter in [*lengths[1:], None]:
        try:
            return asked, asker.totals(asked, always=True)
        except BadRequestError:  # noqa: PERF203 - a longer range than the plan allows looks like this
            if shorter is None:
                raise
            asked = days.newest(shorter)
    raise AssertionError("unreachable")


def _left_out(search: Search) -> frozenset[str]:
    """The types of entries that are no work and that reports leave out: of each, a day with such an entry is asked for.

    Nobody has seen yet which of them reports count.
    """
    left_out: set[str] = set()
    for type_, day in sorted(search.ledger.days_of_types.items())[:_MOST_TYPES]:
        one = Days(day, day)
        try:
            theirs = search.asker.totals(one)
        except (ApiError, BudgetSpentError):
            break
        with_it, without_it = (_distance(search, one, theirs, left_out | more) for more in (set(), {type_}))
        if without_it < with_it:
            left_out.add(type_)
    return frozenset(left_out)


def _distance(search: Search, days: Days, theirs: Totals, without: Collection[str]) -> tuple[int, int]:
    difference = minus(search.ledger.total(days, without), theirs)
    return abs(difference.entries), abs(difference.seconds) if search.by_seconds else 0


def _strangers(search: Search, days: Days) -> list[str]:
    try:
        rows = search.asker.newest_rows(days)
    except (ApiError, BudgetSpentError):
        return []
    known = set(search.users or ())
    return sorted({str(row.get("userId")) for row in rows if row.get("userId")} - known)
