"""Our side of the comparison: which days of which workspaces are loaded, and what is known about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clockify_dagster.contract import CONTRACT
from clockify_dagster.contract.model import Type
from clockify_dagster.contract.values import CoercionError, coerce
from clockify_dagster.days import Days, Span
from clockify_dagster.warehouse import Warehouse, load_state
from clockify_dagster.warehouse.audit.sums import Entry, plans, user_ids
from clockify_dagster.warehouse.ddl import columns_of

TABLE = next(table for table in CONTRACT if table.partition_column).name


@dataclass(frozen=True, kw_only=True)
class ReconciliationContext:
    """What is compared, and when.

    Attributes:
        workspaces: only these; all that are loaded where none is named.
        zone: the zone in which reports are asked for and days are counted.
    """

    warehouse: Warehouse
    workspaces: Collection[str]
    zone: ZoneInfo
    today: date
    now: datetime


@dataclass(frozen=True, kw_only=True)
class LoadedWorkspace:
    """What the warehouse knows about a workspace.

    Attributes:
        days: the whole days of the newest loaded span, up to today; None where there is none.
        plan: its plan, as Clockify names it.
        rounds: whether its reports round times.
        users: the ids of all who are in a list of users.
        changes_from: from when on changes are not known to be loaded.
    """

    identity: str
    days: Days | None
    loaded_at: datetime | None
    plan: str | None
    rounds: bool
    users: frozenset[str]
    changes_from: datetime | None


def loaded_workspaces(context: ReconciliationContext) -> list[LoadedWorkspace]:
    """The workspaces that are to be compared; none where no entries were ever loaded."""
    with context.warehouse.database.reading() as connection:
        if columns_of(connection, TABLE) is None:
            return []
        loaded = {name: spans[-1] for name, spans in load_state.loaded_spans(connection).items() if spans}
        loads = load_state.load_records(connection).get(TABLE, [])
        known_plans, users = plans(connection), user_ids(connection)
        feeds = load_state.feed_states(connection)
    loaded_at = loads[0].loaded_at if loads else None
    found = []
    for name in loaded:
        if context.workspaces and name not in context.workspaces:
            continue
        plan, rounds = known_plans.get(name, (None, False))
        read_from = [feeds[name].read_from] if name in feeds else []
        found.append(
            LoadedWorkspace(
                identity=name,
                days=_whole_days(loaded[name], context),
                loaded_at=loaded_at,
                plan=plan,
                rounds=rounds,
                users=users,
                changes_from=min([loaded_at, *read_from]) if loaded_at else None,
            )
        )
    return found


def _whole_days(span: Span, context: ReconciliationContext) -> Days | None:
    """The days of a span, up to today; of days that are loaded in part none."""
    start, end = span.start.astimezone(context.zone), span.end.astimezone(context.zone)
    first = start.date() if start.time() == start.time().min else start.date() + timedelta(days=1)
    last = min(end.date() - timedelta(days=1), context.today)
    return Days(first, last) if first <= last else None


def entry_of(document: Mapping[str, Any], zone: ZoneInfo) -> Entry | None:
    """A finished entry from a document of the core API or a row of a report; None where it runs or cannot be read."""
    try:
        interval = document["timeInterval"]
        start, end = (coerce(Type.TIMESTAMP, interval[name]) for name in ("start", "end"))
        seconds = int((end - start).total_seconds())
    except (CoercionError, KeyError, TypeError):
        return None
    identity, user, type_ = (str(document.get(name) or "") for name in ("id", "userId", "type"))
    return Entry(identity or str(document.get("_id")), user, start.astimezone(zone).date(), type_, seconds)
