"""The entries that are not in the listing of the span: those that have gone from it, and those that changed elsewhere.

First what is known is laid together: rows from around the span, which came with the listings, and the change feed. What
that leaves open is asked for, entry by entry, up to a bound. What is open then is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clockify_dagster.contract import CONTRACT, Type
from clockify_dagster.contract.values import CoercionError, coerce
from clockify_dagster.errors import BadRequestError, NotAllowedError
from clockify_dagster.refresh.changes import Changes
from clockify_dagster.refresh.context import RefreshContext
from clockify_dagster.refresh.entries import EntriesRead

Document = Mapping[str, Any]

# What a document must have lest it be cut short, where no listed one shows what they have.
_LEAST = frozenset(
    ["id", "userId", "workspaceId", "timeInterval", "description", "billable", "projectId", "taskId", "tagIds"]
)
_NEEDED = frozenset(
    column.path.partition(".")[0].removesuffix("[]")
    for table in CONTRACT.family("clockify_timeentries")
    for column in table.document_columns
)


@dataclass
class LookupResult:
    """What was found out about the entries of a workspace that are not in the listing.

    Attributes:
        vanished: ids of entries that the table has within the span and the listing has not.
        found: ids of entries whose rows are staged now.
        gone: ids of entries that are no more, or that start outside of what the table may hold.
        open: ids of entries of which it is not known where they are.
        refusal: why Clockify refused to be asked; empty where it did not.
    """

    vanished: set[str]
    found: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)
    refusal: str = ""


class EntryLookup:
    """The search for the entries of one workspace that are not in the listing."""

    def __init__(self, context: RefreshContext, workspace: str, read: EntriesRead, changes: Changes) -> None:
        """Take what the listing gave and what the feed says."""
        self._context = context
        self._workspace = workspace
        self._read = read
        self._changes = changes
        self._left = {user for place, user in read.kept_users if place == workspace}
        self._documents: list[Document] = []

    def find(self, held: Mapping[str, str], timers: Iterable[str] = ()) -> LookupResult:
        """Find out where entries are, and stage the rows of those that are found.

        `held` are those of the table within the span that the listing has not, by id their users. `timers` are running
        timers outside of it: they are asked for, since their stop is a change like any other and there is no feed that
        could tell of it. Raises `ApiError` where Clockify fails.
        """
        changes, staging = self._changes, self._read.staging
        result = LookupResult({entry for entry, user in held.items() if user not in self._left})
        named = result.vanished | changes.documents.keys() | changes.deleted | changes.missing | set(timers)
        named -= staging.holds(named)
        result.gone = named & changes.deleted
        nearby = self._nearby(result.vanished - result.gone)
        questions = []
        for entry in sorted(named - result.gone):
            document = changes.documents.get(entry)
            if entry in nearby:
                self._take_nearby(entry, nearby[entry], result)
            elif document is not None and self._is_usable(document):
                self._take(entry, document, result)
            else:
                questions.append(entry)
        self._ask(sorted(questions, key=lambda entry: entry not in result.vanished), result)
        staging.add_documents(self._documents)
        return result

    def _nearby(self, entries: set[str]) -> dict[str, datetime]:
        """Of these entries those that the listings have outside the span, and when they start."""
        start = str(CONTRACT[self._context.table].partition_column)
        rows = self._read.staging.rows_of(entries, [start, "userid"])
        return {entry: begins for entry, (begins, _) in rows.items()}

    def _take_nearby(self, entry: str, start: datetime, result: LookupResult) -> None:
        if self._context.allows(start):
            self._read.staging.accept([entry])
            result.found.add(entry)
        else:
            result.gone.add(entry)

    def _is_usable(self, document: Document) -> bool:
        """Whether a document of the feed is where the listing cannot show it, and has all that a listed one has.

        One within the span that is not in the listing is out of date, or younger than the listing.
        """
        start = start_of(document)
        is_elsewhere = start is not None and (
            not self._context.replaces(start) or str(document.get("userId")) in self._left
        )
        keys = self._read.keys
        return is_elsewhere and document.keys() >= (keys & _NEEDED if keys else _LEAST)

    def _take(self, entry: str, document: Document, result: LookupResult) -> None:
        """Stage an entry where it belongs now, unless it belongs to no day that the table may hold."""
        start = start_of(document)
        if start is not None and not self._context.allows(start):
            result.gone.add(entry)
        else:
            self._documents.append(document)
            result.found.add(entry)

    def _ask(self, entries: Sequence[str], result: LookupResult) -> None:
        """Ask for entries one by one, within the bound. A refusal ends it: the next one would be refused as well."""
        for number, entry in enumerate(entries):
            if number < self._context.lookups and not result.refusal:
                try:
                    page = self._context.client.time_entry(self._workspace, entry)
                except (NotAllowedError, BadRequestError) as error:
                    result.refusal = str(error)
                else:
                    if page is None:
                        result.gone.add(entry)
                    else:
                        self._take(entry, page.documents[0], result)
                    continue
            result.open.append(entry)


def start_of(document: Document) -> datetime | None:
    """The instant at which an entry starts; None where the document has none that can be read."""
    interval = document.get("timeInterval")
    try:
        return coerce(Type.TIMESTAMP, interval.get("start")) if isinstance(interval, Mapping) else None
    except CoercionError:
        return None
