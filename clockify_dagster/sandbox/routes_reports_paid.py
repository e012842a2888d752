"""The reports that paid plans add: expenses."""

from __future__ import annotations

from . import pages, report_requests
from .documents import Document
from .messages import Call, Response, invalid
from .report_requests import LARGEST_PAGE
from .shown import documents_of
from .shown_money import invoicing, submitted

EXPENSE_COLUMNS = {
    "ID": "id",
    "PROJECT": "projectName",
    "USER": "userName",
    "CATEGORY": "categoryName",
    "DATE": "date",
    "AMOUNT": "amount",
}


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
