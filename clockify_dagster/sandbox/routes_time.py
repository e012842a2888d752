"""Time entries: one person's, a single one, and the timers that run."""

from __future__ import annotations

from datetime import datetime

from . import pages
from .documents import Document
from .entries import is_running
from .messages import Call, Request, Response, denied, invalid, missing
from .times import query_clock, window_edge

UNSUPPORTED = ("get-week-before", "description", "tags", "project-required", "task-required", "hydrated")


def of_user(call: Call) -> Response:
    """`GET /workspaces/{w}/user/{u}/time-entries`: newest start first.

    `start` and `end` bound the entry's start, the first inclusive, the second not. Clockify reads them as
    clock times of the account's zone in spite of their `Z`.
    """
    _check_user(call, call.path_values["user"])
    for name in UNSUPPORTED:
        if call.request.one(name) not in (None, "", "false"):
            raise invalid(f"the sandbox does not know what {name} does")
    start, end = _edge(call, "start"), _edge(call, "end")
    skip, take = pages.position(call.request)
    entries = call.workspace.entries
    wanted = {"projectId": call.request.one("project"), "taskId": call.request.one("task")}
    running = call.request.flag("in-progress")
    if running is None and not any(wanted.values()):
        items, total = entries.newest_first(call.path_values["user"], start, end, skip=skip, take=take)
        return pages.answer(call, items, total, skip)
    every, _ = entries.newest_first(call.path_values["user"], start, end, skip=0, take=len(entries.by_id))
    found = [each for each in every if running is None or is_running(each) is running]
    for field, value in wanted.items():
        found = [each for each in found if not value or each.get(field) == value]
    return pages.page(call, found)


def one(call: Call) -> Response:
    """`GET /workspaces/{w}/time-entries/{id}`."""
    entry = call.workspace.entries.by_id.get(call.path_values["entry"])
    if entry is None:
        raise missing("Time entry", call.path_values["entry"])
    _check_own(call, entry)
    return Response(entry)


def in_progress(call: Call) -> Response:
    """`GET /workspaces/{w}/time-entries/status/in-progress`: ten a page unless asked, 1000 at most."""
    call.require_admin()
    return pages.page(call, call.workspace.entries.running(), default=10, most=1000)


def _check_own(call: Call, entry: Document) -> None:
    if not call.is_self(str(entry["userId"])):
        call.require_admin()


def _check_user(call: Call, user_id: str) -> None:
    place, account = call.workspace, call.account
    if not call.is_self(user_id) and call.key.role == "MEMBER":
        raise denied()
    gone = user_id in place.removed and account.removed_users == "refused"
    if gone or (user_id not in place.members and user_id not in place.removed):
        raise missing("User", user_id)


def _edge(call: Call, name: str) -> datetime | None:
    clock = clock_of(call.request, name)
    return None if clock is None else window_edge(clock, call.account.window_zone())


def clock_of(request: Request, name: str) -> datetime | None:
    """A `start` or `end` parameter's clock time; 400 for any form but `yyyy-MM-ddThh:mm:ssZ`."""
    value = request.one(name)
    if value is None:
        return None
    clock = query_clock(value)
    if clock is None:
        raise invalid(f"Invalid value for {name}: {value}; expected yyyy-MM-ddThh:mm:ssZ")
    return clock
