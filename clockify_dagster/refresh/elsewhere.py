"""The entries that are not in the listing of the span: those that have gone from it, and those that changed elsewhere.

First what is known is laid together: documents in the listings' room, the change feed. What that leaves open is asked
for, entry by entry, up to a bound. What is open then is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clockify_dagster.contract import CONTRACT
from clockify_dagster.contract.model import Type
from clockify_dagster.contract.values import MisfitError, convert
from clockify_dagster.errors import BadRequestError, NotAllowedError
from clockify_dagster.refresh.changes import Changes
from clockify_dagster.refresh.listing import Listing
from clockify_dagster.refresh.scope import Scope

Document = Mapping[str, Any]

# What a document must have lest it be cut short, where no listed one shows what they have.
_LEAST = frozenset(
    ["id", "userId", "workspaceId", "timeInterval", "description", "billable", "projectId", "taskId", "tagIds"]
)


@dataclass
class Elsewhere:
    """What was found out about the entries of a workspace that are not in the listing.

    Attributes:
        vanished: ids of entries that the table has within the span and the listing has not.
        documents: by id, entries as they are now.
        gone: ids of entries that are no more.
        open: ids of entries of which it is not known where they are.
        refusal: why Clockify refused to be asked; empty where it did not.
    """

    vanished: set[str]
    documents: dict[str, Document] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)
    refusal: str = ""


def look_elsewhere(
    scope: Scope,
    workspace: str,
    listing: Listing,
    changes: Changes,
    known: Mapping[str, str],
    running: Iterable[str] = (),
) -> Elsewhere:
    """Find out about the entries of a workspace that are not in the listing.

    `known` are those of the table within the span that the listing has not, by id their users. `running` are timers
    outside of it: their stop is a change like any other, so they are asked for where no feed could tell of it.

    Raises `ApiError` where Clockify fails.
    """
    unserved = {user for place, user in listing.unserved if place == workspace}
    result = Elsewhere({entry for entry, user in known.items() if user not in unserved})
    nearby = {str(document.get("id")): document for document in listing.elsewhere.get(workspace, [])}
    told = {**changes.documents, **{entry: nearby[entry] for entry in result.vanished & nearby.keys()}}
    questions: list[str] = []
    named = result.vanished | told.keys() | changes.deleted | changes.missing | set(running)
    for entry in sorted(named - listing.staging.holds(named)):
        document = told.get(entry)
        if document is None or not _is_elsewhere(scope, document, unserved):
            # a document within the span that is not in the listing is out of date, or younger than the listing
            (result.gone.add if entry in changes.deleted else questions.append)(entry)
        elif entry in changes.deleted or not _is_whole(document, listing.keys):
            questions.append(entry)
        else:
            result.documents[entry] = document
    _ask(scope, workspace, sorted(questions, key=lambda entry: entry not in result.vanished), result)
    result.gone |= changes.deleted.intersection(result.open)
    result.open = [entry for entry in result.open if entry not in result.gone]
    return result


def _is_elsewhere(scope: Scope, document: Document, unserved: set[str]) -> bool:
    """Whether an entry is where the listing cannot show it: outside the span, or with somebody who is not served."""
    start = start_of(document)
    return start is not None and (not scope.replaces(start) or str(document.get("userId")) in unserved)


def _is_whole(document: Document, keys: set[str] | None) -> bool:
    """Whether a document of the feed has all that a listed one has, as far as the tables need it."""
    return document.keys() >= (_LEAST if keys is None else keys & _NEEDED)


def _ask(scope: Scope, workspace: str, entries: Sequence[str], result: Elsewhere) -> None:
    """Ask for entries one by one, within the bound; a refusal ends it, since the next one would be refused as well."""
    for number, entry in enumerate(entries):
        if number < scope.lookups and not result.refusal:
            try:
                document = scope.client.time_entry(workspace, entry)
            except (NotAllowedError, BadRequestError) as error:
                result.refusal = str(error)
            else:
                if document is None:
                    result.gone.add(entry)
                else:
                    result.documents[entry] = document
                continue
        result.open.append(entry)


def start_of(document: Document) -> datetime | None:
    """The instant at which an entry starts; None where the document has none that can be read."""
    interval = document.get("timeInterval")
    try:
        return convert(Type.TIMESTAMP, interval.get("start")) if isinstance(interval, Mapping) else None
    except MisfitError:
        return None


_NEEDED = frozenset(
    column.path.partition(".")[0].removesuffix("[]")
    for table in CONTRACT.family("clockify_timeentries")
    for column in table.document_columns
)
