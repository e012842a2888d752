"""A refresh from beginning to end: list, read the changes, look for what vanished; the result is a load to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clockify_dagster.contract.frames import flatten
from clockify_dagster.contract.model import Type
from clockify_dagster.contract.values import MisfitError, convert
from clockify_dagster.refresh.changes import Changes, first_state, read_changes
from clockify_dagster.refresh.listing import Listing, list_entries
from clockify_dagster.refresh.scope import Scope
from clockify_dagster.warehouse import SpanLoad, TablesLoad, Untouched
from clockify_dagster.warehouse.state import FeedState

_SHOWN = 5
Document = Mapping[str, Any]


@dataclass
class Findings:
    """What a refresh found besides the rows: how many entries moved, went, came from the feed, or stayed a riddle."""

    moved: int = 0
    deleted: set[str] = field(default_factory=set)
    changed_elsewhere: int = 0
    unexplained: list[str] = field(default_factory=list)
    states: dict[str, FeedState] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, int]:
        """The numbers, by name, for metadata."""
        return {
            "entries that moved": self.moved,
            "entries deleted": len(self.deleted),
            "entries changed outside these days": self.changed_elsewhere,
            "entries that vanished unexplained": len(self.unexplained),
        }


def refresh_everything(scope: Scope) -> TablesLoad:
    """Read all entries of all time anew. Rows of users who have left and are served no more stay."""
    known = scope.warehouse.known_entries(scope.root, scope.workspaces, None, users_only=True)
    listing = list_entries(scope, known)
    return TablesLoad(listing.staging, untouched=Untouched(frozenset(listing.unserved)))


def refresh_span(scope: Scope) -> tuple[SpanLoad, dict[str, int]]:
    """Read the entries of a span anew, and what has changed outside of it since the last refresh.

    Gives what is to be written, and what was found, in numbers by name.
    """
    if scope.span is None:
        raise ValueError("a span is needed; for all of time there is refresh_everything")
    began = scope.client.transport.server_now()
    known = scope.warehouse.known_entries(scope.root, scope.workspaces, scope.span, users_only=scope.is_whole)
    before = scope.warehouse.feed_states(scope.workspaces)
    listing = list_entries(scope, known)
    result = Findings()
    for workspace in scope.workspaces:
        last = before.get(workspace)
        if scope.is_whole or last is None:
            result.states[workspace] = first_state(began)
        if scope.is_whole:
            continue
        changes = Changes() if last is None else read_changes(scope, workspace, last, began)
        if changes.state is not None:
            result.states[workspace] = changes.state
        _look_outside(scope, workspace, listing, changes, known.get(workspace, {}), result)
    load = SpanLoad(
        listing.staging,
        scope.span,
        tuple(scope.workspaces),
        untouched=Untouched(frozenset(listing.unserved)),
        deleted=frozenset(result.deleted),
        feed=result.states,
    )
    return load, result.facts


def _look_outside(
    scope: Scope,
    workspace: str,
    listing: Listing,
    changes: Changes,
    known: Mapping[str, str],
    result: Findings,
) -> None:
    """Find the entries that are not in the listing but were here, or have changed elsewhere."""
    seen = listing.seen.get(workspace, set())
    unserved = {user for place, user in listing.unserved if place == workspace}
    vanished = {entry for entry, user in known.items() if entry not in seen and user not in unserved}
    nearby = {str(document.get("id")): document for document in listing.elsewhere.get(workspace, [])}
    told = {**changes.documents, **{entry: nearby[entry] for entry in vanished & set(nearby)}}
    found = {
        entry: document
        for entry, document in told.items()
        if entry not in seen and document is not None and not _should_be_listed(scope, document, unserved)
    }
    gone = changes.deleted - seen - set(found)
    running = set() if changes.known else scope.warehouse.running_entries(scope.root, workspace, scope.span)
    questions = (vanished | set(told) | changes.unconfirmed | running) - seen - set(found) - gone
    answers = _look_up(scope, workspace, [*sorted(questions & vanished), *sorted(questions - vanished)])
    found |= {entry: document for entry, document in answers.items() if document is not None}
    gone |= {entry for entry, document in answers.items() if document is None}
    unexplained = sorted(questions - set(answers))
    result.moved += len(vanished & set(found))
    result.changed_elsewhere += len(set(found) - vanished)
    result.unexplained += unexplained
    result.deleted |= gone | _stage(scope, listing, found)
    if unexplained:
        scope.log.warning(
            f"{scope.workspaces[workspace]}: {len(unexplained)} entries have gone from these days or changed "
            f"elsewhere, and "
            f"it was not asked where they are (at most {scope.lookups} are asked for one by one), for example "
            f"{', '.join(unexplained[:_SHOWN])}. Those that were moved to other days come back when those days "
            f"are refreshed."
        )


def _should_be_listed(scope: Scope, document: Document, unserved: set[str]) -> bool:
    """Whether the listing would have shown the entry, so that the word of the feed against it is doubtful."""
    start = start_of(document)
    return start is None or (scope.replaces(start) and str(document.get("userId")) not in unserved)


def _look_up(scope: Scope, workspace: str, entries: Sequence[str]) -> dict[str, Document | None]:
    """Ask for entries one by one, within the bound; None for those that are no more."""
    return {entry: scope.client.time_entry(workspace, entry) for entry in entries[: scope.lookups]}


def _stage(scope: Scope, listing: Listing, found: Mapping[str, Document]) -> set[str]:
    """Put found entries where they belong now. Gives the ids of those that belong to no day that the table may hold."""
    rows, outside = [], set()
    for entry, document in found.items():
        start = start_of(document)
        if start is not None and not scope.allows(start):
            outside.add(entry)
        else:
            rows.append(document)
    if rows:
        listing.staging.add(flatten(listing.staging.family, rows))
    return outside


def start_of(document: Document) -> datetime | None:
    """The instant at which an entry starts; None where the document has none that can be read."""
    interval = document.get("timeInterval")
    try:
        return convert(Type.TIMESTAMP, interval.get("start")) if isinstance(interval, Mapping) else None
    except MisfitError:
        return None
