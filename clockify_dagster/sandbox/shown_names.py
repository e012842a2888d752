"""What documents show of the things that they name by id."""

from __future__ import annotations

from .documents import Document
from .state import Workspace


def project_info(place: Workspace, project_id: str | None) -> Document | None:
    """What other documents show of a project; None where there is none (any more)."""
    project = place.projects.get(project_id or "")
    return project and {name: project.get(name) for name in ("id", "name", "color", "clientId", "clientName")}


def task_info(place: Workspace, task_id: str | None) -> Document | None:
    """What other documents show of a task; None where there is none (any more)."""
    task = place.tasks.get(task_id or "")
    return task and {name: task.get(name) for name in ("id", "name")}
