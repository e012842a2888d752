"""The reports host: detailed reports with every person's rows at once, summary reports with sums by groups."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from . import pages, report_requests
from .documents import Document
from .entries import lasted
from .messages import Call, Response, invalid
from .report_requests import LARGEST_PAGE
from .shown_money import invoicing, submitted
from .state import Workspace
from .times import instant, rendered

Timed = tuple[Document, int]  # an entry and its seconds


def detailed(call: Call) -> Response:
    """`POST {reports}/workspaces/{w}/reports/detailed`: newest start first, running timers left out."""
    asked = report_requests.read(call, "detailedFilter")
    chosen, found = report_requests.part(asked, "detailedFilter"), asked.entries()
    shown, billing = pages.of_body(chosen, found, most=LARGEST_PAGE), _billing(call)
    rows = [{**_row(call, entry, asked.zone), **billing(entry)} for entry in shown]
    is_excluded = (chosen.get("options") or {}).get("totals") == "EXCLUDE"
    return Response({"totals": [] if is_excluded or not found else [_totals(_timed(found))], "timeentries": rows})


def summary(call: Call) -> Response:
    """`POST {reports}/workspaces/{w}/reports/summary`: sums by up to three groups, each within the one before."""
    asked = report_requests.read(call, "summaryFilter")
    names = report_requests.part(asked, "summaryFilter").get("groups")
    if not isinstance(names, list) or not 1 <= len(names) <= 3:
        raise invalid("A summary report needs one to three groups")
    unknown = sorted(set(map(str, names)) - {"USER", "DATE"})
    if unknown:
        raise invalid(f"the sandbox does not know the report groups {', '.join(unknown)}")
    timed = _timed(asked.entries())
    totals = [_totals(timed)] if timed else []
    return Response({"totals": totals, "groupOne": _groups(call, timed, names, asked.zone), "chart": []})


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
        "isLocked": locked,
        "locked": locked,
    }


def _billing(call: Call) -> Callable[[Document], Document]:
    """What makes the part of a row that no other list has: rate and amount in minor units, invoice, approval."""
    invoiced, approvals = invoicing(call.workspace), submitted(call.workspace)

    def of(entry: Document) -> Document:
        approval = {"approvalRequestId": approvals.get(str(entry["id"]))}
        if not call.account.billing_in_reports:
            return approval
        rate = (entry.get("hourlyRate") or {}).get("amount", 0)
        amount = round(rate * lasted(entry) / 3600, 2) if entry.get("billable") else 0
        return {**approval, "rate": rate, "amount": amount, "invoicingInfo": invoiced.get(str(entry["id"]))}

    return of


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
