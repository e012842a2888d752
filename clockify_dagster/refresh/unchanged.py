"""Whose entries need not be listed: a report shows everybody's at once, a thousand a request.

A report cannot fill the tables: it has no rates, no kiosks, no custom fields as they are, leaves out running timers
and deleted tags, and names its fields otherwise. But it is enough to tell whose entries are still those that the table
holds. The others are listed as ever, so the rows are the same whichever way was taken; an edit of what no report shows
comes by the change feed, which is read in every such refresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timezone
from typing import Any

from clockify_dagster.api.reports import LARGEST_REPORT
from clockify_dagster.contract.model import Type
from clockify_dagster.contract.values import MisfitError, convert
from clockify_dagster.errors import (
    BadRequestError,
    NotAllowedError,
    NotThereError,
    ServerFaultError,
    UnreadableAnswerError,
)
from clockify_dagster.refresh.scope import Scope
from clockify_dagster.warehouse.snapshot import Held
from clockify_dagster.warehouse.writer import Span

# A report is worth its requests where they are few beside those of the users, some of whom are listed all the same.
_WORTH_IT = 4


def unchanged_users(scope: Scope, workspace: str, users: Iterable[str]) -> set[str]:
    """Of these users those of whom the table holds within the span what Clockify has; none where no report is asked."""
    asked, span = list(users), scope.span
    if span is None or not _is_worth_it(scope, workspace, span, len(asked)):
        return set()
    try:
        reported = _reported(scope, workspace, span)
        running = {str(row.get("userId")) for rows in scope.client.in_progress(workspace) for row in rows}
    except (NotAllowedError, BadRequestError, NotThereError, ServerFaultError, UnreadableAnswerError) as error:
        scope.log.info(f"{scope.workspaces[workspace]}: reports cannot be had, so all users are listed. ({error})")
        return set()
    with scope.warehouse.snapshot() as snapshot:
        held, tags = snapshot.entries(scope.root, workspace, span), snapshot.tags(workspace)
    if scope.is_whole:  # then no feed is read, and rows that are there are read anew
        return {user for user in asked if user not in running and not held.get(user) and not reported.get(user)}
    return {
        user for user in asked if user not in running and _is_same(held.get(user, {}), reported.get(user, {}), tags)
    }


def _is_worth_it(scope: Scope, workspace: str, span: Span, users: int) -> bool:
    """Whether a report costs few requests beside the listings, by what the table holds of the span."""
    if scope.entries_from != "auto":
        return scope.entries_from == "reports"
    if scope.is_whole or users <= _WORTH_IT * 2 or workspace not in scope.warehouse.feed_states([workspace]):
        return False
    with scope.warehouse.snapshot() as snapshot:
        pages = 1 + snapshot.count(scope.root, workspace, span) // LARGEST_REPORT
    return users > _WORTH_IT * (pages + 1)


def _reported(scope: Scope, workspace: str, span: Span) -> dict[str, dict[str, Held | None]]:
    """By user and id, the entries of a report; None for one that does not say what it must."""
    start, end = (moment.astimezone(timezone.utc).replace(tzinfo=None) for moment in (span.start, span.end))
    found: dict[str, dict[str, Held | None]] = {}
    for rows in scope.client.report_entries(workspace, start, end, "UTC"):
        for row in rows:
            found.setdefault(str(row.get("userId")), {})[str(row.get("_id") or row.get("id"))] = _held(row)
    return found


def _held(row: Mapping[str, Any]) -> Held | None:
    try:
        interval = row["timeInterval"]
        return Held(
            convert(Type.TIMESTAMP, interval["start"]),
            convert(Type.TIMESTAMP, interval["end"]),
            row["description"] or "",
            row["billable"],
            row["projectId"] or "",
            row["taskId"] or "",
            row["isLocked"] if "isLocked" in row else row["locked"],
            frozenset(str(tag["id"] if "id" in tag else tag["_id"]) for tag in row["tags"] or ()),
        )
    except (KeyError, TypeError, MisfitError):
        return None


def _is_same(held: Mapping[str, Held], reported: Mapping[str, Held | None], tags: frozenset[str]) -> bool:
    """Whether the table holds just what is reported, but for tags that are no more."""
    if held.keys() != reported.keys():
        return False
    return all(_without_deleted_tags(entry, tags) == reported[identity] for identity, entry in held.items())


def _without_deleted_tags(entry: Held, tags: frozenset[str]) -> Held:
    return Held(**{**vars(entry), "tags": entry.tags & tags})
