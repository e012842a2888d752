"""Policies of time off with the requests and balances. Balances cost a request a policy, so only some are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Any

from clockify_dagster.api import side_by_side
from clockify_dagster.contract import Listing, Table
from clockify_dagster.contract.time_off import BALANCES, POLICIES, REQUESTS
from clockify_dagster.errors import NotAllowedError, NotOnThisPlanError, NotThereError
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.families import (
    Families,
    Family,
    announce,
    last_loads,
    listing_of,
    on_no_plan,
    pages_of,
    read_families,
)
from clockify_dagster.refresh.listed_values import values_of
from clockify_dagster.warehouse import PageSource
from clockify_dagster.warehouse.held_rows import Values, held_rows, were_loaded_together
from clockify_dagster.warehouse.workspace_state import last_load_among, workspace_states

Documents = list[dict[str, Any]]

_POLICY, _REQUEST = (
    tuple(column.name for column in table.document_columns if column.is_in_document) for table in (POLICIES, REQUESTS)
)
_OF_POLICY = _REQUEST.index("policyid")


@dataclass(frozen=True)
class _Held:
    """By workspace and id, what the tables hold; and workspaces whose balances, as of that, were read today."""

    policies: Mapping[str, Mapping[str, Values]]
    requests: Mapping[str, Mapping[str, Values]]
    read_today: Collection[str]


def read_time_off(context: RefreshContext) -> RefreshResult:
    """Read policies, requests and balances, as far as the contract has them. Raises `ApiError`.

    The balances of a policy are asked for where it or one of its requests differs from what is held; and once a day,
    since what accrues and what an admin corrects shows in no list.
    """
    roots = [table.name for table in (POLICIES, REQUESTS, BALANCES) if table.name in context.warehouse.contract]
    if nothing := on_no_plan(context, roots):
        return nothing
    before = last_loads(context, roots)
    held = _Held(
        held_rows(context.warehouse.database, POLICIES, _POLICY, context.among),
        held_rows(context.warehouse.database, REQUESTS, _REQUEST, context.among),
        _read_today(context),
    )
    return read_families(context, roots, partial(_read, context, held), before)


def _read_today(context: RefreshContext) -> set[str]:
    """The workspaces whose balances today's last load has read, or had from another load of today.

    Where it was not a load of all three tables, changes in them may not have led to their balances.
    """
    if not were_loaded_together(context.warehouse.database, (POLICIES, REQUESTS, BALANCES), context.among):
        return set()
    with context.warehouse.database.reading_if_there() as connection:
        last = None if connection is None else last_load_among(connection, BALANCES.name, context.among)
        states = {} if connection is None else workspace_states(connection, BALANCES.name)
    if last is None or last.listed_at is None or last.listed_at.date() != datetime.now(timezone.utc).date():
        return set()
    return {workspace for workspace, state in states.items() if state.unread is None}


def _read(context: RefreshContext, held: _Held, families: Families, workspace: Workspace) -> None:
    policies, requests = _list(context, families[POLICIES.name], workspace), Documents()
    if REQUESTS.name in families:
        with _by_itself(context, families[REQUESTS.name], workspace):
            requests = _list(context, families[REQUESTS.name], workspace)
    if BALANCES.name in families:
        with _by_itself(context, families[BALANCES.name], workspace):
            _read_changed_balances(context, held, families, workspace, policies, requests)


@contextmanager
def _by_itself(context: RefreshContext, family: Family, workspace: Workspace) -> Iterator[None]:
    """A refusal of this family is none of the others: a role may see the policies, and not all that is about them."""
    try:
        yield
    except (NotAllowedError, NotOnThisPlanError) as error:
        family.refused[workspace.id] = str(error)
        context.log.warning(
            f"{workspace.label}: {family.root} is not on this plan or not for this key's role; its rows stay as they "
            f"are ({error})"
        )


def _read_changed_balances(
    context: RefreshContext,
    held: _Held,
    families: Families,
    workspace: Workspace,
    policies: Documents,
    requests: Documents,
) -> None:
    family, listing = families[BALANCES.name], listing_of(context, BALANCES.name)
    ids = {str(each["id"]) for each in policies if each.get("id")}
    asked = ids
    if workspace.id in held.read_today:
        changed = {values[0] for values in _changed(POLICIES, _POLICY, policies, held.policies.get(workspace.id, {}))}
        if REQUESTS.name not in families or workspace.id not in families[REQUESTS.name].refused:
            of_requests = _changed(REQUESTS, _REQUEST, requests, held.requests.get(workspace.id, {}))
            changed |= {values[_OF_POLICY] for values in of_requests}
        asked = ids & changed
    announce(context, workspace, len(asked), f"one for the balances of each of {len(asked)} policies")
    jobs = [partial(_read_balances, context, family, listing, workspace, policy) for policy in sorted(asked)]
    list(side_by_side(jobs, context.concurrency_within))
    family.keep(BALANCES.name, "policyid", ids - asked)


def _list(context: RefreshContext, family: Family, workspace: Workspace) -> Documents:
    """Stage the documents of a list; give them."""
    listing, found = listing_of(context, family.root), Documents()
    for page in pages_of(context, listing, workspace):
        family.stage(page, PageSource(envelope=listing.envelope, facts={"workspace": workspace.id}))
        found += page.documents
    return found


def _changed(
    table: Table, columns: tuple[str, ...], listed: Collection[Mapping[str, Any]], held: Mapping[str, Values]
) -> set[Values]:
    """The values of those that are new, gone or other than before, as they are now and as they were."""
    now = {values_of(table, columns, each) for each in listed}
    return now ^ set(held.values())


def _read_balances(
    context: RefreshContext, family: Family, listing: Listing, workspace: Workspace, policy: str
) -> None:
    facts = {"workspace": workspace.id, "policy": policy}
    try:
        for page in context.client.pages(listing, **facts):
            family.stage(page, PageSource(envelope=listing.envelope, facts=facts))
    except NotThereError:  # deleted since the policies were listed
        return
