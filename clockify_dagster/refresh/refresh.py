"""A refresh from beginning to end: list, read the changes, look for what vanished; the result is a load to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from clockify_dagster.contract.frames import flatten
from clockify_dagster.contract.time import TIMEENTRIES, TIMEENTRIES_INTEGRAL
from clockify_dagster.errors import AbortedError, ApiError
from clockify_dagster.refresh.changes import SLACK, Changes, read_changes
from clockify_dagster.refresh.elsewhere import Document, Elsewhere, look_elsewhere, start_of
from clockify_dagster.refresh.listing import Listing, list_entries
from clockify_dagster.refresh.scope import Scope
from clockify_dagster.warehouse import Span, SpanLoad, TablesLoad, Untouched
from clockify_dagster.warehouse.memory import Entries
from clockify_dagster.warehouse.state import Born, FeedState

_SHOWN = 5
# users whose entries one of them has are asked for theirs, even if they are in no list any more
_TABLES = (TIMEENTRIES.name, TIMEENTRIES_INTEGRAL.name)


@dataclass
class Findings:
    """What a refresh found besides the rows: how many entries moved, went, changed elsewhere, or stayed a riddle."""

    moved: int = 0
    deleted: set[str] = field(default_factory=set)
    changed_elsewhere: int = 0
    unexplained: int = 0
    states: dict[str, FeedState] = field(default_factory=dict)

    def take(self, found: Elsewhere, misplaced: set[str]) -> None:
        """Add a workspace's; the misplaced ones belong to no day that the table may hold."""
        self.moved += len(found.vanished & found.documents.keys())
        self.changed_elsewhere += len(found.documents.keys() - found.vanished)
        self.unexplained += len(found.open)
        self.deleted |= found.gone | misplaced

    @property
    def facts(self) -> dict[str, int]:
        """The numbers, by name, for metadata."""
        return {
            "entries that moved": self.moved,
            "entries deleted": len(self.deleted),
            "entries changed outside these days": self.changed_elsewhere,
            "entries that vanished unexplained": self.unexplained,
        }


@dataclass(frozen=True)
class Recollection:
    """What the warehouse holds that matters for a refresh.

    Attributes:
        limits: the time that the table may hold; what is loaded from before the start date is kept up to date, too.
        holders: users who have rows within the span, with one of their entries: they are asked for theirs, even if they
            are in no list of users any more.
        is_listing_enough: whether nothing need be looked for besides what is listed: everything is read anew, and
            nobody has left. Those who have may not be served; then only the feed tells what becomes of their entries.
        running: the table's timers outside of the span; empty where the listing is enough.
        feed: up to where changes are known, for workspaces of which something is loaded.
    """

    limits: Span | None
    holders: Entries
    is_listing_enough: bool
    running: Entries
    feed: Mapping[str, FeedState]


def refresh_everything(scope: Scope) -> TablesLoad:
    """Read all entries of all time anew. Rows of users who have left and are served no more stay."""
    began = _began(scope)
    with scope.warehouse.memory() as memory:
        holders = memory.holders(_TABLES, scope.workspaces, None)
    listing = list_entries(scope, holders, began)
    return TablesLoad(listing.staging, untouched=Untouched(frozenset(listing.unserved)))


def refresh_span(scope: Scope) -> tuple[SpanLoad, dict[str, int]]:
    """Read the entries of a span anew, and what has changed outside of it since the last refresh.

    Gives what is to be written, and what was found, in numbers by name.
    """
    span = scope.span
    if span is None:
        raise ValueError("a span is needed; for all of time there is refresh_everything")
    listed_at, began = datetime.now(timezone.utc), _began(scope)
    held = _recall(scope, span)
    scope = replace(scope, limits=held.limits)
    listing = list_entries(scope, held.holders, began, for_search=not held.is_listing_enough)
    readings = {} if held.is_listing_enough else _read_feed(scope, held.feed, began)
    missing = {} if held.is_listing_enough else _missing(scope, span, listing)
    result = Findings()
    for workspace in scope.workspaces:
        changes = readings.get(workspace, Changes())
        if not held.is_listing_enough:
            running = held.running[workspace] if changes.state is None else {}
            found = look_elsewhere(scope, workspace, listing, changes, missing[workspace], running)
            result.take(found, _stage(scope, listing, found.documents))
            _tell_of_open_ones(scope, workspace, found)
        if changes.state is not None:
            result.states[workspace] = changes.state
        elif workspace not in readings:
            result.states[workspace] = _first_state(scope, listing.young.get(workspace, set()), began)
    load = SpanLoad(
        listing.staging,
        span,
        tuple(scope.workspaces),
        listed_at,
        untouched=Untouched(frozenset(listing.unserved)),
        deleted=frozenset(result.deleted),
        feed=result.states,
    )
    return load, result.facts


def _began(scope: Scope) -> datetime:
    """Now, by Clockify's clock, of which we know after an answer: the users are asked for first (and only once)."""
    for workspace in scope.workspaces:
        scope.client.users(workspace)
    return scope.client.transport.server_now()


def _recall(scope: Scope, span: Span) -> Recollection:
    """What the warehouse holds that matters for a refresh of the span."""
    places = list(scope.workspaces)
    with scope.warehouse.memory() as memory:
        loaded = [start for spans in memory.loaded_spans(places).values() for start, _ in spans]
        holders = memory.holders(_TABLES, places, span)
        limits = scope.limits and Span(min([scope.limits.start, *loaded]), scope.limits.end)
        is_enough = replace(scope, limits=limits).is_whole and not _have_left(scope, holders)
        return Recollection(
            limits=limits,
            holders=holders,
            is_listing_enough=is_enough,
            running={} if is_enough else memory.running(scope.root, places, span),
            feed=memory.feed_states(places),
        )


def _missing(scope: Scope, span: Span, listing: Listing) -> Entries:
    """The table's entries within the span that were not listed. DuckDB compares the ids, which may be millions."""
    with scope.warehouse.memory() as memory:
        return memory.entries(scope.root, scope.workspaces, span, listing.staging.keys)


def _have_left(scope: Scope, holders: Entries) -> bool:
    """Whether somebody who has rows is in no list of users any more."""
    listed = {place: {str(user["id"]) for user in scope.client.users(place)} for place in scope.workspaces}
    return any(set(holders[place].values()) - users for place, users in listed.items())


def _read_feed(scope: Scope, states: Mapping[str, FeedState], began: datetime) -> dict[str, Changes]:
    """By workspace, what the feed tells, of those of which something was loaded before. What cannot be read is said."""
    readings, refusals = {}, {}
    for workspace, before in states.items():
        try:
            readings[workspace] = read_changes(scope.client, workspace, before, began)
        except AbortedError:
            raise
        except ApiError as error:
            readings[workspace], refusals[workspace] = Changes(), error
        _tell_of_gap(scope, workspace, readings[workspace])
    if refusals:
        names = ", ".join(scope.workspaces[workspace] or workspace for workspace in refusals)
        scope.log.warning(
            f"{names}: the change feed cannot be read, so edits and deletions of entries outside the refreshed days "
            "are not seen this time. A refresh of those days finds them (`clockify-dagster sync --from ... --to ...`), "
            f"and clockify_timeentries_integral always has them all. ({next(iter(refusals.values()))})"
        )
    return readings


def _first_state(scope: Scope, young: set[str], began: datetime) -> FeedState:
    """Where the feed is read from after a listing that needed none; the young ones may be younger than that moment."""
    return FeedState(began, dict.fromkeys(young, Born(began - SLACK, scope.client.transport.server_now() + SLACK)))


def _stage(scope: Scope, listing: Listing, found: Mapping[str, Document]) -> set[str]:
    """Put found entries where they belong now. Gives the ids of those that belong to no day that the table may hold."""
    rows, outside = [], set()
    for entry, document in found.items():
        start = start_of(document)
        if start is not None and not scope.allows(start):
            outside.add(entry)
        else:
            rows.append(document)
    if rows:
        listing.staging.add(flatten(listing.staging.family, rows))
    return outside


def _tell_of_gap(scope: Scope, workspace: str, changes: Changes) -> None:
    if changes.gap is not None:
        scope.log.warning(
            f"{scope.workspaces[workspace]}: the last refresh is more than 30 days ago, and the change feed reaches no "
            f"further back. What changed from {changes.gap[0]:%Y-%m-%d} to {changes.gap[1]:%Y-%m-%d} in entries "
            "outside the refreshed days is not known; to be sure, refresh all days once "
            "(`clockify-dagster sync --from ... --to ...`)."
        )


def _tell_of_open_ones(scope: Scope, workspace: str, found: Elsewhere) -> None:
    if found.open:
        why = found.refusal or f"at most {scope.lookups} are asked for one by one"
        scope.log.warning(
            f"{scope.workspaces[workspace]}: {len(found.open)} entries have gone from these days or changed elsewhere, "
            f"and it is not known where they are ({why}), for example {', '.join(found.open[:_SHOWN])}. Those that "
            "were moved to other days come back when those days are refreshed."
        )
