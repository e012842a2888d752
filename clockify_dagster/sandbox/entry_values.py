"""What of an entry the change feed lists apart from it: its rates, and its values of custom fields."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from .changes import CREATED, DELETED, FIELD_VALUE, RATE, UPDATED
from .documents import Document
from .times import written

RATE_FIELDS = ("hourlyRate", "costRate")
VALUE_FIELDS = frozenset([*RATE_FIELDS, "customFieldValues"])


def changed_values(before: Document, after: Document, at: datetime) -> Iterator[tuple[str, str, Document]]:
    """What an edit did to an entry's rates and field values: an action, a type and the document for the feed, each."""
    old, new = _records(before, at), _records(after, at)
    for identity in {**old, **new}:
        was, now = old.get(identity), new.get(identity)
        if _said(was) != _said(now):
            action = CREATED if was is None else DELETED if now is None else UPDATED
            document = now or was or {}
            yield action, str(document["documentType"]), document


def _said(record: Document | None) -> Document:
    return {name: value for name, value in (record or {}).items() if name != "auditMetadata"}


def _records(entry: Document, at: datetime) -> dict[str, Document]:
    """The documents of an entry's rates, both in one, and of each field value, by their ids."""
    identity = str(entry["id"])
    found = []
    if any(entry.get(name) for name in RATE_FIELDS):
        # Clockify's document shows no record of a rate; this is one like those of field values.
        found.append(_record(entry, RATE, at) | {name: entry.get(name) for name in RATE_FIELDS})
    values = entry.get("customFieldValues")
    for value in values if isinstance(values, list) else []:
        if isinstance(value, dict):
            field_id = value.get("customFieldId")
            record = _record(entry, FIELD_VALUE, at, str(field_id))
            found.append(record | {"customFieldId": field_id, "value": value.get("value"), "sourceType": "TIMEENTRY"})
    return {each["id"]: each | {"timeEntryId": identity} for each in found}


def _record(entry: Document, kind: str, at: datetime, *parts: str) -> Document:
    """What all records have; the sandbox knows no better when a value was made than when its entry begins."""
    identity = hashlib.sha256(" ".join([str(entry["id"]), kind, *parts]).encode()).hexdigest()[:24]
    made = {"createdAt": entry["timeInterval"]["start"], "updatedAt": written(at)}
    return {"auditMetadata": made, "documentType": kind, "id": identity}
