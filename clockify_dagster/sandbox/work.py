"""How clients, projects, tasks and tags come and go."""

from __future__ import annotations

from . import documents
from .changes import CREATED, DELETED, UPDATED
from .documents import Document
from .state import State, Workspace, identity_of

FEED_TYPES = {
    "clients": "CLIENTS",
    "projects": "PROJECTS",
    "tasks": "TASKS",
    "tags": "TAGS",
    "assignments": "SCHEDULED_ASSIGNMENT",
}
PAID = (
    *("expense_categories", "expenses", "invoices", "payments", "approvals"),
    *("holidays", "custom_fields", "policies", "time_off_requests"),
)
KINDS = (*FEED_TYPES, *PAID)


class Work(State):
    """What time is spent on."""

    def add_client(self, workspace: Document | str, name: str = "Nordwind", **fields: object) -> Document:
        """Add a client."""
        with self.lock:
            place = self.workspace(workspace)
            return self._keep(place, "clients", documents.client(self.new_id(), place.identity, name), fields)

    def add_project(
        self,
        workspace: Document | str,
        name: str = "Website",
        client: Document | None = None,
        **fields: object,
    ) -> Document:
        """Add a project, of a client or of none."""
        with self.lock:
            place = self.workspace(workspace)
            document = documents.project(self.new_id(), place.identity, name)
            if client is not None:
                document.update(clientId=client["id"], clientName=client.get("name"))
            return self._keep(place, "projects", document, fields)

    def add_task(
        self,
        workspace: Document | str,
        project: Document | str,
        name: str = "Design",
        assignees: list[Document] | list[str] | None = None,
        **fields: object,
    ) -> Document:
        """Add a task to a project; the single `assigneeId` is the first of its assignees."""
        with self.lock:
            document = documents.task(self.new_id(), identity_of(project), name)
            document["assigneeIds"] = [identity_of(user) for user in assignees or []]
            document["assigneeId"] = next(iter(document["assigneeIds"]), None)
            return self._keep(self.workspace(workspace), "tasks", document, fields)

    def add_tag(self, workspace: Document | str, name: str = "urgent", **fields: object) -> Document:
        """Add a tag."""
        with self.lock:
            place = self.workspace(workspace)
            return self._keep(place, "tags", documents.tag(self.new_id(), place.identity, name), fields)

    def edit(self, thing: Document, **fields: object) -> Document:
        """Change anything but a person, a group or an entry in place, and let the change show in the log."""
        with self.lock:
            place, kind = self._whereabouts(str(thing["id"]))
            document = _shelf(place, kind)[str(thing["id"])]
            document.update(documents.merged(document, fields))
            self._log(place, UPDATED, kind, document)
            return document

    def archive(self, thing: Document) -> Document:
        """Archive a client, project, tag, expense category or policy."""
        return self.edit(thing, archived=True)

    def delete_client(self, client: Document | str) -> None:
        """Delete a client; its projects keep its id."""
        self.delete(client)

    def delete_project(self, project: Document | str) -> None:
        """Delete a project and its tasks; entries keep their ids."""
        with self.lock:
            place, _ = self._whereabouts(identity_of(project))
            of_it = [task for task in place.tasks.values() if task.get("projectId") == identity_of(project)]
            for task in of_it:
                self.delete(task)
            self.delete(project)

    def delete_task(self, task: Document | str) -> None:
        """Delete a task; entries keep its id."""
        self.delete(task)

    def delete_tag(self, tag: Document | str) -> None:
        """Delete a tag; entries keep its id."""
        self.delete(tag)

    def delete(self, thing: Document | str) -> None:
        """Delete anything but a person, a group or an entry, and nothing else with it."""
        with self.lock:
            place, kind = self._whereabouts(identity_of(thing))
            self._log(place, DELETED, kind, _shelf(place, kind).pop(identity_of(thing)))

    def _keep(self, place: Workspace, kind: str, document: Document, fields: dict[str, object]) -> Document:
        document = documents.merged(document, fields)
        _shelf(place, kind)[str(document["id"])] = document
        self._log(place, CREATED, kind, document)
        return document

    def _log(self, place: Workspace, action: str, kind: str, document: Document) -> None:
        """Write a change down; the change feed has no type for most of what paid plans add."""
        if kind in FEED_TYPES:
            place.log.add(action, FEED_TYPES[kind], document, self.now())

    def _whereabouts(self, identity: str) -> tuple[Workspace, str]:
        for place in self.workspaces.values():
            for kind in KINDS:
                if identity in _shelf(place, kind):
                    return place, kind
        raise KeyError(f"nothing among {', '.join(KINDS)} has the id {identity}")


def _shelf(place: Workspace, kind: str) -> dict[str, Document]:
    found: dict[str, Document] = getattr(place, kind)
    return found
