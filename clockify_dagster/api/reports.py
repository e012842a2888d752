"""The detailed report: everybody's entries of a range at once, and what the range must add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clockify_dagster.api.paging import Documents, wrong_shape
from clockify_dagster.api.transport import Answer, Transport

LARGEST_REPORT = 1000


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
