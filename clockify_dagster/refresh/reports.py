"""Tables that come from Clockify's reports, for all users together, of the days that are refreshed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from clockify_dagster.api import Page, ReportRange, begun
from clockify_dagster.days import Days, Span, gaps
from clockify_dagster.errors import BadRequestError, NotAllowedError, NotThereError
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.families import (
    Families,
    last_loads,
    listing_of,
    not_on_this_plan,
    on_no_plan,
    read_families,
)
from clockify_dagster.warehouse import PageSource
from clockify_dagster.warehouse.load_state import report_spans

_SHORTEST = 31  # days, which every plan's reports take


def read_report(context: RefreshContext) -> RefreshResult:
    """Read the report of the context's days, which are whole days of its zone. Raises `ApiError`.

    Where they end today, earlier days that were never loaded of a workspace are read as well, since nothing else asks
    for them: its plan may have lacked the report, or it could not be read, while the entries were loaded.
    """
    listing, span = listing_of(context, context.table), context.span
    if span is None:
        raise ValueError("a report is read for days")
    if nothing := on_no_plan(context, [context.table]):
        return nothing
    before = last_loads(context, [context.table])
    with context.warehouse.database.reading_if_there() as connection:
        held = {} if connection is None else report_spans(connection, context.table)

    def read(families: Families, workspace: Workspace) -> None:
        wanted = families[context.table].spans[workspace.id] = _with_missing(context, span, held.get(workspace.id, []))
        if wanted != span:
            days = Span(wanted.start, span.start).days(context.zone)
            context.log.info(f"{workspace.label}: {context.table} of {days} is read as well, since it was never loaded")
        for page in _pages(context, workspace, wanted.days(context.zone)):
            source = PageSource(envelope=listing.envelope, facts={"workspace": workspace.id})
            families[context.table].stage(page, source)

    return read_families(context, [context.table], read, before)


def _with_missing(context: RefreshContext, span: Span, held: Sequence[Span]) -> Span:
    """The span from the first time on that is not held, where it ends today."""
    if context.limits is None or span.end < context.limits.end:
        return span
    missing = gaps(held, Span(context.limits.start, span.end))
    return Span(min([span.start, *(each.start for each in missing)]), span.end)


def _pages(context: RefreshContext, workspace: Workspace, days: Days) -> Iterator[Page]:
    """The report's pages. Where Clockify refuses so long a range, as it does on some plans, it is read in halves."""
    asked = ReportRange(days, context.zone.key)
    try:
        pages = begun(context.client.report_pages(listing_of(context, context.table), workspace.id, asked))
    except (NotAllowedError, NotThereError) as error:
        raise not_on_this_plan(error) from None
    except BadRequestError:
        if len(days) <= _SHORTEST:
            raise
        newer = days.newest(len(days) // 2)
        for half in (Days(days.first, newer.first - timedelta(days=1)), newer):
            yield from _pages(context, workspace, half)
        return
    yield from pages
