"""What has changed anywhere since the last refresh: Clockify's change feed, an experimental endpoint.

It lists the entries that were created, updated or deleted within a period of at most 30 days. Its blind spots, and what
is done about them:

- A deletion shows after about a minute, so every reading begins a little before the end of the last one.
- An entry that is created and deleted within one period is in no list. So the list of those created reaches back to
  the birth of every entry that may be younger than the period of the deletions: one that is missing from it is gone.

What does not belong here: what becomes of the entries that changed (`elsewhere.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clockify_dagster.api import ClockifyClient
from clockify_dagster.warehouse.state import Born, FeedState

LONGEST = timedelta(days=30) - timedelta(minutes=1)
OVERLAP = timedelta(minutes=5)
# How far our idea of Clockify's time may be off. A period that ends this much later still has all there is.
SLACK = timedelta(minutes=1)
_SECONDS = timedelta(seconds=3)


@dataclass(frozen=True)
class Changes:
    """What the feed told of a workspace.

    Attributes:
        documents: by id, the entries that were created or updated.
        deleted: ids of those that were deleted; where an id is among the documents too, one of both is out of date.
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
    now = client.transport.server_now()
    end = now + SLACK
    earliest = end - LONGEST
    since = before.read_from if before.read_from <= end else earliest  # a clock was wrong once: take all there is
    start = max(since, earliest)
    doubtful = {entry: born for entry, born in before.born.items() if born.before > start}
    births = max(min([start, *(born.after for born in doubtful.values())]), earliest)
    created = client.changes(workspace, "created", births, end)
    updated = client.changes(workspace, "updated", start, end)
    deleted = client.changes(workspace, "deleted", start, end)
    # an entry that was told by the last reading, and is surely older than this one, is listed to show that it is there
    news = [each for each in created if each.identity in doubtful or each.identity not in before.born]
    documents = {each.identity: each.document for each in [*news, *updated]}
    gone = frozenset(each.identity for each in deleted)
    there = {each.identity for each in created}
    return Changes(
        documents,
        gone,
        frozenset(doubtful.keys() - there - documents.keys() - gone),
        (since, start) if start > since else None,
        FeedState(
            max(start, began - OVERLAP),
            {entry: before.born.get(entry, Born(start, end)) for entry in there},
        ),
    )


def made_since(ids: Iterable[str], began: datetime) -> set[str]:
    """The ids, of those given, that were made when a listing began, by seconds, or within a day after it.

    Clockify's ids begin with the second at which they were made, in hexadecimal (they are MongoDB's). Where they do
    not, none is found, and the harm is small: `docs/refresh.md` tells it among what cannot be seen.
    """
    low, high = (f"{int(each.timestamp()):08x}" for each in (began - _SECONDS, began + timedelta(days=1)))
    return {entry for entry in ids if low <= entry < high}
