"""The entries that are not in the listing of the span: those that have gone from it, and those that changed elsewhere.

First it uses what was read already: rows from around the span, which came with the listings, and the change feed. For
the entries that remain it sends one request each, up to a limit. It reports those that are left after that.
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
from clockify_dagster.warehouse import PageSource

Document = Mapping[str, Any]
_SHOWN = 5

# The fields that every document must have, where no listed one shows which there are: else it is incomplete.
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
    """What was found out about the entries that are not in the listing.

    Attributes:
        vanished: ids of entries that the table has within the span and the listing has not.
        found: ids of entries whose rows are staged now.
        gone: ids of entries that are no more, or that start outside of what the table may hold.
        open: ids of entries of which it is not known where they are.
    """

    vanished: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)

    def add(self, other: LookupResult) -> None:
        """Add what was found out about entries of another workspace."""
        self.vanished |= other.vanished
        self.found |= other.found
        self.gone |= other.gone
        self.open += other.open

    @property
    def numbers(self) -> dict[str, int]:
        """How many of each, by name, for metadata."""
        return {
            "entries that moved": len(self.vanished & self.found),
            "entries deleted": len(self.gone),
            "entries changed outside these days": len(self.found - self.vanished),
            "entries that vanished unexplained": len(self.open),
        }


@dataclass
class EntryLookup:
    """The search for the entries of one workspace that are not in the listing.

    Attributes:
        read: what the listing gave.
        changes: what the feed says of the workspace.
        result: what is found.
    """

    context: RefreshContext
    workspace: str
    read: EntriesRead
    changes: Changes
    result: LookupResult = field(default_factory=LookupResult)
    _documents: list[Document] = field(default_factory=list, init=False)

    def find(self, held: Mapping[str, str], timers: Iterable[str] = ()) -> None:
        """Find out where entries are, and stage the rows of those that are found.

        `held` are those of the table within the span that the listing has not, by id their users. `timers` are running
        timers outside of it: they are asked for, since their stop is a change like any other and there is no feed that
        could tell of it. Raises `ApiError` where Clockify fails.
        """
        changes, staging = self.changes, self.read.staging
        vanished = {entry for entry, user in held.items() if (self.workspace, user) not in self.read.retained_users}
        named = vanished | changes.documents.keys() | changes.deleted | changes.missing | set(timers)
        named -= staging.holds(named)
        gone = named & changes.deleted
        nearby = staging.starts_of(vanished - gone)
        questions = []
        self.result.vanished |= vanished
        self.result.gone |= gone
        for entry in sorted(named - gone):
            document = changes.documents.get(entry)
            if entry in nearby:
                self._take(entry, nearby[entry])
            elif document is not None and self._is_usable(document):
                self._take(entry, start_of(document), document)
            else:
                questions.append(entry)
        self._ask(sorted(questions, key=lambda entry: entry not in vanished))
        staging.add_documents(self._documents, PageSource(facts={"workspace": self.workspace}))

    def _is_usable(self, document: Document) -> bool:
        """Whether a document of the feed is where the listing cannot show it, and has all that a listed one has.

        One within the span that is not in the listing is out of date, or younger than the listing.
        """
        start = start_of(document)
        is_retained = (self.workspace, str(document.get("userId"))) in self.read.retained_users
        span = self.context.span
        is_elsewhere = start is not None and (is_retained or (span is not None and start not in span))
        return is_elsewhere and document.keys() >= (self.read.keys & _NEEDED or _LEAST)

    def _take(self, entry: str, start: datetime | None, document: Document | None = None) -> None:
        """Let an entry's row count, unless it belongs to no day that the table may hold.

        Without a document, the row is staged already: it came with a listing.
        """
        if start is not None and self.context.limits is not None and start not in self.context.limits:
            self.result.gone.add(entry)
            return
        self.result.found.add(entry)
        if document is None:
            self.read.staging.accept([entry])
        else:
            self._documents.append(document)

    def _ask(self, entries: Sequence[str]) -> None:
        """Ask for entries one by one, within the bound. A refusal ends it: the next one would be refused as well."""
        asked, why = 0, f"at most {self.context.lookups} are asked for one by one"
        for entry in entries[: self.context.lookups]:
            try:
                page = self.context.client.time_entry(self.workspace, entry)
            except (NotAllowedError, BadRequestError) as error:
                why = str(error)
                break
            asked += 1
            if page is None:
                self.result.gone.add(entry)
            else:
                self._take(entry, start_of(page.documents[0]), page.documents[0])
        left = entries[asked:]
        self.result.open += left
        if left:
            self.context.log.warning(
                f"{self.context.workspaces[self.workspace].label}: {len(left)} entries have gone from these days or "
                f"changed elsewhere, and it is not known where they are ({why}), for example "
                f"{', '.join(left[:_SHOWN])}. Those that were moved to other days come back when those days are "
                "refreshed."
            )


def start_of(document: Document) -> datetime | None:
    """The instant at which an entry starts; None where the document has none that can be read."""
    interval = document.get("timeInterval")
    try:
        return coerce(Type.TIMESTAMP, interval.get("start")) if isinstance(interval, Mapping) else None
    except CoercionError:
        return None
