"""Approval requests, newest change first: reading stops where everything is held already."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from clockify_dagster.contract.planning import APPROVAL_REQUESTS
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.families import Families, last_loads, listing_of, on_no_plan, pages_of, read_families
from clockify_dagster.refresh.listed_values import values_of
from clockify_dagster.warehouse import PageSource
from clockify_dagster.warehouse.held_rows import Values, held_rows, were_loaded_together

_CHANGED = ("id", "status__updatedat")


def read_approvals(context: RefreshContext) -> RefreshResult:
    """Read the approval requests that have changed since they were held; all where none is. Raises `ApiError`.

    A request cannot be deleted in Clockify, and its state is what changes.
    """
    if nothing := on_no_plan(context, [context.table]):
        return nothing
    before, database = last_loads(context, [context.table]), context.warehouse.database
    is_whole = were_loaded_together(database, context.warehouse.contract.family(context.table), context.among)
    held = held_rows(database, APPROVAL_REQUESTS, _CHANGED, context.among) if is_whole else {}
    return read_families(context, [context.table], partial(_read, context, held), before)


def _read(
    context: RefreshContext, held: Mapping[str, Mapping[str, Values]], families: Families, workspace: Workspace
) -> None:
    family, before = families[context.table], set(held.get(workspace.id, {}).values())
    newest = max((changed_at for _, changed_at in before if changed_at is not None), default=None)
    for page in pages_of(context, listing_of(context, context.table), workspace):
        family.stage(page, PageSource(facts={"workspace": workspace.id}))
        listed = [values_of(APPROVAL_REQUESTS, _CHANGED, each) for each in page.documents]
        moments = [changed_at for _, changed_at in listed]
        is_newest_first = None not in moments and moments == sorted(moments, reverse=True)
        # of those that changed in the second of the newest one held, some may have done so after it was listed
        if is_newest_first and listed[-1] in before and moments[-1] < newest:
            family.news_of.add(workspace.id)
            return
