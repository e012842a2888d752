"""The log behind the experimental `entities/created|updated|deleted` endpoints: what changed, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .documents import Document

CREATED, UPDATED, DELETED = "created", "updated", "deleted"


@dataclass(frozen=True)
class Change:
    """One thing that happened to one object; `kind` is a document code such as TIME_ENTRY."""

    action: str
    kind: str
    identity: str
    at: datetime
    document: Document


@dataclass
class ChangeLog:
    """Everything that happened in a workspace, in order."""

    changes: list[Change] = field(default_factory=list)

    def add(self, action: str, kind: str, document: Document, at: datetime) -> None:
        """Write one change down; a deletion keeps the last state of what it deleted."""
        kept = dict(document) if action == DELETED else document
        self.changes.append(Change(action, kind, str(document.get("id")), at, kept))

    def listed(
        self, action: str, kinds: Iterable[str], start: datetime, end: datetime, shown_until: datetime
    ) -> list[Change]:
        """The changes one of the three endpoints lists for [start, end), each object once, oldest first.

        Clockify leaves what is created and deleted within the range out of both lists, and shows what is
        created and updated within it as created only.
        """
        wanted = set(kinds)
        until = min(end, shown_until + timedelta(microseconds=1))
        within = [change for change in self.changes if change.kind in wanted and start <= change.at < until]
        seen = {name: {c.identity for c in within if c.action == name} for name in (CREATED, UPDATED, DELETED)}
        hidden = {
            CREATED: seen[DELETED],
            UPDATED: seen[CREATED] | seen[DELETED],
            DELETED: seen[CREATED],
        }[action]
        found = {c.identity: c for c in within if c.action == action and c.identity not in hidden}
        return sorted(found.values(), key=lambda change: change.at)
