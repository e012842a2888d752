"""Approval requests, newest change first: reading stops where everything is held already."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from clockify_dagster.contract.planning import APPROVAL_REQUESTS
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.families import Families, listing_of, pages_of, read_families
from clockify_dagster.refresh.listed_values import values_of
from clockify_dagster.warehouse import PageSource
from clockify_dagster.warehouse.held_rows import Values, held_rows

_CHANGED = ("id", "status__updatedat")


def read_approvals(context: RefreshContext) -> RefreshResult:
    """Read the approval requests that have changed since they were held; all where none is. Raises `ApiError`.

    A request cannot be deleted in Clockify, and its state is what changes.
    """
    held = held_rows(context.warehouse.database, APPROVAL_REQUESTS, _CHANGED)
    return read_families(context, [context.table], partial(_read, context, held))


def _read(
    context: RefreshContext, held: Mapping[str, Mapping[str, Values]], families: Families, workspace: Workspace
) -> None:
    family, before = families[context.table], set(held.get(workspace.id, {}).values())
    for page in pages_of(context, listing_of(context, context.table), workspace):
        family.stage(page, PageSource(facts={"workspace": workspace.id}))
        oldest = values_of(APPROVAL_REQUESTS, _CHANGED, page.documents[-1])
        if None not in oldest and oldest in before:
            family.news_of.add(workspace.id)
            return
