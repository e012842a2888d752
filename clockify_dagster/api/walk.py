"""How a list of entries, newest first, is read while it changes: on by time, not by page number.

When an entry is deleted between two page requests, all later ones move up by one, and the first of the next page is
never seen. So after a full page we ask for what is older than its oldest entry, with some room; rows near the border
come twice. How a page is asked for is for `client.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Protocol

from clockify_dagster.api.addresses import ROOM_AFTER, ROOM_BEFORE
from clockify_dagster.api.paging import Rows

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


def next_end(page: EntryPage, end: datetime | None) -> datetime | None:
    """The end of the next window after a page of the window with this end; None where only page numbers lead on."""
    if page.oldest is None or not page.is_newest_first:
        return None
    # so much later than the oldest start that nothing is lost, in whichever zone the server reads it
    earlier = _later(page.oldest, ROOM_AFTER + timedelta(seconds=1))
    if end is not None and earlier >= end:
        return None
    again = page.count_until(_later(earlier, ROOM_BEFORE))  # the server may give what starts so much after the end
    return None if again > _MOST_AGAIN * len(page) else earlier


def _later(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=timezone.utc)
