"""Tables that are replaced whole: listed in every workspace, all workspaces side by side.

What is listed where is said by the tables' declarations. Users, and projects with their tasks, need a little more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone

from clockify_dagster.api import Page
from clockify_dagster.contract import Listing
from clockify_dagster.errors import ContractError, NotAllowedError
from clockify_dagster.progress import COVERED
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.stage import stage_page
from clockify_dagster.refresh.troubles import Troubles
from clockify_dagster.warehouse import Load, PageSource, closed_on_failure

TASKS = "clockify_tasks"


class _Family:
    """The staging of a table and its children.

    A document that cannot become a row concerns this table alone, in its workspace.
    """

    def __init__(self, context: RefreshContext, root: str) -> None:
        self.staging = context.warehouse.staging(context.warehouse.contract.family(root))
        self.faults: dict[str, ContractError] = {}  # by workspace

    def stage(self, page: Page, source: PageSource) -> None:
        """Stage a page as it was received; `source` names the workspace. Raises `UnreadableAnswerError`."""
        workspace = source.facts["workspace"]
        if workspace in self.faults:
            return
        try:
            stage_page(self.staging, page.answer, source)
        except ContractError as error:
            self.faults[workspace] = error.at(workspace=workspace)


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
    family, troubles = _Family(context, context.table), Troubles(context)
    with closed_on_failure(family.staging):
        list_users(troubles)
        for workspace in troubles.read:
            with troubles.of(workspace):
                for page in context.client.users(workspace).pages:
                    family.stage(page, PageSource(facts={"workspace": workspace}))
        return _result([family], listed_at, {}, troubles)


def list_users(troubles: Troubles) -> None:
    """List the users of all workspaces, side by side. The client keeps the lists for whoever needs them next.

    Raises the error where no list could be read.
    """

    def list_those_of(workspace: str) -> None:
        with troubles.of(workspace):
            troubles.context.client.users(workspace)

    list(troubles.context.in_workspaces(list_those_of, troubles.context.workspaces, "clockify_users"))
    troubles.raise_if_all_failed()


def _read(
    context: RefreshContext, roots: Sequence[str], stage: Callable[[Sequence[_Family], Workspace, Page], None]
) -> RefreshResult:
    """Read the listing in all workspaces side by side; `stage` is given each page.

    A refusal (403, or a plan that is known to lack the feature) is no error: the workspace's rows stay. They also stay
    where a workspace cannot be read for another reason, which is reported.
    """
    listed_at = datetime.now(timezone.utc)
    listing = _listing(context)
    families, troubles = [_Family(context, root) for root in roots], Troubles(context)
    refused = {
        w.id: f"the plan lacks {listing.feature}" for w in context.workspaces.values() if w.lacks(listing.feature)
    }

    def read_workspace(workspace: Workspace) -> str:
        count = 0
        with troubles.of(workspace.id):
            try:
                for page in context.client.pages(listing, workspace=workspace.id):
                    count += len(page.documents)
                    stage(families, workspace, page)
            except NotAllowedError as error:
                if count:  # what was staged already is a part of the workspace
                    raise
                refused[workspace.id] = str(error)
            return f"{workspace.label}: {count} documents of {context.table}"
        return f"{workspace.label}: {context.table} cannot be read"

    asked = [each for each in context.workspaces.values() if each.id not in refused]
    with closed_on_failure(*(family.staging for family in families)):
        for line in context.in_workspaces(read_workspace, asked, context.table):
            context.log.info(line, extra=COVERED)
        troubles.raise_if_all_failed(apart_from=refused)
        return _result(families, listed_at, refused, troubles)


def _result(
    families: Sequence[_Family], listed_at: datetime, refused: Mapping[str, str], troubles: Troubles
) -> RefreshResult:
    """What was read of each family; those of which nothing could be read in any workspace are left out."""
    loads = list[Load]()
    for family in families:
        failed = troubles.errors | family.faults
        read = tuple(each for each in troubles.read if each not in family.faults and each not in refused)
        if failed and not read:
            family.staging.close()
            continue
        for workspace in failed:
            family.staging.drop(workspace)
        unread = troubles.unread | dict.fromkeys(refused, NotAllowedError.__name__)
        unread |= dict.fromkeys(family.faults, ContractError.__name__)
        loads.append(Load(family.staging, listed_at, read, unread))
    for family in families:
        troubles.errors |= family.faults
    return RefreshResult(loads, refused, troubles.report(is_partial=len(loads) == len(families)))


def _listing(context: RefreshContext) -> Listing:
    listing = context.warehouse.contract[context.table].listing
    if listing is None:
        raise ValueError(f"{context.table} has no listing")
    return listing
