"""The lists of clients, projects, tasks and tags."""

from __future__ import annotations

from . import pages
from .documents import Document
from .messages import Call, Response, missing
from .shown import documents_of


def clients(call: Call) -> Response:
    """`GET /workspaces/{w}/clients`: archived and active ones unless `archived` says otherwise."""
    return _archivable(call, call.workspace.clients)


def tags(call: Call) -> Response:
    """`GET /workspaces/{w}/tags`: archived and active ones unless `archived` says otherwise."""
    return _archivable(call, call.workspace.tags)


def projects(call: Call) -> Response:
    """`GET /workspaces/{w}/projects`: `hydrated=true` adds each project's tasks and custom fields."""
    request, place = call.request, call.workspace
    found = pages.by_flag(request, "archived", pages.by_name(request, documents_of(call.account, place, "projects")))
    found = pages.ordered(request, pages.by_flag(request, "billable", found), "name")
    skip, take = pages.position(request)
    shown = found[skip : skip + take]
    if not request.flag("hydrated"):
        plain = [{key: value for key, value in each.items() if key != "customFields"} for each in shown]
        return pages.answer(call, plain, len(found), skip)
    shown = [{**each, "customFields": each.get("customFields", [])} for each in shown]
    if call.account.hydrated_tasks:
        tasks_of: dict[object, list[Document]] = {}
        for task in documents_of(call.account, place, "tasks"):
            tasks_of.setdefault(task.get("projectId"), []).append(task)
        shown = [{**each, "tasks": tasks_of.get(each.get("id"), [])} for each in shown]
    return pages.answer(call, shown, len(found), skip)


def tasks(call: Call) -> Response:
    """`GET /workspaces/{w}/projects/{p}/tasks`: all of them, or only active or only done ones."""
    project_id = call.path_values["project"]
    if project_id not in call.workspace.projects:
        raise missing("Project", project_id)
    every = documents_of(call.account, call.workspace, "tasks")
    of_it = [task for task in every if task.get("projectId") == project_id]
    found = pages.by_name(call.request, of_it)
    active = call.request.flag("is-active")
    if active is not None:
        found = [task for task in found if (task.get("status") == "ACTIVE") is active]
    return pages.page(call, pages.ordered(call.request, found, "id"))


def _archivable(call: Call, shelf: dict[str, Document]) -> Response:
    found = pages.by_flag(call.request, "archived", pages.by_name(call.request, shelf.values()))
    return pages.page(call, pages.ordered(call.request, found, "name"))
