"""A refresh of time entries from beginning to end: list, read the changes, look for what vanished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from clockify_dagster.contract.time import TIMEENTRIES, TIMEENTRIES_INTEGRAL
from clockify_dagster.days import Span
from clockify_dagster.errors import ClockifyDagsterError
from clockify_dagster.refresh.changes import SLACK, Changes
from clockify_dagster.refresh.context import RefreshContext, RefreshResult
from clockify_dagster.refresh.entries import EntriesRead, read_entries
from clockify_dagster.refresh.feed import read_feeds
from clockify_dagster.refresh.lookups import EntryLookup, LookupResult
from clockify_dagster.refresh.tables import list_users
from clockify_dagster.refresh.troubles import Troubles
from clockify_dagster.warehouse import EntriesLoad, Load, closed_on_failure, load_state
from clockify_dagster.warehouse.load_state import Birth, FeedState
from clockify_dagster.warehouse.loaded_entries import Entries, entries_within, running_timers, users_with_entries
from clockify_dagster.warehouse.workspace_state import last_load_among

# users who have rows in one of them are asked for their entries, even if they are in no list any more
_TABLES = (TIMEENTRIES.name, TIMEENTRIES_INTEGRAL.name)


@dataclass(frozen=True)
class Loaded:
    """What the warehouse holds that matters for a refresh.

    Attributes:
        limits: the time that the table may hold; what is loaded from before the start date is kept up to date, too.
        users: by workspace, the users who have rows within the span.
        timers: the table's running timers outside of the span.
        feed: up to where changes are known, for workspaces of which something is loaded.
        last_load: the table's last load; None where there was none.
    """

    limits: Span | None
    users: Mapping[str, set[str]]
    timers: Entries
    feed: Mapping[str, FeedState]
    last_load: load_state.LoadRecord | None


@dataclass(frozen=True)
class Elsewhere:
    """What was found of entries that are not in the listing.

    Attributes:
        found: the entries that were looked up.
        feed: by workspace, where the change feed goes on; what is known of the others stays.
        faults: of feeds that could not be read.
    """

    found: LookupResult = field(default_factory=LookupResult)
    feed: dict[str, FeedState] = field(default_factory=dict)
    faults: Sequence[ClockifyDagsterError] = ()


def refresh_everything(context: RefreshContext) -> RefreshResult:
    """Read all entries of all time anew. Rows of users who have left and are served no more stay."""
    listed_at, troubles = datetime.now(timezone.utc), Troubles(context)
    began = _began(troubles)
    with context.warehouse.database.reading_if_there() as connection:
        users = {} if connection is None else users_with_entries(connection, _TABLES, None, context.among)
    read = read_entries(troubles, users, began)
    retained_users = frozenset(read.retained_users)
    with closed_on_failure(read.staging):
        load = Load(read.staging, listed_at, troubles.read, troubles.unread, retained_users=retained_users)
        return RefreshResult([load], faults=troubles.report())


def refresh_span(context: RefreshContext) -> RefreshResult:
    """Read the entries of the context's span anew, and what has changed outside of it since the last refresh."""
    span = context.span
    if span is None:
        raise ValueError("a span is needed; for all of time there is refresh_everything")
    listed_at, troubles = datetime.now(timezone.utc), Troubles(context)
    began, loaded = _began(troubles), _loaded(context, span)
    troubles.context = replace(context, limits=loaded.limits)
    read = read_entries(troubles, loaded.users, began)
    with closed_on_failure(read.staging):
        elsewhere = _look_elsewhere(troubles, span, loaded, read=read, began=began)
        troubles.raise_if_all_failed()
        load = EntriesLoad(
            read.staging,
            listed_at,
            troubles.read,
            troubles.unread,
            span=span,
            zone=context.zone,
            last_load=loaded.last_load,
            retained_users=frozenset(read.retained_users),
            deleted=frozenset(elsewhere.found.gone),
            feed=elsewhere.feed,
            followers=tuple(each for each in context.warehouse.contract if each.goes_with == context.table),
        )
        faults = [*troubles.report(), *elsewhere.faults]
        return RefreshResult([load], faults=faults, numbers=elsewhere.found.numbers)


def _look_elsewhere(troubles: Troubles, span: Span, loaded: Loaded, *, read: EntriesRead, began: datetime) -> Elsewhere:
    """Find the entries that are not in the listing.

    Where everything is read anew and nobody has left, there is nothing to look for. Of those who have left only the
    feed says what becomes of their entries. A workspace of which entries cannot be found is among the troubles then.
    """
    context = troubles.context
    if context.reads_all and not read.has_left:
        return Elsewhere(feed={each: _first_state(context, read.young[each], began) for each in troubles.read})
    known = {each: state for each, state in loaded.feed.items() if each in troubles.read}
    readings, faults = read_feeds(context, known, began)
    result = Elsewhere(faults=faults)
    with context.warehouse.database.reading_if_there() as connection:
        # DuckDB compares the ids, which may be millions
        keys, chosen = read.staging.keys, troubles.read
        missing = entries_within(connection, context.table, span, without=keys, workspaces=chosen) if connection else {}
    for workspace in troubles.read:
        changes = readings.get(workspace, Changes())
        timers = loaded.timers.get(workspace, {}) if changes.state is None else {}
        lookup = EntryLookup(context, workspace, read=read, changes=changes)
        with troubles.of(workspace):
            lookup.find(missing.get(workspace, {}), timers)
        if workspace in troubles.errors:
            read.staging.drop(workspace)
            continue
        result.found.add(lookup.result)
        if changes.state is not None:
            result.feed[workspace] = changes.state
        elif workspace not in readings:
            result.feed[workspace] = _first_state(context, read.young[workspace], began)
    return result


def _began(troubles: Troubles) -> datetime:
    """Now, by Clockify's clock, of which we know after an answer: the users are listed first (and only once)."""
    list_users(troubles)
    return troubles.context.client.transport.server_now()


def _loaded(context: RefreshContext, span: Span) -> Loaded:
    with context.warehouse.database.reading_if_there() as connection:
        if connection is None:
            return Loaded(context.limits, {}, {}, {}, None)
        spans = load_state.loaded_spans(connection)
        first = [each.start for workspace in context.workspaces for each in spans.get(workspace, [])[:1]]
        return Loaded(
            limits=context.limits and Span(min([context.limits.start, *first]), context.limits.end),
            users=users_with_entries(connection, _TABLES, span, context.among),
            timers=running_timers(connection, context.table, span, context.among),
            feed={w: state for w, state in load_state.feed_states(connection).items() if w in context.workspaces},
            last_load=last_load_among(connection, context.table, context.among),
        )


def _first_state(context: RefreshContext, young: set[str], began: datetime) -> FeedState:
    """Where the feed is read from after a listing that needed none; the young ones may be younger than that moment."""
    birth = Birth(began - SLACK, context.client.transport.server_now() + SLACK)
    return FeedState(began, dict.fromkeys(young, birth))
