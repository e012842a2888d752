"""What of money is worked out from other documents: expenses, the sums of invoices, what is invoiced and submitted."""

from __future__ import annotations

from datetime import datetime

from .documents import Document
from .shown_names import project_info, task_info
from .state import Workspace
from .times import instant

UNFINISHED = ("UNSENT", "SENT")


def shown_expense(place: Workspace, expense: Document) -> Document:
    """An expense with its category, project and task in place of their ids; null where there is none (any more)."""
    ids = ("categoryId", "projectId", "taskId")
    return {
        **{name: value for name, value in expense.items() if name not in ids},
        "isLocked": expense["locked"],
        "category": place.expense_categories.get(expense["categoryId"]),
        "project": project_info(place, expense.get("projectId")),
        "task": task_info(place, expense.get("taskId")),
    }


def shown_invoice(place: Workspace, invoice: Document, now: datetime) -> Document:
    """An invoice with its sums, with the status that payments and time have given it, and the days it is overdue."""
    subtotal = sum(item["amount"] for item in invoice["items"])
    discount = round(subtotal * invoice["discount"] / 100)
    taxes = [round((subtotal - discount) * invoice[name] / 100) for name in ("tax", "tax2")]
    amount = subtotal - discount + sum(taxes)
    paid = sum(each["amount"] for each in place.payments.values() if each["invoiceId"] == invoice["id"])
    late = max(0, (now - instant(invoice["dueDate"])).days)
    status = invoice["status"]
    if status in UNFINISHED and paid:
        status = "PAID" if paid >= amount else "PARTIALLY_PAID"
    elif status == "SENT" and late:
        status = "OVERDUE"
    return {
        **invoice,
        "subtotal": subtotal,
        "discountAmount": discount,
        "taxAmount": taxes[0],
        "tax2Amount": taxes[1],
        "amount": amount,
        "paid": paid,
        "balance": amount - paid,
        "status": status,
        "daysOverdue": late if status in ("OVERDUE", "PARTIALLY_PAID") else 0,
    }


def submitted(place: Workspace) -> dict[str, str]:
    """By the id of an entry or expense, the request for its approval that is pending or was approved."""
    return {
        each["id"]: request["id"]
        for request in place.approvals.values()
        if request["approvalRequest"]["status"]["state"] in ("PENDING", "APPROVED")
        for each in (*request["entries"], *request["expenses"])
    }


def invoicing(place: Workspace) -> dict[str, Document]:
    """By the id of an entry or expense, the `invoicingInfo` of reports; what is not invoiced is not in it."""
    found: dict[str, Document] = {
        each: {"invoiceId": None, "manuallyInvoiced": True} for each in place.manually_invoiced
    }
    for invoice in place.invoices.values():
        for item in invoice["items"] if invoice["status"] != "VOID" else ():
            for each in (*item["timeEntryIds"], *item["expenseIds"]):
                found[each] = {"invoiceId": invoice["id"], "manuallyInvoiced": False}
    return found
