"""How lists are read: page by page, until Clockify says that it was the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from datetime import MAXYEAR, datetime, timedelta, timezone
from functools import partial
from itertools import chain, islice
from typing import Any, Protocol, TypeVar

from clockify_dagster.api.pages import repeated
from clockify_dagster.api.transport import Answer, Transport
from clockify_dagster.contract.listing import Listing, Parameters
from clockify_dagster.errors import BadRequestError, UnreadableAnswerError

LARGEST_PAGE = 5000
SURE_PAGE = 200  # every list takes pages of so many rows; what some take beyond that is not documented
# Clockify reads a window's instants as a wall clock in the account's zone. Zones reach from -12:00 to +14:00, so with
# this much room on both sides every entry of the window is in the answer, whichever way it is read.
ROOM_BEFORE = timedelta(hours=12)
ROOM_AFTER = timedelta(hours=14)
_USUAL_LIMITS = (50, 100, 200, 500)
_MOST_AGAIN = 0.8  # if more of a page than this would come again, going on by time costs too many requests


class Rows(Sized, Protocol):
    """What paging needs to know of a page's rows. The reader decides in which form it holds them."""

    @property
    def ids(self) -> Sequence[str]:
        """Their ids, in the page's order."""


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


R = TypeVar("R", bound=Rows)
T = TypeVar("T")


def pages(
    transport: Transport,
    url: str,
    listing: Listing,
    size: int,
    *,
    read: Callable[[Answer], R],
    count_of: Callable[[R], int | None] = lambda _: None,
    asked: Parameters | None = None,
    facts: Mapping[str, str] | None = None,
) -> Iterator[R]:
    """The pages of a list, variant after variant, without empty ones, of at most `size` rows. Rows may come twice.

    `read` is what `Transport.send` takes, and `count_of` what `page_after_page` takes. `asked` is what the body of a
    report says besides the page: range, time zone, users. `facts` are what parameters have in braces. Where an optional
    list refuses a large page, it is read in smaller ones.
    """
    size = min(size, listing.page_size or size)

    def ask(variant: Parameters, _: object, number: int, size: int) -> tuple[Answer, R]:
        given = _request(listing, variant, number, size, asked or {}, facts or {})
        return transport.send(listing.method, url, lambda answer: (answer, read(answer)), **given)

    for variant in listing.variants:
        of_size = partial(page_after_page, partial(ask, variant), count_of=count_of)
        try:
            found = begun(of_size(size))
        except BadRequestError:
            may_be_smaller = listing.is_optional and not listing.is_report and listing.page_size is not None
            if not may_be_smaller or size <= SURE_PAGE:
                raise
            size = SURE_PAGE
            found = begun(of_size(size))
        yield from found if listing.page_size else islice(found, 1)


def begun(pages: Iterator[T]) -> Iterator[T]:
    """The same pages. The first is asked for now, so that its error is raised here."""
    return chain(list(islice(pages, 1)), pages)


def _request(
    listing: Listing, variant: Parameters, number: int, size: int, asked: Parameters, facts: Mapping[str, str]
) -> dict[str, Any]:
    """What is sent for a page: the query of a GET, the body of a POST."""
    given = {name: value.format(**facts) if isinstance(value, str) else value for name, value in variant.items()}
    if listing.page_size is not None:
        given |= {"page": number, "page-size" if listing.method == "GET" else "pageSize": size}
    if listing.is_report:
        return {"body": {**asked, listing.filter: given}}
    if listing.method == "POST":
        return {"body": given}
    return {"params": {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}}


def page_after_page(
    ask: Callable[[datetime | None, int, int], tuple[Answer, R]],
    size: int,
    end: datetime | None = None,
    next_end: Callable[[R, datetime | None], datetime | None] = lambda *_: None,
    count_of: Callable[[R], int | None] = lambda _: None,
) -> Iterator[R]:
    """The pages of a list, the empty ones left out. Rows may come twice.

    The header `Last-Page: true` ends the list, and so does an empty page; where the header is missing, a page that is
    not full does, unless the answer counts more rows, or counts none and the first page has as many as servers usually
    give at most: then so small pages are asked for. When a row is deleted while pages are read, all later ones move up;
    so each page begins within the one before (`overlapping`). Raises `UnreadableAnswerError` where a page comes again,
    or has no row of the one within which it should begin.

    `ask` asks for a page: before which moment (None: of everything), which page, how many rows. `next_end` is given a
    page and its `end`, and gives an earlier one from which pages count anew, or None to go on. `count_of` gives how
    many rows all pages have, where a page says it.
    """
    number, before, seen = 1, None, 0
    while True:
        asked, asked_before = overlapping(size, number), overlapping(size, number - 1)
        answer, page = ask(end, number, asked)
        if not len(page):
            return
        if before is not None:
            ids, ids_before = list(page.ids), list(before.ids)
            if ids == ids_before[: len(ids)]:
                raise repeated(answer.endpoint, number)
            if asked < asked_before == len(before) and set(ids).isdisjoint(ids_before):
                raise UnreadableAnswerError(
                    f"{answer.endpoint}: so much was deleted while the list was read that some may have been missed. "
                    "Nothing of it is used; try again later.",
                    endpoint=answer.endpoint,
                    status=200,
                )
        yield page
        seen += len(page)
        header, count = answer.headers.get("Last-Page", "").strip().lower(), count_of(page)
        is_short = len(page) < asked
        if count is None:
            is_cut = number == 1 and not header and len(page) in _USUAL_LIMITS
            is_end = is_short and not is_cut
        else:
            is_cut = number == 1
            is_end = seen >= count and (is_short or number == 1)
        if header == "true" or (header != "false" and is_end):
            return
        if is_cut:
            size = min(size, len(page))  # Clockify gives no more at once
        earlier = next_end(page, end)
        number, before, end = (number + 1, page, end) if earlier is None else (1, None, earlier)


def next_end(page: EntryPage, end: datetime | None) -> datetime | None:
    """The end of the next window after a page of entries of the window with this end; None to go on by page number.

    Pages that count anew from the oldest entry, with room, leave nothing out when entries are deleted meanwhile.
    """
    if page.oldest is None or page.oldest.year == MAXYEAR or not page.is_newest_first:
        return None
    # so much later than the oldest start that nothing is lost, in whichever zone the server reads it
    earlier = page.oldest + ROOM_AFTER + timedelta(seconds=1)
    if end is not None and earlier >= end:
        return None
    again = page.count_until(earlier + ROOM_BEFORE)  # the server may give what starts so much after the end
    return None if again > _MOST_AGAIN * len(page) else earlier


def overlapping(size: int, number: int) -> int:
    """How many rows to ask for on a page: each is smaller than the one before, and so begins within it."""
    return max(size - size // 4, size - (number - 1) * (size // 50))


def written(moment: datetime) -> str:
    """An instant in the only form that Clockify accepts."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
