"""Tables that are replaced whole: listed in every workspace, all workspaces side by side.

What is listed where is said by the tables' declarations. Users, and projects with their tasks, need a little more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.families import Families, Family, listing_of, pages_of, read_families, result_of
from clockify_dagster.refresh.troubles import Troubles
from clockify_dagster.warehouse import PageSource, closed_on_failure
from clockify_dagster.warehouse.workspace_state import workspace_states

TASKS = "clockify_tasks"


def read_listed_table(context: RefreshContext) -> RefreshResult:
    """Read a table by its declared listing. Raises `ApiError`."""
    listing = listing_of(context, context.table)

    def read(families: Families, workspace: Workspace) -> None:
        for page in pages_of(context, listing, workspace):
            source = PageSource(envelope=listing.envelope, facts={"workspace": workspace.id})
            families[context.table].stage(page, source)

    return read_families(context, [context.table], read)


def read_projects(context: RefreshContext) -> RefreshResult:
    """Read the projects and, from the same documents, their tasks. Raises `ApiError`.

    Where a project comes without its tasks, they are asked for: `GET /workspaces/{w}/projects/{p}/tasks`.
    """
    listing = listing_of(context, context.table)
    if TASKS not in context.warehouse.contract:
        return read_listed_table(context)
    tasks_listing = listing_of(context, TASKS)

    def read(families: Families, workspace: Workspace) -> None:
        tasks, facts = families[TASKS], {"workspace": workspace.id}
        for page in pages_of(context, listing, workspace):
            families[context.table].stage(page, PageSource(facts=facts))
            tasks.stage(page, PageSource(inside="tasks", facts=facts, outer_facts={"project": "id"}))
            for project in page.documents:
                if not isinstance(project.get("tasks"), list):
                    of = str(project.get("id"))
                    for tasks_page in context.client.pages(tasks_listing, workspace=workspace.id, project=of):
                        tasks.stage(tasks_page, PageSource(facts={**facts, "project": of}))

    return read_families(context, [context.table, TASKS], read)


def read_users(context: RefreshContext) -> RefreshResult:
    """Read the users with their memberships. Raises `ApiError`.

    A user of several workspaces is one row, with the memberships of all of them. The run may have listed them in an
    earlier step; a list that another run has overtaken since is asked for again.
    """
    family, troubles, listed_at = Family(context, context.table), Troubles(context), datetime.now(timezone.utc)
    with context.warehouse.database.reading_if_there() as connection:
        states = {} if connection is None else workspace_states(connection, context.table)
    with closed_on_failure(family.staging):
        list_users(troubles, {each: state.listed_at for each, state in states.items()})
        for workspace in troubles.read:
            with troubles.of(workspace):
                users = context.client.users(workspace)
                listed_at = min(listed_at, users.listed_at)
                for page in users.pages:
                    family.stage(page, PageSource(facts={"workspace": workspace}))
        return result_of([family], listed_at, {}, troubles)


def list_users(troubles: Troubles, newer_than: Mapping[str, datetime | None] | None = None) -> None:
    """List the users of all workspaces, side by side. The client keeps the lists for whoever needs them next.

    `newer_than` says by workspace since when a list counts that is kept already.
    Raises the error where no list could be read.
    """

    def list_those_of(workspace: str) -> None:
        with troubles.of(workspace):
            troubles.context.client.users(workspace, (newer_than or {}).get(workspace))

    list(troubles.context.in_workspaces(list_those_of, troubles.context.workspaces, "clockify_users"))
    troubles.raise_if_all_failed()
