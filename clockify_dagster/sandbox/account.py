"""The account as a test handles it: all objects, and the time entries with their intervals."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import EllipsisType
from typing import Any

from . import documents
from .changes import CREATED, DELETED, UPDATED
from .documents import Document
from .people import People
from .state import Workspace, identity_of
from .times import instant, iso_duration, written
from .work import Work

ENTRY = "TIME_ENTRY"
Moment = datetime | str


class Account(People, Work):
    """A Clockify account: its state is the API's own documents, and every method changes that state."""

    def add_entry(
        self,
        workspace: Document | str,
        user: Document | str,
        start: Moment,
        end: Moment | EllipsisType | None = ...,
        **fields: Any,
    ) -> Document:
        """Add a time entry of an hour, or up to `end`; None makes it a timer that runs."""
        with self.lock:
            place = self.workspace(workspace)
            document = documents.entry(self.new_id(), place.identity, identity_of(user))
            begun = instant(start)
            document["timeInterval"] = interval(begun, begun + timedelta(hours=1) if end is ... else end)
            document = documents.merged(document, fields)
            place.entries.put(document)
            place.log.add(CREATED, ENTRY, document, self.now())
            return document

    def edit_entry(self, entry: Document | str, **fields: Any) -> Document:
        """Change fields of an entry in place; a new `timeInterval` or `userId` moves it where it belongs."""
        with self.lock:
            place, document = self._entry(entry)
            document.update(documents.merged(document, fields))
            place.entries.put(document)
            place.log.add(UPDATED, ENTRY, document, self.now())
            return document

    def move_entry(self, entry: Document | str, start: Moment, end: Moment | EllipsisType | None = ...) -> Document:
        """Give an entry another start; without `end` it keeps its length, or goes on running."""
        with self.lock:
            _, document = self._entry(entry)
            begun = instant(start)
            if end is ...:
                held = document["timeInterval"]
                lasted = held["end"] and instant(held["end"]) - instant(held["start"])
                end = begun + lasted if lasted else held["end"]
            return self.edit_entry(document, timeInterval=interval(begun, end))

    def stop_timer(self, entry: Document | str, end: Moment | None = None) -> Document:
        """Stop a running timer, now unless told otherwise."""
        with self.lock:
            _, document = self._entry(entry)
            return self.move_entry(document, document["timeInterval"]["start"], end or self.now())

    def delete_entry(self, entry: Document | str) -> None:
        """Delete an entry."""
        with self.lock:
            place, document = self._entry(entry)
            place.entries.remove(str(document["id"]))
            place.log.add(DELETED, ENTRY, document, self.now())

    def _entry(self, entry: Document | str) -> tuple[Workspace, Document]:
        identity = identity_of(entry)
        for place in self.workspaces.values():
            if identity in place.entries.by_id:
                return place, place.entries.by_id[identity]
        raise KeyError(f"no time entry has the id {identity}")


def interval(start: datetime, end: Moment | None) -> Document:
    """A `timeInterval`; a running timer has neither end nor duration."""
    if end is None:
        return {"start": written(start), "end": None, "duration": None}
    lasted = int((instant(end) - start).total_seconds())
    return {"start": written(start), "end": written(instant(end)), "duration": iso_duration(lasted)}
