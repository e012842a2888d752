"""Invoices by two lists, one with its items, and the payments of one."""

from __future__ import annotations

from . import pages
from .documents import Document
from .listings import Listing, of, one_of
from .messages import Call, Response, invalid, missing

STATUSES = ("UNSENT", "SENT", "PAID", "PARTIALLY_PAID", "VOID", "OVERDUE")
COLUMNS = {
    "ID": "id",
    "CLIENT": "clientName",
    "DUE_ON": "dueDate",
    "ISSUE_DATE": "issuedDate",
    "AMOUNT": "amount",
    "BALANCE": "balance",
}
LISTED = ("id", "number", "clientId", "clientName", "currency", "issuedDate", "dueDate", "status")
SUMS = ("amount", "paid", "balance")
INFO = (*LISTED, *SUMS, "billFrom", "daysOverdue", "visibleZeroFields")


def info(call: Call) -> Response:
    """`POST /workspaces/{w}/invoices/info`: pages by the body, without Last-Page; `total` counts all that are found."""
    call.require_feature("INVOICING")
    body = pages.body_of(call, ("page", "pageSize", "statuses", "sortColumn", "sortOrder"))
    statuses, column, order = body.get("statuses"), body.get("sortColumn", "ID"), body.get("sortOrder", "ASCENDING")
    if not set(statuses or ()) <= set(STATUSES) or column not in COLUMNS or order not in ("ASCENDING", "DESCENDING"):
        raise invalid(f"Invalid value among statuses, sortColumn and sortOrder: {statuses}, {column}, {order}")
    found = [each for each in of("invoices")(call) if not statuses or each["status"] in statuses]
    found = pages.sorted_by(found, COLUMNS[column], down=order == "DESCENDING")
    rows = pages.of_body(body, found, given=call.account.largest_post_page)
    return Response({"invoices": _cut(rows, INFO), "total": len(found)})


def one(call: Call) -> Response:
    """`GET /workspaces/{w}/invoices/{id}`: with its items."""
    call.require_feature("INVOICING")
    found = next((each for each in of("invoices")(call) if each["id"] == call.path_values["invoice"]), None)
    if found is None:
        raise missing("Invoice", call.path_values["invoice"])
    return Response({name: value for name, value in found.items() if name != "daysOverdue"})


def _payments(call: Call) -> list[Document]:
    if call.path_values["invoice"] not in call.workspace.invoices:
        raise missing("Invoice", call.path_values["invoice"])
    return [each for each in of("payments")(call) if each["invoiceId"] == call.path_values["invoice"]]


def _cut(rows: list[Document], names: tuple[str, ...]) -> list[Document]:
    return [{name: each[name] for name in names} for each in rows]


LISTINGS = {
    "invoices": Listing(
        of("invoices"),
        feature="INVOICING",
        filters={"statuses": one_of("status", STATUSES)},
        columns=COLUMNS,
        around=lambda rows, found: {"invoices": _cut(rows, (*LISTED, *SUMS)), "total": len(found)},
    ),
    "invoices/{invoice}/payments": Listing(
        _payments,
        feature="INVOICING",
        last_page=False,
        around=lambda rows, _: _cut(rows, ("id", "amount", "date", "author", "note")),
    ),
}
"""By path below the workspace."""
