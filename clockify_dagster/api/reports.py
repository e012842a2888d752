"""The detailed report: everybody's entries of a range at once, and what the range must add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clockify_dagster.api.paging import Documents, wrong_shape
from clockify_dagster.api.transport import Answer, Transport
from clockify_dagster.api.walk import DocumentRows, Page, Walk

LARGEST_REPORT = 1000

# The report's range is clock time in a zone that we choose, so the room is not for zones but for the hour
# that comes twice when summer time ends: a clock time in it may be read as the first or the second.
_ROOM = timedelta(hours=2)


@dataclass(frozen=True)
class Totals:
    """What a range adds up to, without running timers."""

    entries: int
    seconds: int


@dataclass(frozen=True)
class Range:
    """From a clock time to before another in a zone; of some users, or with None of all who ever were."""

    start: datetime
    end: datetime
    timezone: str
    users: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Refuse instants: the report would read them as clock times."""
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("a report's range is clock time in its zone; give datetimes without tzinfo")

    def body(self, number: int, size: int, end: datetime | None = None) -> dict[str, Any]:
        """The request's body for one page, up to `end` where it is given."""
        named = list(self.users or ())
        contains = "DOES_NOT_CONTAIN" if self.users is None else "CONTAINS"
        return {
            "dateRangeStart": _written(self.start),
            # The last moment belongs to a report's range, and entries start at whole seconds.
            "dateRangeEnd": _written((end or self.end) - timedelta(milliseconds=1)),
            "timeZone": self.timezone,
            "sortOrder": "DESCENDING",
            "users": {"ids": named, "contains": contains, "status": "ALL"},
            "detailedFilter": {
                "page": number,
                "pageSize": size,
                "sortColumn": "DATE",
                "options": {"totals": "CALCULATE"},
            },
        }


def report_totals(transport: Transport, url: str, asked: Range) -> Totals:
    """What the range adds up to; nothing in it is zero."""
    if asked.users is not None and not asked.users:
        return Totals(0, 0)
    return totals_of(transport.send("POST", url, body=asked.body(1, 1), check=rows_of))


def report_entries(
    transport: Transport, url: str, asked: Range, size: int, on_totals: Callable[[Totals], None] | None = None
) -> Iterator[Documents]:
    """The pages of rows, newest start first."""
    if asked.users is not None and not asked.users:
        return
    zone = ZoneInfo(asked.timezone)
    told: list[Totals] = []

    def ask(before: datetime | None, number: int, page_size: int) -> Page[DocumentRows]:
        end = None if before is None else before.astimezone(zone).replace(tzinfo=None)
        body = asked.body(number, page_size, None if end is None else min(end, asked.end))
        answer = transport.send("POST", url, body=body, check=rows_of)
        totals, rows = totals_of(answer), rows_of(answer)
        if not told:
            told.append(totals)
            if on_totals is not None:
                on_totals(totals)
        is_last = len(rows) < page_size or number * page_size >= totals.entries > 0
        return Page(DocumentRows(rows), is_last, answer.endpoint)

    for page in Walk(ask, size, _ROOM, _ROOM).pages():
        yield page.documents


def rows_of(answer: Answer) -> Documents:
    """The report's rows. Raises `UnreadableAnswerError` when the answer is no report."""
    given = answer.document
    rows = given.get("timeentries") if isinstance(given, dict) else None
    totals = (given.get("totals") or []) if isinstance(given, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise wrong_shape(answer, "a report with timeentries")
    if not isinstance(totals, list) or not all(isinstance(total, dict | None) for total in totals):
        raise wrong_shape(answer, "a report with totals")
    return rows


def totals_of(answer: Answer) -> Totals:
    """The report's totals; an empty list of them is zero."""
    totals = answer.document.get("totals") or [{}]
    first = totals[0] or {}
    return Totals(_whole(first.get("entriesCount")), _whole(first.get("totalTime")))


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _written(clock: datetime) -> str:
    """A clock time without offset, to the millisecond."""
    return clock.isoformat(timespec="milliseconds")
