"""The users of a workspace and their entries, user by user and side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from clockify_dagster.api.paging import Documents
from clockify_dagster.api.parallel import Ended, fetch_side_by_side
from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.contract.frames import Flattened, flatten
from clockify_dagster.refresh.scope import Scope
from clockify_dagster.warehouse.staging import Staging

_PROGRESS_EVERY = 25


@dataclass
class Listing:
    """What the listings gave.

    Attributes:
        staging: the rows of the span.
        seen: the ids of the entries in it, by workspace.
        elsewhere: documents of known entries that were in the answers but start outside the span, by workspace and id.
        unserved: workspace and user of those whom the API does not serve (they have left): their rows stay.
    """

    staging: Staging
    seen: dict[str, set[str]] = field(default_factory=dict)
    elsewhere: dict[str, Documents] = field(default_factory=dict)
    unserved: set[tuple[str, str]] = field(default_factory=set)


def list_entries(scope: Scope, known: dict[str, dict[str, str]]) -> Listing:
    """Read the span's entries of every user of every workspace.

    `known` holds, by workspace, the ids of the span's rows that the table has, and their users: people who have left
    the workspace are in no list any more, but are asked for as long as they have rows here.
    """
    family = CONTRACT.family(scope.root)
    listing = Listing(Staging(family))
    for workspace, name in scope.workspaces.items():
        held = known.get(workspace, {})
        users = [str(user["id"]) for user in scope.client.users(workspace)]
        left = sorted(set(held.values()) - set(users))
        _list_workspace(scope, listing, workspace, name, [*users, *left])
    return listing


def _list_workspace(scope: Scope, listing: Listing, workspace: str, name: str, users: list[str]) -> None:
    jobs = [(user, _pages_of(scope, workspace, user)) for user in users]
    seen = listing.seen.setdefault(workspace, set())
    elsewhere = listing.elsewhere.setdefault(workspace, [])
    done = entries = 0
    for user, given in fetch_side_by_side(jobs, scope.concurrency):
        if isinstance(given, Ended):
            done += 1
            if given.error is not None:
                listing.unserved.add((workspace, user))
            if done % _PROGRESS_EVERY == 0 or done == len(users):
                _tell(scope, f"{name}: user {done} of {len(users)}, {entries} entries so far")
            continue
        flattened = flatten(listing.staging.family, given)
        within = flattened if scope.span is None else flattened.between(scope.span.start, scope.span.end)
        ids = set(_ids(within, listing.staging.family[0]))
        entries += len(ids)
        if not scope.is_whole:
            seen |= ids
            elsewhere += [document for document in given if str(document.get("id")) not in ids]
        listing.staging.add(within)


def _pages_of(scope: Scope, workspace: str, user: str) -> Callable[[], Iterator[Documents]]:
    span = scope.span
    return partial(scope.client.time_entries, workspace, user, span.start if span else None, span.end if span else None)


def _ids(flattened: Flattened, root: Table) -> Iterable[str]:
    return flattened.frames[root.name][root.primary_key[0]].tolist()


def _tell(scope: Scope, progress: str) -> None:
    transport = scope.client.transport
    waited = f", {transport.waited:.0f} s waited for the request limit" if transport.waited else ""
    scope.log.info(f"{progress}; {transport.requests} requests{waited}")
