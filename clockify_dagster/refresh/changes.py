"""What has changed anywhere since the last refresh: Clockify's change feed, an experimental endpoint.

It lists the entries that were created, updated or deleted within a period of at most 30 days. Its blind spots, and what
is done about them:

- A deletion shows after about a minute, so every reading begins a little before the end of the last one.
- An entry that is created and deleted within one period is in no list. So the list of those created reaches back to
  the birth of every entry that may be younger than the period of the deletions: one that is missing from it is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clockify_dagster.api import ClockifyClient
from clockify_dagster.warehouse.load_state import Birth, FeedState

LONGEST = timedelta(days=30) - timedelta(minutes=1)
OVERLAP = timedelta(minutes=5)
# How far our idea of Clockify's time may be off. A period that ends this much later still has all there is.
SLACK = timedelta(minutes=1)
_SECONDS = timedelta(seconds=3)


@dataclass(frozen=True)
class Changes:
    """What the feed says of a workspace.

    Attributes:
        documents: by id, the entries that were created or updated; None where the feed gives no document.
        deleted: ids of those that were deleted. They are not among the documents, also where they were edited before.
        missing: ids of entries that were there at the last reading, and may have been created and deleted since.
        gap: from when to when nothing is known, since the last reading is too long ago; None where all is known.
        state: what to remember for the next reading; None where the feed was not read.
    """

    documents: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    gap: tuple[datetime, datetime] | None = None
    state: FeedState | None = None


def read_changes(client: ClockifyClient, workspace: str, before: FeedState, began: datetime) -> Changes:
    """The changes since the last reading, at most 30 days of them.

    `began` is when this refresh began to list entries, by Clockify's clock: the next reading must not begin later.
    Raises `ApiError` where the feed is refused, missing or strange.
    """
    end = client.transport.server_now() + SLACK
    earliest = end - LONGEST
    since = before.read_from if before.read_from <= end else earliest  # a clock was wrong once: take all there is
    start = max(since, earliest)
    doubtful = {entry: birth for entry, birth in before.births.items() if birth.before > start}
    births = max(min([start, *(birth.after for birth in doubtful.values())]), earliest)
    changes = [
        *client.changes(workspace, "created", births, end),
        *client.changes(workspace, "updated", start, end),
        *client.changes(workspace, "deleted", start, end),
    ]
    created = {each.identity for each in changes if each.action == "created"}
    deleted = frozenset(each.identity for each in changes if each.action == "deleted")
    # an entry that the last reading had already, and that is surely older than this one, shows only that it is there
    known = before.births.keys() - doubtful.keys()
    documents: dict[str, Mapping[str, Any] | None] = {}
    for each in changes:
        if each.action == "updated" or (each.action == "created" and each.identity not in known):
            # where one change gives no document (a rate, a custom field), those of others may be from before it
            documents[each.identity] = each.document if documents.get(each.identity, {}) is not None else None
    return Changes(
        {entry: document for entry, document in documents.items() if entry not in deleted},
        deleted,
        frozenset(doubtful.keys() - created - documents.keys() - deleted),
        (since, start) if start > since else None,
        FeedState(
            max(start, began - OVERLAP), {entry: before.births.get(entry, Birth(start, end)) for entry in created}
        ),
    )


def made_since(ids: Iterable[str], began: datetime) -> set[str]:
    """The ids, of those given, that were made when a listing began, by seconds, or within a day after it.

    Clockify's ids begin with the second at which they were made, in hexadecimal (they are MongoDB's). Where they do
    not, none is found, and the harm is small: `docs/refresh.md` lists it among what cannot be seen.
    """
    low, high = (f"{int(each.timestamp()):08x}" for each in (began - _SECONDS, began + timedelta(days=1)))
    return {entry for entry in ids if low <= entry < high}
