"""The documents of an account as Clockify's lists show them, with what is worked out from others; no HTTP."""

from __future__ import annotations

from collections.abc import Callable

from .documents import Document
from .people import People
from .shown_money import shown_expense, shown_invoice
from .shown_names import task_info
from .shown_time_off import balances
from .state import Workspace
from .times import iso_duration


def documents_of(account: People, place: Workspace, kind: str) -> list[Document]:
    """A workspace's documents of a kind, such as `projects`.

    Users have all memberships and roles, invoices their items, payments the id of their invoice, `invoiceId`.
    """
    view = VIEWS.get(kind)
    return list(getattr(place, kind).values()) if view is None else view(account, place)


def _users(account: People, place: Workspace) -> list[Document]:
    held = account.memberships(place, "ALL")
    return [
        {**account.user_in(place, user_id), "memberships": held[user_id], "roles": place.roles.get(user_id, [])}
        for user_id in place.members
    ]


def _projects(_: People, place: Workspace) -> list[Document]:
    return [_with_duration(place, each) for each in place.projects.values()]


def _tasks(_: People, place: Workspace) -> list[Document]:
    return [_with_duration(place, each) for each in place.tasks.values()]


def _with_duration(place: Workspace, document: Document) -> Document:
    """With the time that was tracked on it so far; what nobody has worked on stays as it is."""
    seconds = place.entries.seconds.get(str(document.get("id")))
    return {**document, "duration": iso_duration(seconds)} if seconds else document


def _time_entries(_: People, place: Workspace) -> list[Document]:
    return list(place.entries.by_id.values())


def _expenses(_: People, place: Workspace) -> list[Document]:
    return [shown_expense(place, each) for each in place.expenses.values()]


def _invoices(account: People, place: Workspace) -> list[Document]:
    return [shown_invoice(place, each, account.now()) for each in place.invoices.values()]


def _approvals(_: People, place: Workspace) -> list[Document]:
    return [{name: value for name, value in each.items() if name != "id"} for each in place.approvals.values()]


def _assignments(account: People, place: Workspace) -> list[Document]:
    return [_with_names(account, place, each) for each in place.assignments.values()]


def _with_names(account: People, place: Workspace, assignment: Document) -> Document:
    project = place.projects.get(assignment["projectId"], {})
    return {
        **assignment,
        "userName": account.users.get(assignment["userId"], {}).get("name"),
        "taskName": (task_info(place, assignment["taskId"]) or {}).get("name"),
        "clientId": project.get("clientId"),
        "clientName": project.get("clientName"),
        "projectName": project.get("name"),
        "projectColor": project.get("color"),
        "projectArchived": project.get("archived"),
        "projectBillable": project.get("billable"),
    }


VIEWS: dict[str, Callable[[People, Workspace], list[Document]]] = {
    "users": _users,
    "projects": _projects,
    "tasks": _tasks,
    "entries": _time_entries,
    "expenses": _expenses,
    "invoices": _invoices,
    "approvals": _approvals,
    "balances": balances,
    "assignments": _assignments,
}
