"""The routing table, and who is let in: keys, workspaces, the hourly limit."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

from . import (
    routes_account,
    routes_changes,
    routes_invoices,
    routes_paid,
    routes_reports,
    routes_reports_paid,
    routes_time,
    routes_work,
)
from .account import Account
from .messages import NO_KEY, UNKNOWN_KEY, UNKNOWN_ROUTE, Call, Refusal, Request, Response, denied, missing
from .state import Key, Workspace

Route = Callable[[Call], Response]

REPORTS: dict[str, Route] = {
    "detailed": routes_reports.detailed,
    "summary": routes_reports.summary,
    "expenses/detailed": routes_reports_paid.expenses,
    "attendance": routes_reports_paid.attendance,
}
LISTINGS = {**routes_paid.LISTINGS, **routes_invoices.LISTINGS}
TABLE: list[tuple[str, str, Route]] = [
    ("GET", "/api/v1/user", routes_account.current_user),
    ("GET", "/api/v1/workspaces", routes_account.workspaces),
    ("GET", "/api/v1/workspaces/{workspace}", routes_account.workspace),
    ("GET", "/api/v1/workspaces/{workspace}/users", routes_account.users),
    ("GET", "/api/v1/workspaces/{workspace}/user-groups", routes_account.groups),
    ("GET", "/api/v1/workspaces/{workspace}/clients", routes_work.clients),
    ("GET", "/api/v1/workspaces/{workspace}/tags", routes_work.tags),
    ("GET", "/api/v1/workspaces/{workspace}/projects", routes_work.projects),
    ("GET", "/api/v1/workspaces/{workspace}/projects/{project}/tasks", routes_work.tasks),
    *(("GET", f"/api/v1/workspaces/{{workspace}}/{path}", each) for path, each in LISTINGS.items()),
    ("POST", "/api/v1/workspaces/{workspace}/invoices/info", routes_invoices.info),
    ("GET", "/api/v1/workspaces/{workspace}/invoices/{invoice}", routes_invoices.one),
    ("POST", "/api/v1/workspaces/{workspace}/time-off/requests", routes_paid.time_off_requests),
    ("GET", "/api/v1/workspaces/{workspace}/user/{user}/time-entries", routes_time.of_user),
    ("GET", "/api/v1/workspaces/{workspace}/time-entries/status/in-progress", routes_time.in_progress),
    ("GET", "/api/v1/workspaces/{workspace}/time-entries/{entry}", routes_time.one),
    (
        "GET",
        "/api/v1/workspaces/{workspace}/entities/{action:created|updated|deleted}",
        routes_changes.entities,
    ),
    *(
        ("POST", f"{prefix}/workspaces/{{workspace}}/reports/{path}", report)
        for prefix in ("/v1", "/report/v1")  # global, and a region's
        for path, report in REPORTS.items()
    ),
]


def _pattern(template: str) -> re.Pattern[str]:
    named = re.sub(r"\{(\w+):([^}]+)\}", r"(?P<\1>\2)", template)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", named))


PATTERNS = [(method, _pattern(template), route) for method, template, route in TABLE]


def respond(account: Account, request: Request) -> Response:
    """The answer to a request; the caller holds the account's lock."""
    try:
        key = _key(account, request)
        route, path_values = _route(request)
        call = Call(account, request, key, None, path_values)
        if "workspace" in path_values:
            call.place = _enter(call, path_values["workspace"])
            _count(account, call.place)
        if any(re.search(pattern, request.path) for pattern in account.refused):
            raise denied()
        return route(call)
    except Refusal as refusal:
        return refusal.response


def _key(account: Account, request: Request) -> Key:
    """Clockify takes the key by the header `X-Api-Key` and by nothing else."""
    if not request.key:
        raise Refusal(401, "Full authentication is required to access this resource", NO_KEY)
    if request.key not in account.keys:
        raise Refusal(401, "Api key does not exist", UNKNOWN_KEY)
    return account.keys[request.key]


def _route(request: Request) -> tuple[Route, dict[str, str]]:
    for method, pattern, route in PATTERNS:
        match = pattern.fullmatch(request.path)
        if match and method == request.method:
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    raise Refusal(404, f"No static resource {request.path}", UNKNOWN_ROUTE)


def _enter(call: Call, identity: str) -> Workspace:
    place = call.account.workspaces.get(identity)
    if place is None:
        raise missing("Workspace", identity)
    if not routes_account.may_enter(call, place):
        raise denied()
    return place


def _count(account: Account, place: Workspace) -> None:
    """Clockify's free plan answers 30 requests an hour for a whole workspace, then 429."""
    if account.requests_per_hour is None:
        return
    now = account.now()
    while place.asked and now - place.asked[0] >= timedelta(hours=1):
        place.asked.popleft()
    if len(place.asked) >= account.requests_per_hour:
        wait = {} if account.retry_after is None else {"Retry-After": str(account.retry_after)}
        raise Refusal(429, "Too many requests", 429, wait)
    place.asked.append(now)
