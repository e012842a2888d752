"""The JSON documents of money: expense categories, expenses. No state."""

from __future__ import annotations

from .documents import Document


def expense_category(identity: str, workspace_id: str, name: str) -> Document:
    """A category of expenses; with a unit price, `unit` and `priceInCents` say what one costs."""
    return {
        "id": identity,
        "name": name,
        "workspaceId": workspace_id,
        "hasUnitPrice": False,
        "priceInCents": 0,
        "unit": "",
        "archived": False,
    }


def expense(identity: str, category: Document, user_id: str, total: float) -> Document:
    """An expense as it is stored, with ids; the list shows its project, task and category in their place."""
    return {
        "id": identity,
        "workspaceId": category["workspaceId"],
        "userId": user_id,
        "date": "",
        "projectId": None,
        "taskId": None,
        "categoryId": category["id"],
        "quantity": 1.0,
        "total": total,
        "billable": False,
        "notes": "",
        "fileId": None,
        "fileName": None,
        "locked": False,
    }


def invoice(identity: str, client: Document, number: str, status: str) -> Document:
    """An invoice as it is stored: without its sums, which `shown_invoice` works out of items and payments."""
    return {
        "id": identity,
        "number": number,
        "clientId": client["id"],
        "clientName": client["name"],
        "clientAddress": client["address"],
        "companyId": identity[::-1],
        "userId": None,
        "billFrom": "Kvartal Agency\nBeograd",
        "currency": client["currencyCode"],
        "issuedDate": None,
        "dueDate": None,
        "status": status,
        "subject": "",
        "note": "",
        "items": [],
        "calculationType": "INVOICE_BASED",
        "taxType": "SIMPLE",
        "discount": 0.0,
        "tax": 0.0,
        "tax2": 0.0,
        "containsImportedTimes": False,
        "containsImportedExpenses": False,
        "visibleZeroFields": [],
    }


def invoice_item(order: int, description: str, quantity: float, unit_price: int) -> Document:
    """An item: whole numbers all, so quantities are in hundredths (the official document does not say)."""
    return {
        "order": order,
        "itemType": "Service",
        "importType": "NOT_IMPORTED",
        "description": description,
        "quantity": round(100 * quantity),
        "unitPrice": unit_price,
        "amount": round(quantity * unit_price),
        "applyTaxes": "TAX1TAX2",
        "timeEntryIds": [],
        "expenseIds": [],
    }


def payment(identity: str, invoice_id: str, amount: int, date: str) -> Document:
    """A payment as it is stored; lists do not show the invoice, which their path names."""
    return {
        "id": identity,
        "invoiceId": invoice_id,
        "amount": amount,
        "date": date,
        "author": "Ana Petrović",
        "note": "",
    }
