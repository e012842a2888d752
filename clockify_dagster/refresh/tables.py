"""Tables that are replaced whole: listed in every workspace, all workspaces side by side.

What is listed where is said by the tables' declarations. Users, and projects with their tasks, need a little more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from functools import partial

from clockify_dagster.api import Page, side_by_side
from clockify_dagster.contract import Listing
from clockify_dagster.errors import ContractError, NotAllowedError, located
from clockify_dagster.progress import COVERED, counted
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.stage import stage_page
from clockify_dagster.warehouse import Load, PageSource, closed_on_failure

TASKS = "clockify_tasks"


class _Family:
    """The staging of a table and its children. A document that cannot become a row ends its table, not the others."""

    def __init__(self, context: RefreshContext, root: str) -> None:
        self.staging = context.warehouse.staging(context.warehouse.contract.family(root))
        self.fault: ContractError | None = None

    def stage(self, page: Page, source: PageSource) -> None:
        """Stage a page as it was received. Raises `UnreadableAnswerError`."""
        if self.fault is not None:
            return
        try:
            stage_page(self.staging, page.answer, source)
        except ContractError as error:
            self.fault = error


def read_listed_table(context: RefreshContext) -> RefreshResult:
    """Read a table by its declared listing. Raises `ApiError`."""
    envelope = _listing(context).envelope

    def stage(families: Sequence[_Family], workspace: Workspace, page: Page) -> None:
        families[0].stage(page, PageSource(envelope=envelope, facts={"workspace": workspace.id}))

    return _read(context, [context.table], stage)


def read_projects(context: RefreshContext) -> RefreshResult:
    """Read the projects and, from the same documents, their tasks. Raises `ApiError`.

    Where a project comes without its tasks, they are asked for: `GET /workspaces/{w}/projects/{p}/tasks`.
    """
    tasks_listing = context.warehouse.contract[TASKS].listing

    def stage(families: Sequence[_Family], workspace: Workspace, page: Page) -> None:
        projects, tasks = families
        facts = {"workspace": workspace.id}
        projects.stage(page, PageSource(facts=facts))
        tasks.stage(page, PageSource(inside="tasks", facts=facts, outer_facts={"project": "id"}))
        for project in page.documents:
            if not isinstance(project.get("tasks"), list) and tasks_listing is not None:
                of = str(project.get("id"))
                for tasks_page in context.client.pages(tasks_listing, workspace=workspace.id, project=of):
                    tasks.stage(tasks_page, PageSource(facts={**facts, "project": of}))

    return _read(context, [context.table, TASKS], stage)


def read_users(context: RefreshContext) -> RefreshResult:
    """Read the users with their memberships. Raises `ApiError`.

    A user of several workspaces is one row, with the memberships of all of them.
    """
    listed_at = datetime.now(timezone.utc)
    family = _Family(context, context.table)
    with closed_on_failure(family.staging):
        list_users(context)
        for workspace in context.workspaces:
            with located(workspace=workspace):
                for page in context.client.users(workspace).pages:
                    family.stage(page, PageSource(facts={"workspace": workspace}))
    return _result([family], listed_at, {})


def list_users(context: RefreshContext) -> None:
    """List the users of all workspaces, side by side. The client keeps the lists for whoever needs them next."""
    jobs = [partial(context.client.users, each) for each in context.workspaces]
    for _ in counted(side_by_side(jobs, context.concurrency), "clockify_users", "workspaces", len(jobs)):
        pass


def _read(
    context: RefreshContext, roots: Sequence[str], stage: Callable[[Sequence[_Family], Workspace, Page], None]
) -> RefreshResult:
    """Read the listing in all workspaces side by side; `stage` is given each page.

    A refusal (403, or a plan that is known to lack the feature) concerns its workspace alone: its rows stay.
    """
    listed_at = datetime.now(timezone.utc)
    listing = _listing(context)
    families = [_Family(context, root) for root in roots]
    refused = {
        w.id: f"the plan lacks {listing.feature}" for w in context.workspaces.values() if w.lacks(listing.feature)
    }

    def read_workspace(workspace: Workspace) -> str | None:
        count = 0
        try:
            for page in context.client.pages(listing, workspace=workspace.id):
                count += len(page.documents)
                stage(families, workspace, page)
        except NotAllowedError as error:
            if count:  # what was staged already is a part of the workspace
                raise
            refused[workspace.id] = str(error)
        return f"{workspace.label}: {count} documents of {context.table}"

    jobs = [partial(read_workspace, each) for each in context.workspaces.values() if each.id not in refused]
    with closed_on_failure(*(family.staging for family in families)):
        for line in counted(side_by_side(jobs, context.concurrency), context.table, "workspaces", len(jobs)):
            context.log.info(line, extra=COVERED)
    return _result(families, listed_at, refused, is_refused=len(refused) == len(context.workspaces))


def _result(
    families: Sequence[_Family], listed_at: datetime, refused: dict[str, str], *, is_refused: bool = False
) -> RefreshResult:
    loads, faults = list[Load](), list[ContractError]()
    for family in families:
        if family.fault is None:
            loads.append(Load(family.staging, listed_at, frozenset(refused), is_refused=is_refused))
        else:
            family.staging.close()
            faults.append(family.fault)
    return RefreshResult(loads, refused, faults)


def _listing(context: RefreshContext) -> Listing:
    listing = context.warehouse.contract[context.table].listing
    if listing is None:
        raise ValueError(f"{context.table} has no listing")
    return listing
