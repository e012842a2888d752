"""Tables that are read workspace by workspace, side by side: what is staged, refused, or cannot be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from clockify_dagster.api import Answer, Page, Rows, begun, documents_of, written
from clockify_dagster.contract import Listing
from clockify_dagster.days import Span
from clockify_dagster.errors import (
    ApiError,
    BadRequestError,
    ContractError,
    NotAllowedError,
    NotOnThisPlanError,
    NotThereError,
)
from clockify_dagster.progress import COVERED
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.stage import stage_page
from clockify_dagster.refresh.troubles import Troubles
from clockify_dagster.warehouse import KeptRows, Load, PageSource, ReportLoad, closed_on_failure, load_state
from clockify_dagster.warehouse.workspace_state import last_load_among

_MANY = 25  # requests


class Family:
    """The staging of a table and its children.

    A document that cannot become a row concerns this table alone, in its workspace.

    Attributes:
        root: the table's name.
        read: by workspace, how many documents came.
        faults: by workspace, the document that cannot become a row.
        news_of: workspaces of which only what has changed was read.
        spans: of a report, by workspace the time that is read.
        refused: by workspace, why Clockify does not give this family, though it gives the one it is read with.
    """

    def __init__(self, context: RefreshContext, root: str) -> None:
        """Make an empty staging."""
        self.root = root
        self.staging = context.warehouse.staging(context.warehouse.contract.family(root))
        self.read = Counter[str]()
        self.faults: dict[str, ContractError] = {}
        self.news_of: set[str] = set()
        self.spans: dict[str, Span] = {}
        self.refused: dict[str, str] = {}
        self._kept: dict[str, tuple[str, set[str]]] = {}

    def stage(self, page: Page, source: PageSource) -> None:
        """Stage a page as it was received; `source` names the workspace. Raises `UnreadableAnswerError`."""
        workspace = source.facts["workspace"]
        self.read[workspace] += len(page)
        with self._faults_of(workspace):
            stage_page(self.staging, page.answer, source)

    def stage_answer(self, answer: Answer, source: PageSource) -> Rows:
        """Stage the page that an answer holds, and give its rows: to be read so as `Transport.send` takes it."""
        workspace = source.facts["workspace"]
        rows: Rows | None = None
        with self._faults_of(workspace):
            rows = stage_page(self.staging, answer, source)
        if rows is None:  # what cannot become rows is followed by further pages all the same
            rows = Page(answer, documents_of(answer, source.envelope))
        self.read[workspace] += len(rows)
        return rows

    def stage_documents(self, documents: Sequence[Mapping[str, Any]], source: PageSource) -> None:
        """Stage documents that were put together from several answers."""
        workspace = source.facts["workspace"]
        self.read[workspace] += len(documents)
        with self._faults_of(workspace):
            self.staging.add_documents(documents, source)

    def keep(self, table: str, column: str, values: set[str]) -> None:
        """Let rows of a table of the family stay that have these values in a column."""
        self._kept.setdefault(table, (column, set()))[1].update(values)

    @property
    def kept(self) -> dict[str, KeptRows]:
        """By table, the rows that stay."""
        return {table: KeptRows(column, frozenset(values)) for table, (column, values) in self._kept.items()}

    @contextmanager
    def _faults_of(self, workspace: str) -> Iterator[None]:
        """Note the first document of a workspace that cannot become a row, and go on."""
        try:
            yield
        except ContractError as error:
            self.faults.setdefault(workspace, error.at(workspace=workspace))


LastLoads = Mapping[str, load_state.LoadRecord | None]
Families = Mapping[str, Family]
"""By the root's name, the families that are read together."""


def read_families(
    context: RefreshContext,
    roots: Sequence[str],
    read: Callable[[Families, Workspace], None],
    before: LastLoads | None = None,
) -> RefreshResult:
    """Read families of tables in all workspaces side by side; `read` stages what one workspace has of them.

    A refusal (`NotOnThisPlanError`, or a plan that is known to lack the first one's listing) is no error: the
    workspace's rows stay. They also stay where a workspace cannot be read for another reason, which is reported.
    `before` are the tables' last loads, where `read` compares with what they hold, as they were before it looked.
    """
    listed_at = datetime.now(timezone.utc)
    families, troubles = {root: Family(context, root) for root in roots}, Troubles(context)
    refused = _lacking(context, roots[0])

    def read_workspace(workspace: Workspace) -> str:
        with troubles.of(workspace.id):
            try:
                read(families, workspace)
            except NotOnThisPlanError as error:
                if any(family.read[workspace.id] for family in families.values()):
                    raise  # what was staged already is a part of the workspace
                refused[workspace.id] = str(error)
            count = families[roots[0]].read[workspace.id]
            return f"{workspace.label}: {count} documents of {context.table}"
        return f"{workspace.label}: {context.table} cannot be read"

    asked = [each for each in context.workspaces.values() if each.id not in refused]
    with closed_on_failure(*(family.staging for family in families.values())):
        for line in context.in_workspaces(read_workspace, asked, context.table):
            context.log.info(line, extra=COVERED)
        troubles.raise_if_all_failed(apart_from=refused)
        return result_of(list(families.values()), listed_at, refused, troubles, before)


def on_no_plan(context: RefreshContext, roots: Sequence[str]) -> RefreshResult | None:
    """What comes of families of which no workspace is asked for the first one; None where one is.

    Then nobody has to know what is held of them.
    """
    if len(_lacking(context, roots[0])) < len(context.workspaces):
        return None
    return read_families(context, roots, lambda *_: None, last_loads(context, roots) if context.span else None)


def _lacking(context: RefreshContext, table: str) -> dict[str, str]:
    """By workspace, why its plan is known not to have a table; it is not asked for it."""
    listing = listing_of(context, table)
    return {each.id: why for each in context.workspaces.values() if (why := each.lacks(listing))}


def pages_of(context: RefreshContext, listing: Listing, workspace: Workspace) -> Iterator[Page]:
    """The pages of a table's list in a workspace. Raises `ApiError`, of a list that is refused `NotOnThisPlanError`."""
    period = context.period
    facts = {} if period is None else {"start": written(period.start), "end": written(period.end)}
    try:
        pages = begun(context.client.pages(listing, workspace=workspace.id, **facts))
    except (NotAllowedError, NotThereError, BadRequestError) as error:
        is_bad, is_missing = isinstance(error, BadRequestError), isinstance(error, NotThereError)
        if listing.fallback is None:
            if is_bad or (is_missing and not listing.is_optional):
                raise
            raise not_on_this_plan(error) from None
        pages = pages_of(context, listing.fallback, workspace)
    yield from pages


def not_on_this_plan(refusal: ApiError) -> NotOnThisPlanError:
    """The error that a list's refusal stands for."""
    return NotOnThisPlanError(str(refusal), endpoint=refusal.endpoint, status=refusal.status)


def announce(context: RefreshContext, workspace: Workspace, requests: int, what: str) -> None:
    """Say in the log beforehand that many requests follow, one for each of something; `what` says of what."""
    if requests >= _MANY:
        context.log.info(f"{workspace.label}: {requests} requests follow, {what}")


def listing_of(context: RefreshContext, table: str) -> Listing:
    """The declared listing of a table."""
    listing = context.warehouse.contract[table].listing
    if listing is None:
        raise ValueError(f"{table} has no listing")
    return listing


def last_loads(context: RefreshContext, roots: Sequence[str]) -> LastLoads:
    """By table, its last load; None where there was none."""
    with context.warehouse.database.reading_if_there() as connection:
        return {
            root: None if connection is None else last_load_among(connection, root, context.among) for root in roots
        }


def result_of(
    families: Sequence[Family],
    listed_at: datetime,
    refused: Mapping[str, str],
    troubles: Troubles,
    before: LastLoads | None = None,
) -> RefreshResult:
    """What was read of each family; those of which nothing could be read in any workspace are left out.

    `refused` says by workspace why it has no such table; `before` are the tables' last loads when reading began.
    """
    loads, context = list[Load](), troubles.context
    for family in families:
        failed = troubles.errors | family.faults
        without = {*family.faults, *refused, *family.refused}
        read = tuple(each for each in troubles.read if each not in without)
        if failed and not read:
            family.staging.close()
            continue
        for workspace in (*failed, *family.refused):
            family.staging.drop(workspace)
        unread = troubles.unread | dict.fromkeys({**refused, **family.refused}, NotAllowedError.__name__)
        unread |= dict.fromkeys(family.faults, ContractError.__name__)
        last, staging = (before or {}).get(family.root), family.staging
        if (span := context.span) is not None:
            zone, spans = context.zone, family.spans
            loads.append(ReportLoad(staging, listed_at, read, unread, last_load=last, span=span, zone=zone, read=spans))
            continue
        news, kept = frozenset(family.news_of.intersection(read)), family.kept
        is_compared = bool(news or kept)
        loads.append(
            Load(staging, listed_at, read, unread, news_of=news, kept=kept, last_load=last, is_compared=is_compared)
        )
    for family in families:
        troubles.errors |= family.faults
    return RefreshResult(loads, refused, troubles.report(is_partial=len(loads) == len(families)))
