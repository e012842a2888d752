"""Our side of the comparison: which days of which workspaces are loaded, and what is known about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clockify_dagster.api import Totals
from clockify_dagster.contract import CONTRACT
from clockify_dagster.contract.column import Type
from clockify_dagster.contract.values import CoercionError, coerce
from clockify_dagster.days import Days, Span, gaps
from clockify_dagster.warehouse import Warehouse, load_state
from clockify_dagster.warehouse.audit.sums import Entry, EntryRange, day_sums, finished_entries, plans, user_ids
from clockify_dagster.warehouse.ddl import columns_of
from clockify_dagster.warehouse.workspace_state import workspace_names

TABLE = next(table for table in CONTRACT if table.partition_column).name


@dataclass(frozen=True, kw_only=True)
class ReconciliationContext:
    """What is compared, and when."""

    warehouse: Warehouse
    workspaces: Collection[str]  # only these; all that are loaded where none is named
    zone: ZoneInfo  # in which reports are asked for and days are counted
    days: Days  # that should be loaded: from the start date to today
    now: datetime


@dataclass(frozen=True, kw_only=True)
class LoadedWorkspace:
    """What the warehouse knows about a workspace."""

    identity: str
    label: str  # its name, or its id where it has none
    days: Days | None  # the whole days of the newest loaded span, up to today
    missing: tuple[Days, ...]  # of the days that should be loaded, those that are not, or not whole
    loaded_at: datetime | None
    plan: str | None  # its name at Clockify
    rounds: bool  # whether reports round times
    users: frozenset[str]  # the ids of all who are in a list of users
    feed_from: datetime | None  # from when on changes are not known to be loaded


def loaded_workspaces(context: ReconciliationContext) -> list[LoadedWorkspace]:
    """The workspaces that are to be compared; none where no entries were ever loaded."""
    with context.warehouse.database.reading() as connection:
        if columns_of(connection, TABLE) is None:
            return []
        loads = load_state.load_records(connection).get(TABLE, [])
        labels = workspace_names(connection)
        known_plans, users, feeds = plans(connection), user_ids(connection), load_state.feed_states(connection)
        return [
            LoadedWorkspace(
                identity=identity,
                label=labels.get(identity, identity),
                days=_whole_days(spans[-1], context),
                missing=tuple(gap.days(context.zone) for gap in gaps(spans, context.days.span(context.zone))),
                loaded_at=loads[0].loaded_at if loads else None,
                plan=known_plans.get(identity, (None, False))[0],
                rounds=known_plans.get(identity, (None, False))[1],
                users=users,
                feed_from=feeds[identity].read_from if identity in feeds else None,
            )
            for identity, spans in load_state.loaded_spans(connection).items()
            if not context.workspaces or identity in context.workspaces
        ]


def sums_of(context: ReconciliationContext, workspace: str, days: Days) -> dict[tuple[str, date, str], Totals]:
    """What the finished entries of each user, day and type add up to."""
    chosen = EntryRange(workspace, context.zone.key, days.first, days.last)
    with context.warehouse.database.reading() as connection:
        rows = day_sums(connection, TABLE, chosen)
    return defaultdict(Totals, {(user, day, type_): Totals(*sums) for user, day, type_, *sums in rows})


def entries_of(
    context: ReconciliationContext, workspace: str, days: Days, ids: Collection[str] | None = None
) -> list[Entry]:
    """The finished entries of some days, or those of them that have these ids."""
    chosen = EntryRange(workspace, context.zone.key, days.first, days.last)
    with context.warehouse.database.reading() as connection:
        return finished_entries(connection, TABLE, chosen, ids)


def entry_of(document: Mapping[str, Any], zone: ZoneInfo) -> Entry | None:
    """A finished entry from a document of the core API or a row of a report; None where it runs or cannot be read."""
    try:
        start, end = (coerce(Type.TIMESTAMP, document["timeInterval"][name]) for name in ("start", "end"))
        seconds = int((end - start).total_seconds())
    except (CoercionError, KeyError, TypeError):
        return None
    identity, user, type_ = (str(document.get(name) or "") for name in ("id", "userId", "type"))
    return Entry(identity or str(document.get("_id")), user, start.astimezone(zone).date(), type_, seconds)


def _whole_days(span: Span, context: ReconciliationContext) -> Days | None:
    """The days of a span, up to today; of days that are loaded in part none."""
    start, end = span.start.astimezone(context.zone), span.end.astimezone(context.zone)
    first = start.date() + timedelta(days=start.time() != time())
    last = min(end.date() - timedelta(days=1), context.days.last)
    return Days(first, last) if first <= last else None
