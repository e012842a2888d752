"""How a list that comes newest first is read while it changes: on by time, not by page number.

When an entry is deleted between two page requests, all later ones move up by one, and the first of the next
page is never seen. So after a full page we ask for what is older than its oldest entry, with some room, and
leave out what we had.

What does not belong here: how a page is asked for (`client.py`, `reports.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import orjson

from clockify_dagster.api.paging import Documents, documents_of, overlapping, repeated, shifted
from clockify_dagster.api.transport import Answer

if TYPE_CHECKING:
    from typing_extensions import Self

# So many rows of a page may be known ones; beyond that going on by time costs too many requests.
_MOST_KNOWN = 0.8
_NO_ID = str(None)


class Rows(Protocol):
    """What a walk must know of the rows of a page; how they are held is for whoever reads them."""

    def __len__(self) -> int:
        """How many they are."""

    @property
    def identities(self) -> Sequence[str]:
        """Their ids, in the page's order."""

    @property
    def oldest(self) -> datetime | None:
        """The earliest start that can be read."""

    @property
    def is_newest_first(self) -> bool:
        """Whether all starts can be read, and none is later than the one before it."""

    def near(self, horizon: datetime | None) -> Iterable[tuple[int, datetime | None]]:
        """Place and start of the rows that start by the horizon, or as far as one knows might; with None all."""

    def mark(self, place: int) -> object:
        """Stands for a row's whole content: an entry edited meanwhile is another, and passed on again."""

    def without(self, places: Set[int]) -> Self:
        """The other rows."""


@dataclass(frozen=True)
class DocumentRows:
    """Rows as documents."""

    documents: Documents

    def __len__(self) -> int:
        """How many they are."""
        return len(self.documents)

    @property
    def identities(self) -> list[str]:
        """Their ids, in the page's order; `None` where there is none."""
        return [str(row.get("id") or row.get("_id")) for row in self.documents]

    @cached_property
    def starts(self) -> list[datetime | None]:
        """Their starts; None where one cannot be read."""
        return [start_of(row) for row in self.documents]

    @property
    def oldest(self) -> datetime | None:
        """The earliest start that can be read."""
        return min((start for start in self.starts if start is not None), default=None)

    @property
    def is_newest_first(self) -> bool:
        """Whether all starts can be read, and none is later than the one before it."""
        readable = [start for start in self.starts if start is not None]
        return len(readable) == len(self.starts) and all(newer >= older for newer, older in pairwise(readable))

    def near(self, horizon: datetime | None) -> Iterator[tuple[int, datetime | None]]:
        """Place and start of the rows that start by the horizon, or might."""
        return ((place, start) for place, start in enumerate(self.starts) if _is_within(start, horizon))

    def mark(self, place: int) -> bytes:
        """A digest of the row's whole content."""
        row = self.documents[place]
        try:
            text = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
        except (TypeError, ValueError):  # lone surrogates, integers beyond 64 bits
            text = json.dumps(row, sort_keys=True).encode()
        return blake2b(text, digest_size=16).digest()

    def without(self, places: Set[int]) -> DocumentRows:
        """The other rows."""
        return DocumentRows([row for place, row in enumerate(self.documents) if place not in places])


def document_rows(answer: Answer) -> DocumentRows:
    """The rows of a page as documents. Raises `UnreadableAnswerError`."""
    return DocumentRows(documents_of(answer))


R = TypeVar("R", bound=Rows)


@dataclass(frozen=True)
class Page(Generic[R]):
    """What a request brought: rows, newest start first, and whether nothing older follows."""

    rows: R
    is_last: bool
    endpoint: str


@dataclass
class Walk(Generic[R]):
    """One listing.

    Attributes:
        ask: asks for a page: before which moment (None: without an end), which page number, how many rows.
        size: how many rows to ask for.
        room: how much later than the oldest start the next window ends, so that nothing is lost in whichever
        zone the
            server reads it.
        reach: how much later than the window's end, as we wrote it, an entry may start that the server gives
        all the same.
        end: the end of the first window.
    """

    ask: Callable[[datetime | None, int, int], Page[R]]
    size: int
    room: timedelta
    reach: timedelta
    end: datetime | None = None
    _known: dict[str, tuple[datetime | None, object]] = field(default_factory=dict)

    def pages(self) -> Iterator[R]:
        """The pages, each without the rows that came before, the empty ones left out."""
        number, before = 1, None
        while True:
            page = self.ask(self.end, number, self._size_of(number))
            rows = page.rows
            if before is not None:
                self._check_progress(page, number, before)
            known = self._places_of_known(rows)
            if len(rows) > len(known):
                yield rows.without(known) if known else rows
            if page.is_last or not len(rows):
                return
            step = self._next_end(rows)
            if step is None:
                number, before = number + 1, rows
            else:
                number, before, self.end = 1, None, step

    def _size_of(self, number: int) -> int:
        """Later pages of one window are a little smaller each, so that each begins within the one before."""
        return overlapping(self.size, number)

    def _places_of_known(self, rows: R) -> set[int]:
        if not self._known:
            return set()
        named = ((place, self._known.get(identity)) for place, identity in enumerate(rows.identities))
        return {place for place, known in named if known is not None and known[1] == rows.mark(place)}

    def _check_progress(self, page: Page[R], number: int, before: R) -> None:
        """Raise when a page of one window is the one before it again, or shares no row with it though it should."""
        ids, ids_before = page.rows.identities, before.identities
        if _is_same(page.rows, before):
            raise repeated(page.endpoint, number)
        size, size_before = self._size_of(number), self._size_of(number - 1)
        if size < size_before == len(before) and ids and not set(ids) & set(ids_before):
            raise shifted(page.endpoint)

    def _next_end(self, rows: R) -> datetime | None:
        """Remember what may come again; the end of the next window, None where only page numbers lead on."""
        oldest = rows.oldest
        horizon = None if oldest is None else _later(oldest, self.room + self.reach)
        self._known = {identity: known for identity, known in self._known.items() if _is_within(known[0], horizon)}
        ids = rows.identities
        for place, start in rows.near(horizon):
            self._known[ids[place]] = (start, rows.mark(place))
        if oldest is None or not rows.is_newest_first:
            return None
        end = _later(oldest, self.room)
        if self.end is not None and end >= self.end:
            return None
        return None if len(self._known) > _MOST_KNOWN * self.size else end


def _is_same(rows: Rows, before: Rows) -> bool:
    """Whether a page holds what the one before it began with; by ids, or where there are none by content."""
    ids, ids_before = list(rows.identities), list(before.identities)[: len(rows)]
    if not ids or ids != ids_before:
        return False
    return _NO_ID not in ids or all(rows.mark(place) == before.mark(place) for place in range(len(ids)))


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
