"""Clockify's reports: what days add up to, as a whole, by user and by user and day; and which entries they hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from clockify_dagster.api.paging import Documents, overlapping, wrong_shape
from clockify_dagster.api.transport import Answer, Transport
from clockify_dagster.days import Days

LARGEST_REPORT = 1000
"""The most rows that Clockify gives in one page of a detailed report."""

# How a summary report writes its days is not documented; ISO dates were seen. Others are tried in this order.
_DATE_FORMS = (
    *("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%Y", "%m/%d/%Y"),
    *("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y"),
)


@dataclass(frozen=True)
class Totals:
    """A number of entries, and the seconds that they last."""

    entries: int = 0
    seconds: int = 0

    def __add__(self, other: Totals) -> Totals:
        """Both together."""
        return Totals(self.entries + other.entries, self.seconds + other.seconds)

    def __sub__(self, other: Totals) -> Totals:
        """By how much this is more than the other."""
        return Totals(self.entries - other.entries, self.seconds - other.seconds)


@dataclass(frozen=True)
class ReportRange:
    """Whole days of a time zone; of some users, or with None of all who ever were in the workspace."""

    days: Days
    timezone: str
    users: Collection[str] | None = None

    @property
    def body(self) -> dict[str, Any]:
        """What every kind of report is asked with."""
        # a report's last moment belongs to it, and entries start at whole seconds
        end = datetime.combine(self.days.last + timedelta(days=1), time()) - timedelta(milliseconds=1)
        return {
            "dateRangeStart": datetime.combine(self.days.first, time()).isoformat(timespec="milliseconds"),
            "dateRangeEnd": end.isoformat(timespec="milliseconds"),
            "timeZone": self.timezone,
            "sortOrder": "DESCENDING",
            "users": {
                "ids": sorted(self.users or ()),
                "contains": "DOES_NOT_CONTAIN" if self.users is None else "CONTAINS",
                "status": "ALL",
            },
        }


@dataclass(frozen=True)
class ReportSummary:
    """What a range adds up to.

    Attributes:
        totals: of the whole range.
        seconds: by user id and day; by user id and None where the report's days cannot be read.
        by_day: whether they can.
    """

    totals: Totals
    seconds: Mapping[tuple[str, date | None], int]
    by_day: bool


@dataclass(frozen=True)
class ReportPage:
    """A page of a detailed report: the totals of the whole range, the page's rows, and whether no page follows."""

    totals: Totals
    rows: Documents
    is_last: bool


def report_summary(transport: Transport, url: str, asked: ReportRange) -> ReportSummary:
    """The range's totals, and the seconds of each user and day: one request, however long the range is.

    Args:
        transport: what sends the request.
        url: `{reports}/workspaces/{w}/reports/summary`.
        asked: the range. A free workspace allows 31 days at most (`BadRequestError`).

    Raises:
        ApiError: Clockify refuses, or its answer is no summary report.
    """
    groups = {"groups": ["USER", "DATE"], "sortColumn": "GROUP"}
    answer = transport.send("POST", url, body={**asked.body, "summaryFilter": groups}, check=_check_summary)
    totals, users = _totals_of(answer), [(_identity(group), group) for group in answer.document["groupOne"]]
    days = [(user, day) for user, group in users for day in group.get("children") or ()]
    for key in ("_id", "name"):
        read = days_of([str(day.get(key)) for _, day in days], asked.days, ZoneInfo(asked.timezone))
        if read is not None and (days or not users):
            return ReportSummary(
                totals, _seconds((user, read[str(day.get(key))], day) for user, day in days), by_day=True
            )
    return ReportSummary(totals, _seconds((user, None, group) for user, group in users), by_day=False)


def report_totals(transport: Transport, url: str, asked: ReportRange) -> Totals:
    """How many finished entries start in the range, and how long they last: one request to the detailed report."""
    return _detailed(transport, url, asked, number=1, size=1).totals


def report_page(
    transport: Transport, url: str, asked: ReportRange, *, number: int = 1, size: int = LARGEST_REPORT
) -> ReportPage:
    """A page of the range's finished entries, newest start first; `url` ends with `/reports/detailed`.

    Rows have keys of the reports' own: `_id`, `userId`, `timeInterval` with the duration in seconds. Each page begins
    within the one before, so that nothing is missed when entries are deleted meanwhile: a row may come twice.
    """
    return _detailed(transport, url, asked, number, overlapping(size, number))


def _detailed(transport: Transport, url: str, asked: ReportRange, number: int, size: int) -> ReportPage:
    chosen = {"page": number, "pageSize": size, "sortColumn": "DATE", "options": {"totals": "CALCULATE"}}
    answer = transport.send("POST", url, body={**asked.body, "detailedFilter": chosen}, check=_check_detailed)
    rows, totals = answer.document["timeentries"], _totals_of(answer)
    return ReportPage(totals, rows, len(rows) < size or number * size >= totals.entries > 0)


def _check_detailed(answer: Answer) -> None:
    if not isinstance(answer.document, dict) or not _are_objects(answer.document.get("timeentries")):
        raise wrong_shape(answer, "a report with timeentries")
    _totals_of(answer)


def _check_summary(answer: Answer) -> None:
    groups = answer.document.get("groupOne") if isinstance(answer.document, dict) else None
    if not _are_objects(groups) or not all(_are_objects(group.get("children") or []) for group in groups or []):
        raise wrong_shape(answer, "a report with groupOne")
    _totals_of(answer)


def _totals_of(answer: Answer) -> Totals:
    """The report's totals: zero where there is nothing in the range. Raises `UnreadableAnswerError`."""
    totals = answer.document.get("totals") or []
    if not isinstance(totals, list) or not all(isinstance(each, dict | None) for each in totals):
        raise wrong_shape(answer, "a report with totals")
    first = (totals or [None])[0] or {"entriesCount": 0, "totalTime": 0}
    if "entriesCount" not in first or "totalTime" not in first:
        raise wrong_shape(answer, "a report with entriesCount and totalTime")
    return Totals(_whole(first["entriesCount"]), _whole(first["totalTime"]))


def days_of(labels: Collection[str], within: Days, zone: ZoneInfo) -> dict[str, date] | None:
    """The days that these texts stand for, all in one form; None where no form, or more than one, makes sense of them.

    A form makes sense where it reads every text as one of the days that were asked for.
    """
    forms: list[Callable[[str], date]] = [partial(_iso_day, zone), *(partial(_day, form) for form in _DATE_FORMS)]
    found: list[dict[str, date]] = []
    for read in forms:
        try:
            days = {label: read(label) for label in labels}
        except (ValueError, OverflowError):
            continue
        if days not in found and all(day in within for day in days.values()):
            found.append(days)
    return found[0] if len(found) == 1 else None


def _iso_day(zone: ZoneInfo, label: str) -> date:
    """The day of an ISO date, or of the moment at which a day begins."""
    moment = datetime.fromisoformat(label.replace("Z", "+00:00"))
    is_midnight_as_written = moment.time() == time()
    return moment.date() if is_midnight_as_written or moment.tzinfo is None else moment.astimezone(zone).date()


def _day(form: str, label: str) -> date:
    return datetime.strptime(label, form).replace(tzinfo=timezone.utc).date()


def _seconds(groups: Iterable[tuple[str, date | None, Mapping[str, Any]]]) -> dict[tuple[str, date | None], int]:
    sums: dict[tuple[str, date | None], int] = {}
    for user, day, group in groups:
        sums[user, day] = sums.get((user, day), 0) + _whole(group.get("duration"))
    return sums


def _identity(group: Mapping[str, Any]) -> str:
    return str(group.get("_id") or group.get("id") or "")


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
