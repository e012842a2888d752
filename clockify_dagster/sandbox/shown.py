"""The documents of an account as Clockify's lists show them, with what is worked out from others; no HTTP."""

from __future__ import annotations

from collections.abc import Callable

from .documents import Document
from .people import People
from .state import Workspace
from .times import iso_duration


def documents_of(account: People, place: Workspace, kind: str) -> list[Document]:
    """A workspace's documents of a kind, such as `projects`: users with all memberships and roles."""
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


def project_info(place: Workspace, project_id: str | None) -> Document | None:
    """What other documents show of a project."""
    project = place.projects.get(project_id or "")
    return project and {name: project.get(name) for name in ("id", "name", "color", "clientId", "clientName")}


def task_info(place: Workspace, task_id: str | None) -> Document | None:
    """What other documents show of a task."""
    task = place.tasks.get(task_id or "")
    return task and {name: task.get(name) for name in ("id", "name")}


VIEWS: dict[str, Callable[[People, Workspace], list[Document]]] = {
    "users": _users,
    "projects": _projects,
    "tasks": _tasks,
    "entries": _time_entries,
    "expenses": _expenses,
}
