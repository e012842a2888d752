"""How a list that comes newest first is read while it changes: on by time, not by page number.

When an entry is deleted between two page requests, all later ones move up by one, and the first of the next
page is never seen. So after a full page we ask for what is older than its oldest entry, with some room, and
leave out what we had.

What does not belong here: how a page is asked for (`client.py`, `reports.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import orjson

from clockify_dagster.api.paging import Documents, is_same, repeated
from clockify_dagster.errors import UnreadableAnswerError

# So many rows of a page may be known ones; beyond that going on by time costs too many requests.
_MOST_KNOWN = 0.8


@dataclass(frozen=True)
class Page:
    """What a request brought: rows, newest start first, and whether nothing older follows."""

    rows: Documents
    is_last: bool
    endpoint: str


Ask = Callable[[datetime | None, int, int], Page]
"""Asks for a page: before which moment (None: without an end), which page number, how many rows."""


@dataclass
class Walk:
    """One listing.

    Attributes:
        ask: asks for a page.
        size: how many rows to ask for.
        room: how much later than the oldest start the next window ends, so that nothing is lost in whichever
        zone the
            server reads it.
        reach: how much later than the window's end, as we wrote it, an entry may start that the server gives
        all the same.
        end: the end of the first window.
    """

    ask: Ask
    size: int
    room: timedelta
    reach: timedelta
    end: datetime | None = None
    _known: dict[str, tuple[datetime | None, bytes]] = field(default_factory=dict)

    def pages(self) -> Iterator[Documents]:
        """The pages, each without the rows that came before, the empty ones left out."""
        number, before = 1, Documents()
        while True:
            size = self._size_of(number)
            page = self.ask(self.end, number, size)
            rows = page.rows
            if number > 1 and is_same(rows, before[: len(rows)]):
                raise repeated(page.endpoint, number)
            if number > 1 and len(before) == self._size_of(number - 1):
                self._check_overlap(page, number, before)
            fresh = [row for row in rows if self._is_fresh(row)]
            if fresh:
                yield fresh
            if page.is_last or not rows:
                return
            step = self._next_end(rows)
            if step is None:
                number, before = number + 1, rows
            else:
                number, before, self.end = 1, Documents(), step

    def _size_of(self, number: int) -> int:
        """Later pages of one window are a little smaller each, so that each begins within the one before."""
        return max(self.size - self.size // 4, self.size - (number - 1) * (self.size // 50))

    def _is_fresh(self, row: dict[str, Any]) -> bool:
        known = self._known.get(_id(row))
        return known is None or known[1] != _mark(row)

    def _check_overlap(self, page: Page, number: int, before: Documents) -> None:
        """Raise when a page shares no row with the one before though it should: rows were skipped."""
        overlaps = self._size_of(number) < self._size_of(number - 1)
        ids = {_id(row) for row in before}
        if overlaps and page.rows and not any(_id(row) in ids for row in page.rows):
            raise UnreadableAnswerError(
                f"{page.endpoint}: so many entries were deleted while the list was read that some may have "
                "been missed. Nothing of it is used; try again later.",
                endpoint=page.endpoint,
                status=200,
            )

    def _next_end(self, rows: Documents) -> datetime | None:
        """Remember what may come again; the end of the next window, None where only page numbers lead on."""
        starts = [start_of(row) for row in rows]
        readable = [start for start in starts if start is not None]
        sorted_down = all(newer >= older for newer, older in pairwise(readable))
        oldest = min(readable, default=None)
        horizon = None if oldest is None else _later(oldest, self.room + self.reach)
        self._known = {identity: known for identity, known in self._known.items() if _is_within(known[0], horizon)}
        for row, start in zip(rows, starts, strict=True):
            if _is_within(start, horizon):
                self._known[_id(row)] = (start, _mark(row))
        if oldest is None or horizon is None or not sorted_down or len(readable) < len(rows):
            return None
        end = _later(oldest, self.room)
        if self.end is not None and end >= self.end:
            return None
        return None if len(self._known) > _MOST_KNOWN * self.size else end


def start_of(row: dict[str, Any]) -> datetime | None:
    """When an entry starts, in UTC; None where that cannot be read."""
    interval = row.get("timeInterval")
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


def _is_within(start: datetime | None, horizon: datetime | None) -> bool:
    """Whether an entry may come again, as far as one knows."""
    return start is None or horizon is None or start <= horizon


def _id(row: dict[str, Any]) -> str:
    return str(row.get("id") or row.get("_id"))


def _mark(row: dict[str, Any]) -> bytes:
    """Stands for a row's whole content: an entry edited meanwhile is another, and passed on again."""
    try:
        text = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):  # lone surrogates, integers beyond 64 bits
        text = json.dumps(row, sort_keys=True).encode()
    return blake2b(text, digest_size=16).digest()
