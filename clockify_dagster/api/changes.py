"""The change feed: which time entries were created, updated or deleted in a period. Experimental."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from clockify_dagster.api.pages import repeated, wrong_shape
from clockify_dagster.api.paging import written
from clockify_dagster.api.transport import Answer, Transport, address
from clockify_dagster.errors import BadRequestError, located

Action = Literal["created", "updated", "deleted"]

LONGEST_RANGE = timedelta(days=30)
LIMIT = 1000
DEFAULT_LIMIT = 50  # the server's own; a cap would be a multiple of it
ENTRY = "TIME_ENTRY"
PARTS = ("TIME_ENTRY_RATE", "TIME_ENTRY_CUSTOM_FIELD_VALUE")  # what belongs to an entry and has records of its own
_TRIES = 2  # an answer of another shape will hardly be better the sixth time


@dataclass(frozen=True)
class Change:
    """One change of one time entry: its id, and the entry's document where the feed gives it."""

    action: Action
    identity: str
    document: dict[str, Any] | None


class _Record(NamedTuple):
    """A record of the feed: its type, its id, the entry of which it is a part, and what changed."""

    kind: str
    identity: str
    entry: str
    document: dict[str, Any]


class ChangeFeed:
    """Reads the feed. It is experimental: where it is refused, going on without it is right."""

    def __init__(self, transport: Transport, api_url: str) -> None:
        """Ask for entries and for what belongs to them, until the server refuses several types at once."""
        self._transport = transport
        self._url = api_url
        self._types: tuple[str, ...] = (ENTRY, *PARTS)

    def read(self, workspace: str, action: Action, start: datetime, end: datetime) -> list[Change]:
        """The changes from `start` to before `end`, in whole seconds: `GET /workspaces/{w}/entities/{action}`.

        What is created and deleted within the period is in no list, what is created and updated only in `created`; a
        deletion shows after about a minute. Whatever the list, what happened to a part of an entry is an update of the
        entry, without a document: it may stand in the list twice, that update last. Raises `ValueError` for a period
        that is longer than 30 days or the wrong way round.
        """
        if not timedelta(0) <= end - start <= LONGEST_RANGE:
            raise ValueError(f"the change feed takes 30 days at most, from earlier to later; not {end - start}")
        window = {"start": written(start), "end": written(end)}
        with located(workspace=workspace):
            url = address(self._url, "workspaces/{workspace}/entities/{action}", workspace=workspace, action=action)
            try:
                records = self._records(url, window)
            except BadRequestError as error:
                if error.status != 400 or len(self._types) == 1:
                    raise
                self._types = (ENTRY,)
                records = self._records(url, window)
        # a bare record of a deletion may hold little more than the id: that is no entry
        entries = {
            each.identity: Change(action, each.identity, each.document if "timeInterval" in each.document else None)
            for each in records
            if each.kind == ENTRY
        }
        parts = {each.entry for each in records if each.kind in PARTS and each.entry}
        return [*entries.values(), *(Change("updated", entry, None) for entry in sorted(parts))]

    def _records(self, url: str, window: dict[str, str]) -> list[_Record]:
        """The records of all pages, which count from 0."""
        found: dict[tuple[str, str], _Record] = {}
        number, largest = 0, 1
        while True:
            asked = {**window, "type": self._types, "limit": LIMIT, "page": number}
            records = self._transport.send("GET", url, _records_of, params=asked, unreadable_tries=_TRIES)
            keys = {(record.kind, record.identity): record for record in records}
            if records and keys.keys() <= found.keys():
                # nothing new: a server that takes no notice of the page would send it for ever
                raise repeated(f"GET {urlsplit(url).path}", number)
            found |= keys
            # There is no header, and the limit may be capped: a page goes on if its length is as round as caps are, and
            # no earlier one was longer.
            if len(records) < largest or len(records) % DEFAULT_LIMIT:
                return list(found.values())
            number, largest = number + 1, len(records)


def _records_of(answer: Answer) -> list[_Record]:
    """The records, from an envelope or a bare list, each with an id. Raises `UnreadableAnswerError`."""
    given = answer.document
    if isinstance(given, dict) and "response" in given:
        given = given["response"]
    if not isinstance(given, list) or not all(isinstance(record, dict) for record in given):
        raise wrong_shape(answer, 'a list of records, or {"response": [...]}')
    records = [_record(each) for each in given]
    if not all(record.identity for record in records):
        raise wrong_shape(answer, "records with ids")
    return records


def _record(given: dict[str, Any]) -> _Record:
    """A record: what changed is within it, or the record itself."""
    inner = given.get("document")
    document = inner if isinstance(inner, dict) else given
    entry = str(document.get("timeEntryId") or given.get("timeEntryId") or "")
    # where the type is not named, an entry's part is known by the entry it names
    kind = PARTS[0] if entry and "timeInterval" not in document else ENTRY
    named = [each.get(key) for each in (given, document) for key in ("documentCode", "documentType") if each.get(key)]
    return _Record(str([*named, kind][0]), str(document.get("id") or given.get("id") or entry), entry, document)
