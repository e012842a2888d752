"""The reports host: detailed reports with every person's rows at once, summary reports with sums by groups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .documents import Document
from .entries import is_running, lasted
from .messages import Call, Response, denied, invalid
from .state import Workspace
from .times import instant, rendered

LONGEST_FREE = timedelta(days=31)
Timed = tuple[Document, int]  # an entry and its seconds
SUPPORTED = frozenset(
    [
        "dateRangeStart",
        "dateRangeEnd",
        "timeZone",
        "detailedFilter",
        "summaryFilter",
        "users",
        "sortOrder",
        "exportType",
        "amountShown",
        "amounts",
        "rounding",
        "dateRangeType",
        "userLocale",
        "weekStart",
        "dateFormat",
        "timeFormat",
        "zoomLevel",
        "archived",
    ]
)


def detailed(call: Call) -> Response:
    """`POST {reports}/workspaces/{w}/reports/detailed`: newest start first, running timers left out."""
    chosen, wanted, zone = _asked(call, "detailedFilter")
    size = _whole(chosen, "pageSize", 50, 1000)
    skip = (_whole(chosen, "page", 1, None) - 1) * size
    options = chosen.get("options") or {}
    totals = [] if options.get("totals") == "EXCLUDE" or not wanted else [_totals(_timed(wanted))]
    rows = [_row(call, document, zone) for document in wanted[skip : skip + size]]
    return Response({"totals": totals, "timeentries": rows})


def summary(call: Call) -> Response:
    """`POST {reports}/workspaces/{w}/reports/summary`: sums by up to three groups, each within the one before."""
    chosen, wanted, zone = _asked(call, "summaryFilter")
    names = chosen.get("groups")
    if not isinstance(names, list) or not 1 <= len(names) <= 3:
        raise invalid("A summary report needs one to three groups")
    unknown = sorted(set(map(str, names)) - {"USER", "DATE"})
    if unknown:
        raise invalid(f"the sandbox does not know the report groups {', '.join(unknown)}")
    timed = _timed(wanted)
    totals = [_totals(timed)] if timed else []
    return Response({"totals": totals, "groupOne": _groups(call, timed, names, zone), "chart": []})


def _asked(call: Call, filter_name: str) -> tuple[Document, list[Document], ZoneInfo]:
    """A report's own filter, the entries that it is about, and the zone it is written in."""
    body = call.request.body
    if not isinstance(body, dict) or not isinstance(body.get(filter_name), dict):
        raise invalid(f"This report needs dateRangeStart, dateRangeEnd and {filter_name}")
    unknown = sorted(set(body) - SUPPORTED)
    if unknown:
        raise invalid(f"the sandbox does not know the report filters {', '.join(unknown)}")
    if call.account.reports == "refused":
        raise denied()
    zone = _zone(body.get("timeZone") or call.account.timezone)
    start, end = _clock(body, "dateRangeStart", zone), _clock(body, "dateRangeEnd", zone)
    if call.workspace.document.get("featureSubscriptionType") == "FREE" and end - start > LONGEST_FREE:
        raise invalid("Reports of more than 31 days are not available on the FREE plan")
    return body[filter_name], [document for _, document in _found(call, start, end, body)], zone


def _found(call: Call, start: datetime, end: datetime, body: dict[str, Any]) -> list[Any]:
    users = body.get("users") or {}
    named = set(users.get("ids") or [])
    inside = users.get("contains", "CONTAINS") != "DOES_NOT_CONTAIN"
    status = users.get("status") or "ALL"

    def is_wanted(document: Document) -> bool:
        user_id = document["userId"]
        if is_running(document) or (call.key.role == "MEMBER" and not call.is_self(user_id)):
            return False
        if named and (user_id in named) is not inside:
            return False
        member = call.workspace.members.get(user_id) or {}
        return status == "ALL" or str(member.get("membershipStatus")) in status.split("_WITH_")

    # The range's end is its last moment, written as 23:59:59.999, and belongs to it.
    started = call.workspace.entries.started(start, end + timedelta(milliseconds=1))
    found = [pair for pair in started if is_wanted(pair[1])]
    return sorted(found, key=lambda pair: pair[0], reverse=body.get("sortOrder") != "ASCENDING")


def _groups(call: Call, timed: list[Timed], names: list[str], zone: ZoneInfo) -> list[Document]:
    """The entries' sums by the first of the groups, each with the sums by the next ones as its children."""

    def user(entry: Document) -> tuple[str, str]:
        return entry["userId"], call.account.users.get(entry["userId"], {}).get("name") or ""

    def day(entry: Document) -> tuple[str, str]:
        started = instant(entry["timeInterval"]["start"]).astimezone(zone)
        return (started.strftime(call.account.report_dates),) * 2

    kinds: dict[str, Callable[[Document], tuple[str, str]]] = {"USER": user, "DATE": day}
    grouped: dict[tuple[str, str], list[Timed]] = {}
    for entry, seconds in timed:
        grouped.setdefault(kinds[names[0]](entry), []).append((entry, seconds))
    made = []
    for (identity, name), held in sorted(grouped.items(), key=lambda group: group[0][1]):
        sums = _totals(held)
        group = {"_id": identity, "name": name, "duration": sums["totalTime"], "amount": sums["amounts"][0]["value"]}
        made.append({**group, "children": _groups(call, held, names[1:], zone)} if names[1:] else group)
    return made


def _row(call: Call, entry: Document, zone: ZoneInfo) -> Document:
    place: Workspace = call.workspace
    project = place.projects.get(entry.get("projectId") or "", {})
    task = place.tasks.get(entry.get("taskId") or "", {})
    user = call.account.users.get(entry["userId"], {})
    tags = [place.tags[tag_id] for tag_id in entry.get("tagIds") or [] if tag_id in place.tags]
    begun, ended = (instant(entry["timeInterval"][name]) for name in ("start", "end"))
    locked = entry.get("isLocked")
    return {
        "_id": entry["id"],
        "description": entry.get("description"),
        "userId": entry["userId"],
        "userName": user.get("name"),
        "userEmail": user.get("email"),
        "billable": entry.get("billable"),
        "projectId": entry.get("projectId"),
        "projectName": project.get("name"),
        "projectColor": project.get("color"),
        "clientId": project.get("clientId"),
        "clientName": project.get("clientName"),
        "taskId": entry.get("taskId"),
        "taskName": task.get("name"),
        "tags": [{"id": tag["id"], "name": tag.get("name")} for tag in tags],
        "timeInterval": {
            "start": rendered(begun, zone),
            "end": rendered(ended, zone),
            "duration": lasted(entry),
        },
        "customFields": entry.get("customFieldValues"),
        "type": entry.get("type"),
        "approvalRequestId": None,
        "isLocked": locked,
        "locked": locked,
        "rate": (entry.get("hourlyRate") or {}).get("amount", 0),
    }


def _timed(entries: list[Document]) -> list[Timed]:
    return [(entry, lasted(entry)) for entry in entries]


def _totals(timed: list[Timed]) -> Document:
    """Sums over the whole range, not the page; amounts are in minor units."""
    billable = [(entry, seconds) for entry, seconds in timed if entry.get("billable")]
    earned = sum(seconds * (entry.get("hourlyRate") or {}).get("amount", 0) for entry, seconds in billable)
    return {
        "_id": "",
        "totalTime": sum(seconds for _, seconds in timed),
        "totalBillableTime": sum(seconds for _, seconds in billable),
        "entriesCount": len(timed),
        "amounts": [{"type": "EARNED", "value": round(earned / 3600)}],
    }


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


def _whole(given: dict[str, Any], name: str, default: int, most: int | None) -> int:
    value = given.get(name, default)
    if not isinstance(value, int) or value < 1 or (most is not None and value > most):
        raise invalid(f"Invalid value for {name}: {value}; from 1 to {most or 'any number'}")
    return value
