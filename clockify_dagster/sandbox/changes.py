"""The log behind the experimental `entities/created|updated|deleted` endpoints: what changed, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .documents import Document

CREATED, UPDATED, DELETED = "created", "updated", "deleted"
ENTRY, RATE, FIELD_VALUE = "TIME_ENTRY", "TIME_ENTRY_RATE", "TIME_ENTRY_CUSTOM_FIELD_VALUE"
TYPES = ("CLIENTS", "PROJECTS", "TAGS", "TASKS", "SCHEDULED_ASSIGNMENT", ENTRY, RATE, FIELD_VALUE)


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
        recorded = dict(document) if action == DELETED else document
        self.changes.append(Change(action, kind, str(document.get("id")), at, recorded))

    def listed(
        self,
        action: str,
        kinds: Iterable[str],
        *,
        start: datetime,
        end: datetime,
        shown_until: datetime,
        deleted_stay_updated: bool = False,
    ) -> list[Change]:
        """The changes one of the three endpoints lists for [start, end), each object once, oldest first.

        Clockify leaves what is created and deleted within the range out of both lists, and shows what is
        created and updated within it as created only. Whether it lists what is updated and deleted within it as
        updated too, nobody has observed: `deleted_stay_updated` decides.
        """
        wanted = set(kinds)
        until = min(end, shown_until + timedelta(microseconds=1))
        histories: dict[str, list[Change]] = {}
        for change in self.changes:
            if change.kind in wanted and start <= change.at < until:
                histories.setdefault(change.identity, []).append(change)
        found = (_shown(action, history, deleted_stay_updated) for history in histories.values())
        return sorted((change for change in found if change), key=lambda change: change.at)


def _shown(action: str, history: list[Change], deleted_stay_updated: bool) -> Change | None:
    """What an endpoint shows of an object with this history, of which there is some; None where it shows nothing."""
    existed, exists = history[0].action != CREATED, history[-1].action != DELETED
    if action == UPDATED and existed and exists:
        return history[-1]  # a field value may have been taken away and set again
    shown = {
        CREATED: not existed and exists,
        UPDATED: existed and deleted_stay_updated,
        DELETED: existed and not exists,
    }
    return next((change for change in reversed(history) if shown[action] and change.action == action), None)
