"""The lists that paid plans add. Where the workspace's `features` lack a list's feature, it answers 403."""

from __future__ import annotations

from . import pages
from .documents import Document
from .messages import Call, Response, invalid
from .times import instant

PAGED = ("page", "page-size")
SORTED = ("sort-column", "sort-order")
LARGEST_TIME_OFF_PAGE = 200


def expense_categories(call: Call) -> Response:
    """`GET /workspaces/{w}/expenses/categories`: active ones, or with `archived=true` archived ones and no other."""
    call.require_feature("EXPENSES")
    request = call.request
    pages.only_these(request.query, (*PAGED, *SORTED, "archived", "name"))
    archived = bool(request.flag("archived"))
    found = pages.by_name(request, call.workspace.expense_categories.values())
    found = pages.ordered(request, [each for each in found if bool(each.get("archived")) is archived], "name")
    page = pages.page(call, found)
    return Response({"categories": page.payload, "count": len(found)}, headers=page.headers)


def holidays(call: Call) -> Response:
    """`GET /workspaces/{w}/holidays`: all of them, since Clockify does not page this list."""
    call.require_feature("TIME_OFF")
    pages.only_these(call.request.query, (*PAGED, "assigned-to"))
    found = pages.ordered(call.request, list(call.workspace.holidays.values()), "id")
    user_id = call.request.one("assigned-to")
    return Response([each for each in found if user_id is None or _concerns(call, each, user_id)])


def custom_fields(call: Call) -> Response:
    """`GET /workspaces/{w}/custom-fields`: those of entries and of people; Clockify does not page this list."""
    call.require_feature("CUSTOM_FIELDS")
    request = call.request
    pages.only_these(request.query, (*PAGED, "name", "status", "entity-type"))
    found = pages.by_name(request, call.workspace.custom_fields.values())
    entity_types = request.many("entity-type")
    if not set(entity_types) <= {"TIMEENTRY", "USER"}:
        raise invalid(f"Invalid value for entity-type: {request.one('entity-type')}")
    for field, wanted in (("entityType", entity_types), ("status", request.many("status"))):
        found = [each for each in found if not wanted or each.get(field) in wanted]
    return Response(pages.ordered(request, found, "id"))


def policies(call: Call) -> Response:
    """`GET /workspaces/{w}/time-off/policies`: active ones unless `status` is ARCHIVED or ALL; pages of 200 at most."""
    call.require_feature("TIME_OFF")
    request = call.request
    pages.only_these(request.query, (*PAGED, *SORTED, "name", "status"))
    pages.number(request, "page", 1, least=1, most=1000)
    status = request.one("status") or "ACTIVE"
    if status not in ("ACTIVE", "ARCHIVED", "ALL"):
        raise invalid(f"Invalid value for status: {status}")
    found = pages.by_name(request, call.workspace.policies.values())
    if status != "ALL":
        found = [each for each in found if bool(each.get("archived")) is (status == "ARCHIVED")]
    return pages.page(call, pages.ordered(request, found, "id"), most=LARGEST_TIME_OFF_PAGE)


def time_off_requests(call: Call) -> Response:
    """`POST /workspaces/{w}/time-off/requests`: pages by the body, 200 at most, and no Last-Page; newest first."""
    call.require_feature("TIME_OFF")
    body = call.request.body
    if not isinstance(body, dict):
        raise invalid("Required request body is missing")
    pages.only_these(call.request.query, ())
    pages.only_these(body, ("page", "pageSize", "start", "end", "statuses", "users", "userGroups"))
    statuses, users = body.get("statuses") or ["ALL"], set(body.get("users") or [])
    if not set(statuses) <= {"PENDING", "APPROVED", "REJECTED", "ALL"}:
        raise invalid(f"Invalid value for statuses: {statuses}")
    for group_id in body.get("userGroups") or []:
        users |= set(call.workspace.groups.get(group_id, {}).get("userIds") or ["nobody"])
    found = [
        each
        for each in call.workspace.time_off_requests.values()
        if ("ALL" in statuses or each["status"]["statusType"] in statuses)
        and (not users or each["userId"] in users)
        and _created_within(each, body)
    ]
    found.sort(key=lambda each: (each["createdAt"], each["id"]), reverse=True)
    size = pages.number_in(body, "pageSize", 50, most=LARGEST_TIME_OFF_PAGE)
    skip = (pages.number_in(body, "page", 1) - 1) * size
    return Response({"count": len(found), "requests": found[skip : skip + size]})


def _concerns(call: Call, holiday: Document, user_id: str) -> bool:
    groups = [call.workspace.groups.get(group_id, {}) for group_id in holiday.get("userGroupIds") or []]
    in_groups = any(user_id in (group.get("userIds") or []) for group in groups)
    return bool(holiday.get("everyoneIncludingNew")) or in_groups or user_id in (holiday.get("userIds") or [])


def _created_within(request: Document, body: Document) -> bool:
    created = instant(request["createdAt"])
    try:
        start, end = (body.get(name) and instant(str(body[name])) for name in ("start", "end"))
    except ValueError as error:
        raise invalid(str(error)) from None
    return (not start or created > start) and (not end or created < end)
