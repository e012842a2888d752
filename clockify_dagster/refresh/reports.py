"""Tables that come from Clockify's reports, for all users together, of the days that are refreshed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from clockify_dagster.api import Page, ReportRange
from clockify_dagster.days import Days
from clockify_dagster.errors import BadRequestError, NotAllowedError, NotOnThisPlanError, NotThereError
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.families import Families, listing_of, read_families
from clockify_dagster.warehouse import PageSource

_SHORTEST = 31  # days, which every plan's reports take


def read_report(context: RefreshContext) -> RefreshResult:
    """Read the report of the context's days, which are whole days of its zone. Raises `ApiError`."""
    listing, span = listing_of(context, context.table), context.span
    if span is None:
        raise ValueError("a report is read for days")
    days = span.days(context.zone)

    def read(families: Families, workspace: Workspace) -> None:
        for page in _pages(context, workspace, days):
            source = PageSource(envelope=listing.envelope, facts={"workspace": workspace.id})
            families[context.table].stage(page, source)

    return read_families(context, [context.table], read)


def _pages(context: RefreshContext, workspace: Workspace, days: Days) -> Iterator[Page]:
    """The report's pages. Where Clockify refuses so long a range, as it does on some plans, it is read in halves."""
    asked = ReportRange(days, context.zone.key)
    pages = context.client.report_pages(listing_of(context, context.table), workspace.id, asked)
    try:
        first = next(pages, None)
    except (NotAllowedError, NotThereError) as error:
        raise NotOnThisPlanError(str(error), endpoint=error.endpoint, status=error.status) from None
    except BadRequestError:
        if len(days) <= _SHORTEST:
            raise
        newer = days.newest(len(days) // 2)
        for half in (Days(days.first, newer.first - timedelta(days=1)), newer):
            yield from _pages(context, workspace, half)
        return
    if first is not None:
        yield first
        yield from pages
