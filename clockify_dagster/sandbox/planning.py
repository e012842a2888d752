"""How work is planned: assignments, and how long people work a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from . import paid_documents
from .approvals import Approvals
from .documents import Document
from .state import identity_of
from .times import instant, written


class Planning(Approvals):
    """Assignments, which `edit` and `delete` take as well, and capacities."""

    def add_assignment(
        self,
        project: Document,
        user: Document | str,
        start: datetime | str = "2026-03-02T00:00:00Z",
        end: datetime | str | None = None,
        *,
        hours: float = 4.0,
        **fields: object,
    ) -> Document:
        """Plan a person's hours a day on a project, for five days or up to `end`."""
        with self.lock:
            begun = instant(start)
            ended = begun + timedelta(days=5) if end is None else instant(end)
            document = paid_documents.assignment(self.new_id(), project, identity_of(user), hours)
            document["period"] = {"start": written(begun), "end": written(ended)}
            return self._keep(self.workspace(project["workspaceId"]), "assignments", document, fields)

    def set_capacity(self, workspace: Document | str, user: Document | str, hours: float) -> None:
        """Say how long a person works on a working day."""
        with self.lock:
            self.workspace(workspace).capacities[identity_of(user)] = round(3600 * hours)
