"""Tables that come from Clockify's reports, for all users together, of the days that are refreshed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from clockify_dagster.api import ReportRange, side_by_side
from clockify_dagster.api.reports import LARGEST_REPORT
from clockify_dagster.contract.time import TIMEENTRIES
from clockify_dagster.days import Days, Span, gaps, parts_of
from clockify_dagster.errors import BadRequestError, NotAllowedError, NotThereError
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.families import (
    Families,
    Family,
    last_loads,
    listing_of,
    not_on_this_plan,
    on_no_plan,
    read_families,
)
from clockify_dagster.warehouse import PageSource
from clockify_dagster.warehouse.loaded_entries import entries_by_day
from clockify_dagster.warehouse.report_state import report_spans

_SHORTEST = 31  # days, which every plan's reports take


def read_report(context: RefreshContext) -> RefreshResult:
    """Read the report of the context's days, which are whole days of its zone. Raises `ApiError`.

    Where they end today, earlier days that were never loaded of a workspace are read as well, since nothing else asks
    for them: its plan may have lacked the report, or it could not be read, while the entries were loaded.
    """
    span = context.span
    if span is None:
        raise ValueError("a report is read for days")
    if nothing := on_no_plan(context, [context.table]):
        return nothing
    before = last_loads(context, [context.table])
    spans, entries = _spans_and_entries(context, span)

    def read(families: Families, workspace: Workspace) -> None:
        wanted = families[context.table].spans[workspace.id] = spans[workspace.id]
        if wanted != span:
            days = Span(wanted.start, span.start).days(context.zone)
            context.log.info(f"{workspace.label}: {context.table} of {days} is read as well, since it was never loaded")
        # the pages of a range come one by one, so the days are cut into ranges of about a page each
        most = listing_of(context, context.table).page_size or LARGEST_REPORT
        first, *others = parts_of(wanted.days(context.zone), entries.get(workspace.id, {}), most)
        read_days = partial(_read_days, context, families[context.table], workspace)
        read_days(first)  # which tells whether the plan has the report
        for _ in side_by_side([partial(read_days, days) for days in others], context.concurrency_within):
            pass

    return read_families(context, [context.table], read, before)


def _spans_and_entries(context: RefreshContext, span: Span) -> tuple[dict[str, Span], dict[str, dict[date, int]]]:
    """By workspace, the time that is to be read, and how many of its days' entries are loaded."""
    with context.warehouse.database.reading_if_there() as connection:
        held = {} if connection is None else report_spans(connection, context.table)
        spans = {each: _with_missing(context, span, held.get(each, [])) for each in context.workspaces}
        if connection is None:
            return spans, {}
        widest = Span(min(each.start for each in spans.values()), span.end)
        return spans, entries_by_day(connection, TIMEENTRIES.name, widest, context.zone, context.among)


def _with_missing(context: RefreshContext, span: Span, held: Sequence[Span]) -> Span:
    """The span from the first time on that is not held, where it ends today."""
    if context.limits is None or span.end < context.limits.end:
        return span
    missing = gaps(held, Span(context.limits.start, span.end))
    return Span(min([span.start, *(each.start for each in missing)]), span.end)


def _read_days(context: RefreshContext, family: Family, workspace: Workspace, days: Days) -> None:
    """Stage the report of some days. Where so long a range is refused, as on some plans, it is read in halves."""
    listing = listing_of(context, context.table)
    stage = partial(
        family.stage_answer, source=PageSource(envelope=listing.envelope, facts={"workspace": workspace.id})
    )
    try:
        for _ in context.client.report_pages(listing, workspace.id, ReportRange(days, context.zone.key), stage):
            pass
    except (NotAllowedError, NotThereError) as error:
        raise not_on_this_plan(error) from None
    except BadRequestError:
        if len(days) <= _SHORTEST:
            raise
        newer = days.newest(len(days) // 2)
        for half in (Days(days.first, newer.first - timedelta(days=1)), newer):
            _read_days(context, family, workspace, half)
