"""The account as a test handles it: all objects, and the time entries with their intervals."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import EllipsisType
from typing import Any

from . import documents, shown
from .changes import CREATED, DELETED, ENTRY, UPDATED
from .documents import Document
from .entry_values import VALUE_FIELDS, changed_values
from .people import People
from .planning import Planning
from .state import Workspace, identity_of
from .times import instant, iso_duration, written

Moment = datetime | str


class Account(People, Planning):
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
        """Change any fields of an entry in place; a new `timeInterval` or `userId` moves it where it belongs.

        Changed rates and custom field values show in the change feed under types of their own, and as an update of
        the entry only where other fields were given too, or `value_edits_update_entry` is set.
        """
        with self.lock:
            place, document = self._entry(entry)
            before = dict(document)
            document.update(documents.merged(document, fields))
            place.entries.put(document)
            changed = list(changed_values(before, document, self.now()))
            # what no record of a value could show, such as null in place of an empty list, is an update of the entry
            if self.value_edits_update_entry or not changed or set(fields) - VALUE_FIELDS:
                place.log.add(UPDATED, ENTRY, document, self.now())
            for action, kind, record in changed:
                place.log.add(action, kind, record, self.now())
            return document

    def set_custom_field(self, entry: Document | str, field: Document | str, value: object) -> Document:
        """Give an entry another value of a custom field, defined or not; `...` takes the value away."""
        with self.lock:
            place, document = self._entry(entry)
            field_id = identity_of(field)
            name = str(place.custom_fields.get(field_id, {}).get("name") or "Field")
            values = [each for each in document.get("customFieldValues") or [] if each.get("customFieldId") != field_id]
            if value is not ...:
                values.append(documents.custom_field_value(str(document["id"]), field_id, name, value))
            return self.edit_entry(document, customFieldValues=values)

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
        """Stop a running timer, by default now."""
        with self.lock:
            _, document = self._entry(entry)
            return self.move_entry(document, document["timeInterval"]["start"], end or self.now())

    def delete_entry(self, entry: Document | str) -> None:
        """Delete an entry."""
        with self.lock:
            place, document = self._entry(entry)
            place.entries.remove(str(document["id"]))
            place.log.add(DELETED, ENTRY, document, self.now())

    def documents(self, workspace: Document | str, kind: str) -> list[Document]:
        """All documents of a kind in a workspace, such as `projects` or `expenses`, as Clockify's lists show them."""
        with self.lock:
            return shown.documents_of(self, self.workspace(workspace), kind)

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
