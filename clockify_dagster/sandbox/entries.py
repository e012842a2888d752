"""The time entries of one workspace, each person's sorted by start, so that a page costs what it shows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime

from .documents import Document
from .times import instant

Key = tuple[datetime, str]


class Timeline:
    """One person's entries, sorted by start and id."""

    def __init__(self) -> None:
        """Start without any."""
        self.keys: list[Key] = []
        self.documents: list[Document] = []

    def insert(self, key: Key, document: Document) -> None:
        """Put an entry where its start belongs; one that is newer than all others is the usual case."""
        position = len(self.keys) if not self.keys or key > self.keys[-1] else bisect_left(self.keys, key)
        self.keys.insert(position, key)
        self.documents.insert(position, document)

    def remove(self, key: Key) -> None:
        """Take the entry with that key out."""
        position = bisect_left(self.keys, key)
        del self.keys[position], self.documents[position]

    def between(self, start: datetime | None, end: datetime | None) -> range:
        """The positions whose start lies in [start, end)."""
        low = 0 if start is None else bisect_left(self.keys, (start, ""))
        high = len(self.keys) if end is None else bisect_left(self.keys, (end, ""))
        return range(low, max(low, high))


class Entries:
    """All entries of a workspace: by id, by person and, when they run, apart."""

    def __init__(self) -> None:
        """Start without any."""
        self.by_id: dict[str, Document] = {}
        self.timelines: dict[str, Timeline] = {}
        self.seconds: dict[str, int] = {}  # tracked on each project and each task, by its id
        self._keys: dict[str, tuple[str, Key]] = {}
        self._counted: dict[str, tuple[set[str], int]] = {}

    def put(self, document: Document) -> None:
        """Add an entry, or file it anew after its person or its interval has changed."""
        identity = str(document["id"])
        if identity in self._keys:
            self._unfile(identity)
        user_id = str(document["userId"])
        key = (instant(document["timeInterval"]["start"]), identity)
        self.by_id[identity] = document
        self._keys[identity] = (user_id, key)
        self.timelines.setdefault(user_id, Timeline()).insert(key, document)
        self._count(identity, document)

    def remove(self, identity: str) -> Document:
        """Take an entry out for good."""
        self._unfile(identity)
        del self._keys[identity], self._counted[identity]
        return self.by_id.pop(identity)

    def _unfile(self, identity: str) -> None:
        user_id, key = self._keys[identity]
        self.timelines[user_id].remove(key)
        targets, seconds = self._counted[identity]
        for target in targets:
            self.seconds[target] -= seconds

    def _count(self, identity: str, document: Document) -> None:
        """Add what an entry lasted to its project and its task; an edited document does not say what it said before."""
        targets = {str(document[name]) for name in ("projectId", "taskId") if document.get(name)}
        self._counted[identity] = targets, lasted(document)
        for target in targets:
            self.seconds[target] = self.seconds.get(target, 0) + self._counted[identity][1]

    def newest_first(
        self, user_id: str, start: datetime | None, end: datetime | None, *, skip: int, take: int
    ) -> tuple[list[Document], int]:
        """A page of a person's entries in a window, newest start first, and how many the window has."""
        timeline = self.timelines.get(user_id)
        if timeline is None:
            return [], 0
        found = timeline.between(start, end)[::-1]
        return [timeline.documents[position] for position in found[skip : skip + take]], len(found)

    def started(self, start: datetime, end: datetime) -> Iterator[tuple[Key, Document]]:
        """Every person's entries with a start in [start, end), with the key they sort by."""
        for timeline in self.timelines.values():
            for position in timeline.between(start, end):
                yield timeline.keys[position], timeline.documents[position]

    def running(self) -> list[Document]:
        """The timers that run now, newest first."""
        found = [document for document in self.by_id.values() if is_running(document)]
        return sorted(found, key=lambda document: self._keys[str(document["id"])][1], reverse=True)


def is_running(document: Document) -> bool:
    """Whether an entry has no end yet."""
    interval = document.get("timeInterval")
    return isinstance(interval, dict) and interval.get("end") is None


def lasted(document: Document) -> int:
    """An entry's seconds; none while it runs, or where its interval cannot be read."""
    interval = document.get("timeInterval") or {}
    try:
        return int((instant(interval["end"]) - instant(interval["start"])).total_seconds())
    except (AttributeError, KeyError, TypeError, ValueError):
        return 0
