"""What has changed outside the span since the last refresh: Clockify's change feed, an experimental endpoint.

It lists each entry that was created, updated or deleted within a period of at most 30 days. Its blind spots: a deletion
shows after about a minute, so every reading goes back a little behind the last one; and what was created and deleted
within one period is in no list, so entries that the last reading found newly created are looked up when they are in no
list any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clockify_dagster.errors import ApiError
from clockify_dagster.refresh.scope import Scope
from clockify_dagster.warehouse.state import FeedState

LONGEST = timedelta(days=30) - timedelta(minutes=1)
OVERLAP = timedelta(minutes=5)
# a document without one of these may be cut short, so the entry itself is asked for
WHOLE = frozenset(
    [
        "id",
        "userId",
        "workspaceId",
        "timeInterval",
        "description",
        "billable",
        "projectId",
        "taskId",
        "tagIds",
    ]
)


@dataclass
class Changes:
    """What the feed told of a workspace.

    Attributes:
        documents: by id, entries that were created or updated; None where the feed gave no whole document.
        deleted: ids.
        state: what to remember for the next reading; None where the feed could not be read.
        unconfirmed: ids that the last reading found newly created, and that are in no list now.
    """

    documents: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    state: FeedState | None = None
    unconfirmed: set[str] = field(default_factory=set)

    @property
    def known(self) -> bool:
        """Whether the feed could be read."""
        return self.state is not None


def first_state(began: datetime) -> FeedState:
    """Where the next reading starts after everything has been listed: the moment at which the listing began."""
    return FeedState(began)


def read_changes(scope: Scope, workspace: str, before: FeedState, began: datetime) -> Changes:
    """The changes since the last reading, at most 30 days of them.

    `began` is when this refresh began, by the server's clock. Where the feed is refused, missing or strange, that is
    said once, and nothing is known.
    """
    now = scope.client.transport.server_now() + timedelta(seconds=1)
    start = max(before.read_from, now - LONGEST)
    if start > before.read_from:
        scope.log.warning(
            f"{scope.workspaces[workspace]}: the last refresh is more than 30 days ago, and the change feed "
            f"reaches no further "
            f"back. What changed between {before.read_from:%Y-%m-%d} and {start:%Y-%m-%d} in entries outside the "
            f"refreshed "
            "days is not known; to be sure, refresh all days once (`clockify-dagster sync --from ... --to ...`)."
        )
    try:
        lists = {
            action: scope.client.changes(workspace, action, start, now) for action in ("created", "updated", "deleted")
        }
    except ApiError as error:
        scope.log.warning(
            f"{scope.workspaces[workspace]}: the change feed cannot be read, so edits and deletions of entries "
            f"outside the "
            f"refreshed days are not seen this time. A refresh of those days finds them, and "
            f"clockify_timeentries_integral "
            f"always has them all. ({error})"
        )
        return Changes()
    changes = Changes()
    for action in ("updated", "created"):
        for change in lists[action]:
            changes.documents[change.identity] = _whole(change.document)
    changes.deleted = {change.identity for change in lists["deleted"]} - set(changes.documents)
    created = frozenset(change.identity for change in lists["created"])
    changes.unconfirmed = set(before.created) - set(changes.documents) - changes.deleted
    changes.state = FeedState(max(before.read_from, min(began, now) - OVERLAP), created)
    return changes


def _whole(document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return document if document is not None and set(document) >= WHOLE else None
