"""How a list of entries, newest first, is read while it changes: on by time, not by page number.

When an entry is deleted between two page requests, all later ones move up by one, and the first of the next page is
never seen. So after a full page we ask for what is older than its oldest entry, with some room; rows near the border
come twice. How a page is asked for is for `client.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

from clockify_dagster.api.addresses import ROOM_AFTER, ROOM_BEFORE
from clockify_dagster.api.paging import Page, Rows

# How much later than the oldest start the next window ends, so that nothing is lost in whichever zone the server reads
# it; and how much later than a window's end an entry may start that the server gives all the same.
_ROOM, _REACH = ROOM_AFTER + timedelta(seconds=1), ROOM_BEFORE
# If more of a page than this would come again, going on by time costs too many requests.
_MOST_AGAIN = 0.8


class EntryPage(Rows, Protocol):
    """What must be known of a page of entries to read on."""

    @property
    def oldest(self) -> datetime | None:
        """The earliest start that can be read, aware; None where there is none."""

    @property
    def is_newest_first(self) -> bool:
        """Whether all starts can be read, and none is later than the one before it."""

    def count_until(self, moment: datetime) -> int:
        """How many rows start at or before a moment, or have no start that can be read."""


@dataclass(frozen=True)
class EntryDocuments(Page):
    """A page of entries as documents."""

    @cached_property
    def starts(self) -> list[datetime | None]:
        """Their starts, in UTC; None where one cannot be read."""
        return [start_of(document) for document in self.documents]

    @property
    def oldest(self) -> datetime | None:
        """The earliest start that can be read."""
        return min((start for start in self.starts if start is not None), default=None)

    @property
    def is_newest_first(self) -> bool:
        """Whether all starts can be read, and none is later than the one before it."""
        readable = [start for start in self.starts if start is not None]
        return len(readable) == len(self.starts) and all(newer >= older for newer, older in pairwise(readable))

    def count_until(self, moment: datetime) -> int:
        """How many start at or before a moment, or have no start that can be read."""
        return sum(start is None or start <= moment for start in self.starts)


def next_end(page: EntryPage, end: datetime | None) -> datetime | None:
    """The end of the next window after a page of the window with this end; None where only page numbers lead on."""
    if page.oldest is None or not page.is_newest_first:
        return None
    earlier = _later(page.oldest, _ROOM)
    if end is not None and earlier >= end:
        return None
    again = page.count_until(_later(earlier, _REACH))
    return None if again > _MOST_AGAIN * len(page) else earlier


def start_of(document: dict[str, Any]) -> datetime | None:
    """When an entry starts, in UTC; None where that cannot be read."""
    interval = document.get("timeInterval")
    text = interval.get("start") if isinstance(interval, dict) else None
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.astimezone(timezone.utc) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _later(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=timezone.utc)
