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
