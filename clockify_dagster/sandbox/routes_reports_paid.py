"""The reports that paid plans add: expenses, attendance."""

from __future__ import annotations

from datetime import date

from . import pages, report_requests
from .documents import Document
from .entries import lasted
from .messages import Call, Response, invalid
from .report_requests import LARGEST_PAGE, Asked
from .shown import documents_of
from .shown_money import invoicing, submitted
from .times import instant, rendered

EXPENSE_COLUMNS = {
    "ID": "id",
    "PROJECT": "projectName",
    "USER": "userName",
    "CATEGORY": "categoryName",
    "DATE": "date",
    "AMOUNT": "amount",
}
ATTENDANCE_COLUMNS = {
    "USER": "userName",
    "DATE": "date",
    "START": "startTime",
    "END": "endTime",
    "BREAK": "break",
    "WORK": "totalDuration",
    "CAPACITY": "capacity",
    "OVERTIME": "overtime",
    "TIME_OFF": "timeOff",
}
OFF = ("HOLIDAY", "TIME_OFF")
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def expenses(call: Call) -> Response:
    """`POST {reports}/workspaces/{w}/reports/expenses/detailed`: with totals of the whole range, in major units."""
    call.require_feature("EXPENSES")
    asked = report_requests.read(call, "page", "pageSize", "sortColumn")
    column = asked.body.get("sortColumn", "DATE")
    if column not in EXPENSE_COLUMNS:
        raise invalid(f"Invalid value for sortColumn: {column}")
    days = set(map(str, asked.days()))
    invoiced, approvals = invoicing(call.workspace), submitted(call.workspace)
    found = [
        {
            **_expense_row(call, each),
            "invoicingInfo": invoiced.get(each["id"]),
            "approvalRequestId": approvals.get(each["id"]),
        }
        for each in documents_of(call.account, call.workspace, "expenses")
        if each["date"] in days and asked.concerns(each["userId"])
    ]
    is_down = asked.body.get("sortOrder") == "DESCENDING"
    rows = pages.of_body(asked.body, pages.sorted_by(found, EXPENSE_COLUMNS[column], down=is_down), most=LARGEST_PAGE)
    totals = {
        "expensesCount": len(found),
        "totalAmount": round(sum(each["amount"] for each in found), 2),
        "totalAmountBillable": round(sum(each["amount"] for each in found if each["billable"]), 2),
    }
    return Response({"totals": totals, "expenses": rows})


def _expense_row(call: Call, expense: Document) -> Document:
    user = call.account.users.get(expense["userId"], {})
    member = call.workspace.members.get(expense["userId"], {})
    category, project = expense["category"] or {}, expense["project"] or {}
    same = ("id", "workspaceId", "userId", "billable", "quantity", "notes", "fileId", "fileName", "locked")
    return {
        **{name: expense[name] for name in same},
        "date": f"{expense['date']}T00:00:00Z",
        "time": None,
        "amount": expense["total"],
        "categoryId": category.get("id"),
        "categoryName": category.get("name"),
        "categoryHasUnitPrice": category.get("hasUnitPrice"),
        "categoryUnit": category.get("unit"),
        "exportFields": None,
        "projectId": project.get("id"),
        "projectName": project.get("name"),
        "projectColor": project.get("color"),
        "reportName": None,
        "userName": user.get("name"),
        "userEmail": user.get("email"),
        "userStatus": member.get("membershipStatus"),
    }


def attendance(call: Call) -> Response:
    """`POST {reports}/workspaces/{w}/reports/attendance`: a row for each person and day with entries, in seconds."""
    call.require_feature("ATTENDANCE_REPORT")
    asked = report_requests.read(call, "attendanceFilter")
    chosen = report_requests.part(asked, "attendanceFilter")
    pages.only_these(chosen, ("page", "pageSize", "sortColumn", "hasTimeOff"))
    column = chosen.get("sortColumn", "DATE")
    if column not in ATTENDANCE_COLUMNS:
        raise invalid(f"Invalid value for sortColumn: {column}")
    days: dict[tuple[str, date], list[Document]] = {}
    for (begun, _), entry in sorted(call.workspace.entries.started(asked.start, asked.end), key=lambda pair: pair[0]):
        if asked.concerns(entry["userId"]):
            days.setdefault((entry["userId"], begun.astimezone(asked.zone).date()), []).append(entry)
    with_time_off = chosen.get("hasTimeOff") is True
    found = [_attendance_row(asked, *key, entries, with_time_off=with_time_off) for key, entries in days.items()]
    is_down = asked.body.get("sortOrder") == "DESCENDING"
    found = pages.sorted_by(found, ATTENDANCE_COLUMNS[column], down=is_down)
    return Response(
        {"entities": pages.of_body(chosen, found, most=LARGEST_PAGE, given=call.account.largest_report_page)}
    )


def _attendance_row(asked: Asked, user_id: str, day: date, entries: list[Document], *, with_time_off: bool) -> Document:
    """A day that begins with each entry's start; whoever has no capacity of their own works eight hours a day."""
    place, user = asked.call.workspace, asked.call.account.users.get(user_id, {})
    pause = sum(lasted(each) for each in entries if each["type"] == "BREAK")
    off = sum(lasted(each) for each in entries if each["type"] in OFF)
    worked = sum(map(lasted, entries)) - pause - off
    is_working_day = WEEKDAYS[day.weekday()] in place.document["workspaceSettings"]["workingDays"]
    capacity = place.capacities.get(user_id, 8 * 3600) if is_working_day else 0
    intervals = [each["timeInterval"] for each in entries]
    is_running = any(each["end"] is None for each in intervals)
    last = None if is_running else max(instant(each["end"]) for each in intervals)
    return {
        "userId": user_id,
        "userName": user.get("name"),
        "imageUrl": user.get("profilePicture"),
        "date": str(day),
        "startTime": rendered(instant(intervals[0]["start"]), asked.zone),
        "endTime": last and rendered(last, asked.zone),
        "hasRunningEntry": is_running,
        "totalDuration": worked,
        "break": pause,
        "timeOff": off if with_time_off else 0,
        "capacity": capacity,
        "remainingCapacity": max(0, capacity - worked - off),
        "overtime": max(0, worked - capacity),
    }
