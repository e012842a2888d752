"""The users of a workspace and their entries, user by user and side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from clockify_dagster.api.paging import Documents
from clockify_dagster.api.parallel import Ended, fetch_side_by_side
from clockify_dagster.contract import CONTRACT
from clockify_dagster.refresh.changes import made_since
from clockify_dagster.refresh.readers import EntryReader, EntryRows
from clockify_dagster.refresh.scope import Scope
from clockify_dagster.refresh.unchanged import unchanged_users
from clockify_dagster.warehouse.spool import Spool

_PROGRESS_EVERY = 25  # users
_PROGRESS_SECONDS = 15.0  # few users may have many pages each
_FREE_PLAN_AN_HOUR = 30


@dataclass
class Listing:
    """What the listings gave.

    Attributes:
        staging: the rows of the span.
        elsewhere: documents that were in the answers but start outside the span, by workspace; not collected where
            everything is read anew.
        keys: what every document that was listed has; None where none was. Likewise.
        young: ids of entries in the span that were made when the listing began, or later, by workspace.
        unserved: workspace and user of those whose rows stay: the API does not serve them (they have left), or a report
            shows that nothing has changed.
    """

    staging: Spool
    elsewhere: dict[str, Documents] = field(default_factory=dict)
    keys: set[str] | None = None
    young: dict[str, set[str]] = field(default_factory=dict)
    unserved: set[tuple[str, str]] = field(default_factory=set)


def list_entries(
    scope: Scope, known: dict[str, dict[str, str]], began: datetime, *, for_search: bool = False
) -> Listing:
    """Read the span's entries of every user of every workspace.

    `known` holds, by workspace, the ids of the span's rows that the table has, and their users: people who have left
    the workspace are in no list any more, but are asked for as long as they have rows here. `began` is now, by
    Clockify's clock. `for_search` says that entries are going to be looked for that are not in the span.
    """
    listing = Listing(scope.warehouse.spool(CONTRACT.family(scope.root), scope.span))
    try:
        _list_workspaces(scope, listing, known, began, for_search)
    except BaseException:
        listing.staging.close()
        raise
    return listing


def _list_workspaces(
    scope: Scope, listing: Listing, known: dict[str, dict[str, str]], began: datetime, for_search: bool
) -> None:
    reader = EntryReader(listing.staging, scope.span, keep_documents=for_search)
    for workspace, name in scope.workspaces.items():
        held = known.get(workspace, {})
        users = [str(user["id"]) for user in scope.client.users(workspace)]
        left = sorted(set(held.values()) - set(users))
        unchanged = unchanged_users(scope, workspace, [*users, *left])
        listing.unserved |= {(workspace, user) for user in unchanged}
        asked = [user for user in [*users, *left] if user not in unchanged]
        _tell_plan(scope, name, len(asked))
        _list_workspace(scope, listing, reader, workspace, name, asked, began)


def _list_workspace(
    scope: Scope,
    listing: Listing,
    reader: EntryReader,
    workspace: str,
    name: str,
    users: list[str],
    began: datetime,
) -> None:
    jobs = [(user, _pages_of(scope, workspace, user, reader)) for user in users]
    young = listing.young.setdefault(workspace, set())
    done = entries = 0
    told_at = time.monotonic()
    for user, given in fetch_side_by_side(jobs, scope.concurrency):
        if isinstance(given, Ended):
            done += 1
            if given.error is not None:
                listing.unserved.add((workspace, user))
            is_due = done % _PROGRESS_EVERY == 0 or done == len(users)
        else:
            entries += len(given.within)
            young |= made_since(given.within, began)
            if reader.keep_documents:
                _note(listing, workspace, given)
            is_due = False
        if is_due or time.monotonic() - told_at > _PROGRESS_SECONDS:
            _tell(scope, f"{name}: user {done} of {len(users)}, {entries} entries so far")
            told_at = time.monotonic()


def _note(listing: Listing, workspace: str, given: EntryRows) -> None:
    """Keep of a page what helps to find entries that are not in the span."""
    listing.elsewhere.setdefault(workspace, []).extend(given.outside)
    if given.keys is not None:
        listing.keys = set(given.keys) if listing.keys is None else listing.keys & given.keys


def _pages_of(scope: Scope, workspace: str, user: str, reader: EntryReader) -> Callable[[], Iterator[EntryRows]]:
    start, end = (scope.span.start, scope.span.end) if scope.span else (None, None)
    return partial(scope.client.entry_pages, workspace, user, start, end, reader.read)


def _tell_plan(scope: Scope, name: str, users: int) -> None:
    """Say beforehand what a load is going to cost, where it is more than a free plan gives in an hour."""
    least = scope.client.transport.requests + users
    if least > _FREE_PLAN_AN_HOUR:
        hours = least / _FREE_PLAN_AN_HOUR
        scope.log.info(
            f"{name}: {least} requests or more, one for each of {users} users and 5,000 entries; "
            f"about {hours:.0f} h on a free plan"
        )


def _tell(scope: Scope, progress: str) -> None:
    transport = scope.client.transport
    waited = f", {transport.waited:.0f} s waited for the request limit" if transport.waited else ""
    scope.log.info(f"{progress}; {transport.requests} requests{waited}")
