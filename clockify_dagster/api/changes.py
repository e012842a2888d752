"""The change feed: which time entries were created, updated or deleted in a period. Experimental."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from clockify_dagster.api.addresses import written
from clockify_dagster.api.paging import Documents, repeated, wrong_shape
from clockify_dagster.api.transport import Answer, Transport
from clockify_dagster.errors import BadRequestError

Action = Literal["created", "updated", "deleted"]

LONGEST_RANGE = timedelta(days=30)
LIMIT = 1000
DEFAULT_LIMIT = 50  # the server's own; a cap would be a multiple of it
ENTRY = "TIME_ENTRY"
PARTS = ("TIME_ENTRY_RATE", "TIME_ENTRY_CUSTOM_FIELD_VALUE")  # what belongs to an entry and has records of its own
# The feed is a help, not a need: an answer of another shape will hardly be better the sixth time.
_TRIES = 2


@dataclass(frozen=True)
class Change:
    """One change of one time entry: its id, and the entry's document where the feed gives it."""

    action: Action
    identity: str
    document: dict[str, Any] | None


class ChangeFeed:
    """Reads the feed: `GET /workspaces/{w}/entities/{created|updated|deleted}`."""

    def __init__(self, transport: Transport) -> None:
        """Ask for entries and for what belongs to them, until the server refuses several types at once."""
        self._transport = transport
        self._types: tuple[str, ...] = (ENTRY, *PARTS)

    def read(self, url: str, action: Action, start: datetime, end: datetime) -> list[Change]:
        """All changes of a period. What happened to a part of an entry is an update of it, without a document.

        So an entry may stand in the list twice, that update last: its document may be from before it. Raises
        `ValueError` for a period that is longer than 30 days or the wrong way round.
        """
        if not timedelta(0) <= end - start <= LONGEST_RANGE:
            raise ValueError(f"the change feed takes 30 days at most, from earlier to later; not {end - start}")
        asked = {"start": written(start), "end": written(end), "limit": LIMIT}
        try:
            records = self._records(url, {**asked, "type": self._types})
        except BadRequestError as error:
            if error.status != 400 or len(self._types) == 1:
                raise
            self._types = (ENTRY,)
            records = self._records(url, {**asked, "type": self._types})
        entries = {_identity(each): _change(each, action) for each in records if _type(each) == ENTRY}
        parts = {_part_of(each) for each in records if _type(each) in PARTS}
        return [*entries.values(), *(Change("updated", entry, None) for entry in sorted(parts - {""}))]

    def _records(self, url: str, asked: dict[str, Any]) -> Documents:
        """The records of all pages, which count from 0."""
        found, number, largest = Documents(), 0, 1
        seen: set[tuple[str, str]] = set()
        while True:
            answer = self._transport.send(
                "GET", url, {**asked, "page": number}, check=records_of, unreadable_tries=_TRIES
            )
            records = records_of(answer)
            keys = {(_type(record), _identity(record)) for record in records}
            if records and keys <= seen:
                # nothing new: a server that takes no notice of the page would send it for ever
                raise repeated(answer.endpoint, number)
            seen |= keys
            found += records
            # There is no header, and the limit may be capped: a page goes on if its length is as round as caps are, and
            # no earlier one was longer.
            if len(records) < largest or len(records) % DEFAULT_LIMIT:
                return found
            number, largest = number + 1, len(records)


def records_of(answer: Answer) -> Documents:
    """The records, from an envelope or a bare list, each with an id. Raises `UnreadableAnswerError`."""
    given = answer.document
    if isinstance(given, dict) and "response" in given:
        given = given["response"]
    if not isinstance(given, list) or not all(isinstance(record, dict) for record in given):
        raise wrong_shape(answer, 'a list of records, or {"response": [...]}')
    if not all(_identity(record) for record in given):
        raise wrong_shape(answer, "records with ids")
    return given


def _document(record: dict[str, Any]) -> dict[str, Any]:
    """What changed: within the record, or the record itself."""
    inner = record.get("document")
    return inner if isinstance(inner, dict) else record


def _type(record: dict[str, Any]) -> str:
    """The type of what changed; where the record does not name it, an entry's part is known by the entry it names."""
    document = _document(record)
    for holder in (record, document):
        named = holder.get("documentCode") or holder.get("documentType")
        if named:
            return str(named)
    return PARTS[0] if _part_of(record) and "timeInterval" not in document else ENTRY


def _part_of(record: dict[str, Any]) -> str:
    """The id of the entry that a part belongs to."""
    return str(_document(record).get("timeEntryId") or record.get("timeEntryId") or "")


def _identity(record: dict[str, Any]) -> str:
    return str(_document(record).get("id") or record.get("id") or _part_of(record))


def _change(record: dict[str, Any], action: Action) -> Change:
    document = _document(record)
    # A bare record of a deletion may hold little more than the id: that is no entry.
    return Change(action, _identity(record), document if "timeInterval" in document else None)
