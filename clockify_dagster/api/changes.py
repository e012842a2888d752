"""The change feed: which time entries were created, updated or deleted in a period. Experimental."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from clockify_dagster.api.paging import Documents, is_same, repeated, wrong_shape
from clockify_dagster.api.transport import Answer, Transport

Action = Literal["created", "updated", "deleted"]

LONGEST_RANGE = timedelta(days=30)
LIMIT = 1000
DEFAULT_LIMIT = 50  # what a server gives that ignores or caps ours gives at least
_TIME_ENTRY = "TIME_ENTRY"
# The feed is a help, not a need: an answer of another shape will hardly be better the sixth time.
_TRIES = 2


@dataclass(frozen=True)
class Change:
    """One change of one time entry: its id, and the entry's document where the feed gives it."""

    action: Action
    identity: str
    document: dict[str, Any] | None


def changes(transport: Transport, url: str, action: Action, start: str, end: str, length: timedelta) -> list[Change]:
    """All changes of the period, whose ends are written as Clockify wants them."""
    if not timedelta(0) <= length <= LONGEST_RANGE:
        raise ValueError(f"the change feed takes 30 days at most, from earlier to later; not {length}")
    asked: dict[str, str | int] = {"type": _TIME_ENTRY, "start": start, "end": end, "limit": LIMIT}
    found: dict[str, Change] = {}
    number, largest, before = 0, 0, Documents()
    seen: set[str] = set()
    while True:
        params = {**asked, "page": number}
        answer = transport.send("GET", url, params, check=records_of, unreadable_tries=_TRIES)
        records = records_of(answer)
        ids = {_identity(record) for record in records}
        if is_same(records, before) or (records and ids <= seen):
            # nothing new: a server that takes no notice of the page would send it for ever
            raise repeated(answer.endpoint, number)
        seen |= ids
        for change in (_change(record, action) for record in records if _is_entry(record)):
            found[change.identity] = change
        largest = max(largest, len(records))
        if _is_end(len(records), largest):
            return list(found.values())
        number, before = number + 1, records


def records_of(answer: Answer) -> Documents:
    """The records, from an envelope or a bare list, each with an id. Raises `UnreadableAnswerError`."""
    given = answer.document
    if isinstance(given, dict) and "response" in given:
        given = given["response"]
    records = given if isinstance(given, list) else None
    if records is None or not all(isinstance(record, dict) for record in records):
        raise wrong_shape(answer, 'a list of records, or {"response": [...]}')
    if not all(_identity(record) for record in records):
        raise wrong_shape(answer, "records with ids")
    return records


def _is_end(count: int, largest: int) -> bool:
    """Whether no page follows, as far as a count can say: there is no header, and the limit may be capped.

    A page shorter than an earlier one is the end. One shorter than asked for may be a cap, if its length is
    as round as caps are.
    """
    if count < DEFAULT_LIMIT or count < largest:
        return True
    return count != LIMIT and count % DEFAULT_LIMIT != 0


def _is_entry(record: dict[str, Any]) -> bool:
    code = record.get("documentCode") or record.get("documentType")
    return code is None or code == _TIME_ENTRY


def _identity(record: dict[str, Any]) -> str:
    document = record.get("document")
    inner = document.get("id") if isinstance(document, dict) else None
    return str(inner or record.get("id") or "")


def _change(record: dict[str, Any], action: Action) -> Change:
    inner = record.get("document")
    document = inner if isinstance(inner, dict) else record
    # A bare record of a deletion may hold little more than the id: that is no entry.
    return Change(action, _identity(record), document if "timeInterval" in document else None)
