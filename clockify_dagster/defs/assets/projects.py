"""Projects, and the tasks and assignees that come with them."""

from __future__ import annotations

from collections.abc import Iterator

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.paging import Documents
from clockify_dagster.defs.table_assets import whole_tables


@whole_tables("clockify_projects", "clockify_tasks", group="reference", priority=5)
def clockify_projects(client: ClockifyClient, workspace: str) -> Iterator[tuple[str, Documents]]:
    """Every project, archived ones too, with its tasks and their assignees, from one listing."""
    for page in client.projects(workspace):
        yield "clockify_projects", page
        yield "clockify_tasks", [task for project in page for task in client.tasks(workspace, project)]
