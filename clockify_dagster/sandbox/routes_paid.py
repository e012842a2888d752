"""The lists that paid plans add, a row each. Where the workspace's `features` lack a list's feature, it answers 403."""

from __future__ import annotations

from datetime import date, timedelta

from . import pages
from .documents import Document
from .listings import Listing, by_archived, by_name, by_name_in, of, one_of
from .messages import Call, Response, invalid, missing
from .routes_time import clock_of
from .times import instant, window_edge

LARGEST_TIME_OFF_PAGE = 200


def custom_fields_of(call: Call) -> list[Document]:
    """Those of entries and of people; or where the account says so, of entries alone unless `entity-type` is given."""
    found = of("custom_fields")(call)
    if call.account.fields_without_type == "TIMEENTRY" and not call.request.one("entity-type"):
        found = [each for each in found if each.get("entityType") == "TIMEENTRY"]
    return found


def by_assignment(call: Call, found: list[Document], name: str) -> list[Document]:
    """Holidays of a person: for everybody, for them, or for a group that they are in."""
    user_id = call.request.one(name)
    return [each for each in found if user_id is None or _concerns(call, each, user_id)]


def by_policy_status(call: Call, found: list[Document], name: str) -> list[Document]:
    """Active policies, archived or ALL of them."""
    status = call.request.one(name) or "ACTIVE"
    if status not in ("ACTIVE", "ARCHIVED", "ALL"):
        raise invalid(f"Invalid value for {name}: {status}")
    return [each for each in found if status == "ALL" or bool(each.get("archived")) is (status == "ARCHIVED")]


def balances_of_policy(call: Call) -> list[Document]:
    """What each person has left of the policy in the path, also of an archived one."""
    policy = call.path_values["policy"]
    if policy not in call.workspace.policies:
        raise missing("Policy", policy)
    return [each for each in of("balances")(call) if each["policyId"] == policy]


def assignments_within(call: Call) -> list[Document]:
    """Those whose period touches the range from `start` to `end`, both of which Clockify wants."""
    start, end = (clock_of(call.request, name) for name in ("start", "end"))
    if start is None or end is None:
        raise invalid("Required request parameters 'start' and 'end' are not present")
    since, until = window_edge(start, None), window_edge(end, None)
    return [
        each
        for each in of("assignments")(call)
        if instant(each["period"]["end"]) >= since and instant(each["period"]["start"]) <= until
    ]


def with_totals(rows: list[Document], found: list[Document]) -> Document:
    """A page of expenses, null where it is empty, between the totals of days and of weeks, in major units."""
    days: dict[date, float] = {}
    weeks: dict[date, float] = {}
    for each in found:
        day = date.fromisoformat(each["date"])
        days[day] = days.get(day, 0) + each["total"]
        week = day - timedelta(days=day.weekday())
        weeks[week] = weeks.get(week, 0) + each["total"]
    return {
        "dailyTotals": [
            {"date": str(day), "dateAsInstant": f"{day}T00:00:00Z", "total": round(total, 2)}
            for day, total in days.items()
        ],
        "expenses": {"count": len(found), "expenses": rows or None},
        "weeklyTotals": [{"date": str(week), "total": round(total, 2)} for week, total in weeks.items()],
    }


LISTINGS = {
    "custom-fields": Listing(
        custom_fields_of,
        feature="CUSTOM_FIELDS",
        paged=False,
        filters={
            "name": by_name,
            "status": one_of("status", ("INACTIVE", "VISIBLE", "INVISIBLE")),
            "entity-type": one_of("entityType", ("TIMEENTRY", "USER")),
        },
    ),
    "holidays": Listing(of("holidays"), feature="TIME_OFF", paged=False, filters={"assigned-to": by_assignment}),
    "expenses/categories": Listing(
        of("expense_categories"),
        feature="EXPENSES",
        filters={"archived": by_archived, "name": by_name},
        columns={"NAME": "name"},
        default="name",
        around=lambda rows, found: {"categories": rows, "count": len(found)},
    ),
    "expenses": Listing(
        of("expenses"),
        feature="EXPENSES",
        filters={"user-id": one_of("userId")},
        default="date",
        newest_first=True,
        around=with_totals,
    ),
    "approval-requests": Listing(
        of("approvals"),
        feature="APPROVAL",
        filters={"status": one_of("approvalRequest.status.state", ("PENDING", "APPROVED", "WITHDRAWN_APPROVAL"))},
        columns={
            "ID": "approvalRequest.id",
            "USER_ID": "approvalRequest.owner.userId",
            "START": "approvalRequest.dateRange.start",
            "UPDATED_AT": "approvalRequest.status.updatedAt",
        },
        default="approvalRequest.id",
    ),
    "scheduling/assignments/all": Listing(
        assignments_within,
        feature="SCHEDULING",
        found_by=("start", "end"),
        filters={"name": by_name_in("projectName", "taskName", "userName")},
        columns={"PROJECT": "projectName", "USER": "userName", "ID": "id"},
    ),
    "time-off/policies": Listing(
        of("policies"),
        feature="TIME_OFF",
        filters={"name": by_name, "status": by_policy_status},
        columns={"DEFAULT_SORT": "id", "NAME": "name"},
        most=LARGEST_TIME_OFF_PAGE,
        most_pages=1000,
    ),
    "time-off/balance/policy/{policy}": Listing(
        balances_of_policy,
        feature="TIME_OFF",
        sort="sort",
        columns={"USER": "userName", "POLICY": "policyName", "USED": "used", "BALANCE": "balance", "TOTAL": "total"},
        most=LARGEST_TIME_OFF_PAGE,
        most_pages=1000,
        around=lambda rows, found: {"balances": rows, "count": len(found)},
    ),
}
"""By path below the workspace."""


def time_off_requests(call: Call) -> Response:
    """`POST /workspaces/{w}/time-off/requests`: pages by the body, 200 at most, and no Last-Page; newest first."""
    call.require_feature("TIME_OFF")
    body = pages.body_of(call, ("page", "pageSize", "start", "end", "statuses", "users", "userGroups"))
    statuses, users = body.get("statuses") or ["ALL"], set(body.get("users") or [])
    if not set(statuses) <= {"PENDING", "APPROVED", "REJECTED", "ALL"}:
        raise invalid(f"Invalid value for statuses: {statuses}")
    for group_id in body.get("userGroups") or []:
        users |= set(call.workspace.groups.get(group_id, {}).get("userIds") or ["nobody"])
    found = [
        each
        for each in of("time_off_requests")(call)
        if ("ALL" in statuses or each["status"]["statusType"] in statuses)
        and (not users or each["userId"] in users)
        and _created_within(each, body)
    ]
    found.sort(key=lambda each: (each["createdAt"], each["id"]), reverse=True)
    pages.number_in(body, "page", 1, most=1000)
    rows = pages.of_body(body, found, most=LARGEST_TIME_OFF_PAGE, given=call.account.largest_post_page)
    return Response({"count": len(found), "requests": rows})


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
