"""Clockify's reports: what days add up to, as a whole and by user and day; and which entries they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from clockify_dagster.api.pages import Documents, wrong_shape
from clockify_dagster.api.paging import overlapping
from clockify_dagster.api.transport import Answer, Transport, address
from clockify_dagster.days import Days
from clockify_dagster.errors import BadRequestError, located

LARGEST_REPORT = 1000  # the most rows that Clockify gives in one page of a detailed report


@dataclass(frozen=True)
class Totals:
    """A number of entries, and the seconds that they last."""

    entries: int = 0
    seconds: int = 0

    def __add__(self, other: Totals) -> Totals:
        """Both together."""
        return Totals(self.entries + other.entries, self.seconds + other.seconds)


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
        contains = "DOES_NOT_CONTAIN" if self.users is None else "CONTAINS"
        return {
            "dateRangeStart": datetime.combine(self.days.first, time()).isoformat(timespec="milliseconds"),
            "dateRangeEnd": end.isoformat(timespec="milliseconds"),
            "timeZone": self.timezone,
            "sortOrder": "DESCENDING",
            "users": {"ids": sorted(self.users or ()), "contains": contains, "status": "ALL"},
        }


class Sums(NamedTuple):
    """A number of rows, and what their amounts add up to."""

    rows: int = 0
    total: float = 0.0


class ReportSummary(NamedTuple):
    """What a range adds up to, and the seconds by user id and day; the day is None where days cannot be read."""

    totals: Totals
    seconds: Mapping[tuple[str, date | None], int]


class ReportPage(NamedTuple):
    """A page of a detailed report: the totals of the whole range, the page's rows, and whether no page follows."""

    totals: Totals
    rows: Documents
    is_last: bool


class Reports:
    """The reports of all workspaces. A free workspace allows 31 days at most (`BadRequestError`)."""

    def __init__(self, transport: Transport, url: str, page_size: int) -> None:
        """Take the reports API's address without a slash at the end, and how many rows a page has at most."""
        self._transport = transport
        self._url = url
        self._size = min(page_size, LARGEST_REPORT)

    def summary(self, workspace: str, asked: ReportRange) -> ReportSummary:
        """The seconds of each user and day: `POST /workspaces/{w}/reports/summary`, one request."""
        body = {**asked.body, "summaryFilter": {"groups": ["USER", "DATE"], "sortColumn": "GROUP"}}
        totals, users = self._ask(workspace, "summary", body, "groupOne")
        groups = [(user, _day(day, asked), day) for user in users for day in user.get("children") or ()]
        has_others = any(user.get("duration") and not user.get("children") for user in users)
        if has_others or not all(day for _, day, _ in groups):
            groups = [(user, None, user) for user in users]
        seconds: Counter[tuple[str, date | None]] = Counter()
        for user, day, group in groups:
            seconds[str(user.get("_id") or user.get("id") or ""), day] += int(group.get("duration") or 0)
        return ReportSummary(totals, seconds)

    def page(self, workspace: str, asked: ReportRange, number: int = 1) -> ReportPage:
        """A page of the range's finished entries, newest start first: `POST /workspaces/{w}/reports/detailed`.

        Rows have keys of the reports' own: `_id`, `userId`, `timeInterval` with the duration in seconds. Each page
        begins within the one before, so that nothing is missed when entries are deleted: a row may come twice.
        """
        size = overlapping(self._size, number)
        chosen = {"page": number, "pageSize": size, "sortColumn": "DATE", "options": {"totals": "CALCULATE"}}
        totals, rows = self._ask(workspace, "detailed", {**asked.body, "detailedFilter": chosen}, "timeentries")
        return ReportPage(totals, rows, len(rows) < size or number * size >= totals.entries > 0)

    def expenses(self, workspace: str, asked: ReportRange, *, longest: int) -> Sums:
        """How many expenses the days have, and their amount in major units: `POST .../reports/expenses/detailed`.

        Where so long a range is refused, it is asked for by parts of `longest` days.
        """
        try:
            return self._expenses(workspace, asked)
        except BadRequestError:
            if len(asked.days) <= longest:
                raise
        newest = asked.days.newest(longest)
        older = Days(asked.days.first, newest.first - timedelta(days=1))
        parts = [self._expenses(workspace, replace(asked, days=newest))]
        parts.append(self.expenses(workspace, replace(asked, days=older), longest=longest))
        return Sums(sum(part.rows for part in parts), sum(part.total for part in parts))

    def _expenses(self, workspace: str, asked: ReportRange) -> Sums:
        with located(workspace=workspace):
            url = address(self._url, "workspaces/{workspace}/reports/expenses/detailed", workspace=workspace)
            body = {**asked.body, "page": 1, "pageSize": 1}
            return self._transport.send("POST", url, _expense_sums, body=body)

    def _ask(self, workspace: str, kind: str, body: dict[str, Any], name: str) -> tuple[Totals, Documents]:
        with located(workspace=workspace):
            url = address(self._url, "workspaces/{workspace}/reports/{kind}", workspace=workspace, kind=kind)
            return self._transport.send("POST", url, lambda answer: _read(answer, name), body=body)


def _read(answer: Answer, name: str) -> tuple[Totals, Documents]:
    """A report's totals, zero where there is nothing in the range, and its list of that name, or an `ApiError`."""
    with suppress(AttributeError, KeyError, TypeError, ValueError):
        first = (answer.document.get("totals") or [None])[0] or {"entriesCount": 0, "totalTime": 0}
        rows: Documents = answer.document[name]
        days = [day for row in rows for day in row.get("children") or ()]
        if isinstance(rows, list) and all(isinstance(day, dict) for day in days):
            return Totals(int(first["entriesCount"] or 0), int(first["totalTime"] or 0)), rows
    raise wrong_shape(answer, f"a report with {name} and totals")


def _expense_sums(answer: Answer) -> Sums:
    with suppress(AttributeError, KeyError, TypeError, ValueError):
        totals = answer.document["totals"] or {}
        totals = totals[0] if isinstance(totals, list) else totals
        return Sums(int(totals.get("expensesCount") or 0), float(totals.get("totalAmount") or 0))
    raise wrong_shape(answer, "a report of expenses with totals")


def _day(group: Mapping[str, Any], asked: ReportRange) -> date | None:
    """The day that a group is about, written as a date or as the instant at which it begins; else None."""
    for label in (group.get("_id"), group.get("name")):  # which of them, and in what form, is not documented
        try:
            moment = datetime.fromisoformat(str(label).replace("Z", "+00:00"))
        except ValueError:
            continue
        if moment.tzinfo and moment.time() != time():
            moment = moment.astimezone(ZoneInfo(asked.timezone))
        return moment.date() if moment.date() in asked.days else None
    return None
