"""What is asked of a report: its range, its zone, whose time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .documents import Document
from .entries import is_running
from .messages import Call, denied, invalid
from .times import instant

LONGEST_FREE = timedelta(days=31)
LARGEST_PAGE = 1000
_EVERY_REPORT = (
    "dateRangeStart dateRangeEnd timeZone users sortOrder exportType amountShown amounts rounding dateRangeType "
    "userLocale weekStart dateFormat timeFormat zoomLevel archived"
)


@dataclass(frozen=True)
class Asked:
    """A report's body, read: the range [start, end) and the zone that the report is written in."""

    call: Call
    body: dict[str, Any]
    start: datetime
    end: datetime
    zone: ZoneInfo

    def concerns(self, user_id: str) -> bool:
        """Whether the body's `users` have this person among them."""
        users = self.body.get("users") or {}
        named = set(users.get("ids") or [])
        if named and (user_id in named) is (users.get("contains", "CONTAINS") == "DOES_NOT_CONTAIN"):
            return False
        if self.call.key.role == "MEMBER" and not self.call.is_self(user_id):
            return False
        status = users.get("status") or "ALL"
        member = self.call.workspace.members.get(user_id) or {}
        return status == "ALL" or str(member.get("membershipStatus")) in status.split("_WITH_")

    def entries(self) -> list[Document]:
        """The entries that start within the range, newest first; running timers are left out."""
        started = self.call.workspace.entries.started(self.start, self.end)
        found = [pair for pair in started if not is_running(pair[1]) and self.concerns(pair[1]["userId"])]
        is_down = self.body.get("sortOrder") != "ASCENDING"
        return [entry for _, entry in sorted(found, key=lambda pair: pair[0], reverse=is_down)]

    def days(self) -> list[date]:
        """The days of the range, in its zone."""
        first, last = (moment.astimezone(self.zone).date() for moment in (self.start, self.end - timedelta(seconds=1)))
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def read(call: Call, *own: str) -> Asked:
    """Read the body of a report, which may say `own` as well; 400 for what cannot be read or is not known."""
    body = call.request.body
    if not isinstance(body, dict):
        raise invalid("This report needs dateRangeStart and dateRangeEnd")
    unknown = sorted(set(body) - set(_EVERY_REPORT.split()) - set(own))
    if unknown:
        raise invalid(f"the sandbox does not know the report filters {', '.join(unknown)}")
    if call.account.reports == "refused":
        raise denied()
    zone = _zone(body.get("timeZone") or call.account.timezone)
    start, end = _clock(body, "dateRangeStart", zone), _clock(body, "dateRangeEnd", zone)
    if call.workspace.document.get("featureSubscriptionType") == "FREE" and end - start > LONGEST_FREE:
        raise invalid("Reports of more than 31 days are not available on the FREE plan")
    # The range's end is its last moment, written as 23:59:59.999, and belongs to it.
    return Asked(call, body, start, end + timedelta(milliseconds=1), zone)


def part(asked: Asked, name: str) -> dict[str, Any]:
    """The report's own part of the body, such as `detailedFilter`; 400 without it."""
    found = asked.body.get(name)
    if not isinstance(found, dict):
        raise invalid(f"This report needs {name}")
    return found


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        raise invalid(f"Invalid value for timeZone: {name}") from None


def _clock(body: dict[str, Any], name: str, zone: ZoneInfo) -> datetime:
    """A range's edge: a clock time without offset, read in the request's zone."""
    try:
        return instant(datetime.fromisoformat(str(body.get(name))[:26].removesuffix("Z")).replace(tzinfo=zone))
    except ValueError:
        raise invalid(f"Invalid value for {name}: {body.get(name)}") from None
