"""How lists are read: page by page, until Clockify says that it was the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta, timezone
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeVar

from clockify_dagster.api.transport import Answer, Transport
from clockify_dagster.contract.listing import Listing, Parameters
from clockify_dagster.errors import UnreadableAnswerError

LARGEST_PAGE = 5000
# Clockify reads a window's instants as a wall clock in the account's zone. Zones reach from -12:00 to +14:00, so with
# this much room on both sides every entry of the window is in the answer, whichever way it is read.
ROOM_BEFORE = timedelta(hours=12)
ROOM_AFTER = timedelta(hours=14)
# If more of a page than this would come again, going on by time costs too many requests.
_MOST_AGAIN = 0.8

Documents = list[dict[str, Any]]


class Rows(Protocol):
    """What must be known of a page's rows to read on; how they are held is for whoever reads them."""

    def __len__(self) -> int:
        """How many there are."""

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


@dataclass(frozen=True)
class Page:
    """A page of a list.

    Attributes:
        answer: the answer as received; `answer.body` is its bytes.
        documents: the list in it, as parsed JSON.
    """

    answer: Answer
    documents: Documents

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self.documents)

    @property
    def ids(self) -> list[str]:
        """Their ids, in the page's order."""
        # a document without an id is known by all it holds
        return [str(each.get("id") or each.get("_id") or each) for each in self.documents]


def pages(transport: Transport, url: str, listing: Listing, size: int = LARGEST_PAGE) -> Iterator[Page]:
    """The pages of a list, variant after variant, the empty ones left out. Rows may come twice.

    Pages have the listing's size, or `size` rows where that is less.
    """
    is_get = listing.method == "GET"

    def read(answer: Answer) -> Documents:
        return documents_of(answer, listing.envelope)

    def ask(variant: Parameters, _: object, number: int, size: int) -> tuple[Answer, Page]:
        asked = dict(variant)
        if listing.page_size is not None:
            asked |= {"page": number, "page-size" if is_get else "pageSize": size}
        query = {name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()}
        given: dict[str, Any] = {"params": query} if is_get else {"body": asked}
        answer = transport.send(listing.method, url, **given, check=read)
        return answer, Page(answer, read(answer))

    for variant in listing.variants:
        found = page_after_page(partial(ask, variant), min(size, listing.page_size or size))
        yield from found if listing.page_size else islice(found, 1)


def page_after_page(
    ask: Callable[[datetime | None, int, int], tuple[Answer, R]],
    size: int,
    end: datetime | None = None,
    next_end: Callable[[R, datetime | None], datetime | None] = lambda *_: None,
) -> Iterator[R]:
    """The pages of a list, the empty ones left out. Rows may come twice.

    The header `Last-Page: true` ends the list, and so does an empty page; where the header is missing, a page that is
    not full does. When a row is deleted while pages are read, all later ones move up; so each page begins within the
    one before (`overlapping`).

    Args:
        ask: asks for a page: of what is before which moment (None: of everything), which page, how many rows.
        size: how many rows to ask for.
        end: before which moment to begin.
        next_end: given a page and the `end` with which it was asked for, gives the next one, from which pages count
            anew; None to go on with the next page.

    Raises:
        UnreadableAnswerError: a page came again, or shares no row with the one within which it should begin.
    """
    number, before = 1, None
    while True:
        asked, asked_before = overlapping(size, number), overlapping(size, number - 1)
        answer, page = ask(end, number, asked)
        if before is not None and len(page):
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
        if len(page):
            yield page
        if _is_last(answer, len(page), asked):
            return
        earlier = next_end(page, end)
        number, before, end = (number + 1, page, end) if earlier is None else (1, None, earlier)


def next_end(page: EntryPage, end: datetime | None) -> datetime | None:
    """The end of the next window after a page of entries of the window with this end; None to go on by page number.

    When an entry is deleted between two requests, all later ones move up by one, and the first of the next page is
    never seen. So what is older than the page's oldest entry is asked for, with room; rows near the border come twice.
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


def _is_last(answer: Answer, count: int, size: int) -> bool:
    """Whether no page follows one of so many rows, when so many were asked for."""
    header = answer.headers.get("Last-Page", "").strip().lower()
    if count == 0 or header == "true":
        return True
    return header != "false" and count < size


def written(moment: datetime) -> str:
    """An instant in the only form that Clockify accepts."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def documents_of(answer: Answer, envelope: str = "") -> Documents:
    """The answer's list of documents, at the end of a dotted way. Raises `UnreadableAnswerError` for anything else."""
    given = answer.document
    for name in envelope.split(".") if envelope else ():
        given = given.get(name, ...) if isinstance(given, dict) else ...
    if given is None and envelope:
        return []
    if not isinstance(given, list) or not all(isinstance(document, dict) for document in given):
        raise wrong_shape(answer, "a list of objects" + (f" in {envelope}" if envelope else ""))
    return given


def document_of(answer: Answer) -> dict[str, Any]:
    """The answer's single document. Raises `UnreadableAnswerError` for anything else."""
    if not isinstance(answer.document, dict):
        raise wrong_shape(answer, "an object")
    return answer.document


def wrong_shape(answer: Answer, expected: str) -> UnreadableAnswerError:
    """The error of an answer that is JSON, but not what the endpoint should give."""
    given = answer.document
    wrong = [row for row in given if not isinstance(row, dict)] if isinstance(given, list) else []
    what = f"a list with {_kind(wrong[0])} in it" if wrong else _kind(given)
    return UnreadableAnswerError(
        f"{answer.endpoint} was answered with {what} in place of {expected}. Clockify has a problem at the "
        "moment, or something answers in its place; try again later.",
        endpoint=answer.endpoint,
        status=200,
    )


def repeated(endpoint: str, number: int) -> UnreadableAnswerError:
    """The error of a page that comes again: the list would never end."""
    return UnreadableAnswerError(
        f"{endpoint} gave the same page twice (pages {number - 1} and {number}), so the list would never end. Nothing "
        "of it is used. Clockify has a problem at the moment; try again later.",
        endpoint=endpoint,
        status=200,
    )


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
