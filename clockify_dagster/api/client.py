"""What Clockify's API has to read, with the parameters that leave nobody and nothing out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from clockify_dagster.api.changes import Action, Change, ChangeFeed
from clockify_dagster.api.paging import (
    LARGEST_PAGE,
    ROOM_AFTER,
    ROOM_BEFORE,
    Documents,
    EntryPage,
    Page,
    document_of,
    documents_of,
    next_end,
    page_after_page,
    pages,
    written,
)
from clockify_dagster.api.reports import (
    ReportPage,
    ReportRange,
    ReportSummary,
    Totals,
    report_page,
    report_summary,
    report_totals,
)
from clockify_dagster.api.transport import Answer, Transport
from clockify_dagster.contract.listing import USERS, WORKSPACES, Listing
from clockify_dagster.errors import NotThereError, located

E = TypeVar("E", bound=EntryPage)

_ENTRIES = "workspaces/{workspace}/user/{user}/time-entries"


@dataclass(frozen=True)
class Users:
    """The users of a workspace: the pages of their list as received."""

    pages: tuple[Page, ...]

    @property
    def documents(self) -> Documents:
        """All users, in the list's order."""
        return [document for page in self.pages for document in page.documents]


class ClockifyClient:
    """A Clockify account, seen through its key.

    Every method raises `ApiError` when Clockify refuses, or fails for longer than we try; the error knows the
    workspace, the project and the user. Any thread may use it; one list is read by one thread.
    """

    def __init__(
        self, transport: Transport, api_url: str, reports_url: str | None = None, page_size: int = LARGEST_PAGE
    ) -> None:
        """Take the transport, which holds the key, and both APIs' addresses without a slash at the end.

        Pages have `page_size` rows at most, and not more than Clockify allows for each list.
        """
        self.transport = transport
        self._url = api_url
        self._reports_url = reports_url
        self._size = page_size
        self._feed = ChangeFeed(transport)
        self._users: dict[str, Users] = {}
        self._users_locks: dict[str, threading.Lock] = {}

    def me(self) -> dict[str, Any]:
        """The user to whom the key belongs: `GET /user`."""
        return document_of(self.transport.send("GET", self._at("user"), check=document_of))

    def workspaces(self) -> Page:
        """All workspaces of the key's user: `GET /workspaces`, which has no pages."""
        answer = self.transport.send("GET", self._at(WORKSPACES.path), check=documents_of)
        return Page(answer, documents_of(answer))

    def pages(self, listing: Listing, **facts: str) -> Iterator[Page]:
        """The pages of a list as it is declared, the empty ones left out. A row may come twice, its later state last.

        `facts` are what the listing's path has in braces: `workspace`, `project`, `user`.
        """
        with located(**facts):
            yield from pages(self.transport, self._at(listing.path, **facts), listing, self._size)

    def users(self, workspace: str) -> Users:
        """Users of every account status and membership status, with all their memberships.

        Read once in the client's life: several tables come from this list, and entries are asked for by it. Threads
        that ask for one workspace at once share its requests; workspaces do not wait for each other.
        """
        with self._users_locks.setdefault(workspace, threading.Lock()):
            if workspace not in self._users:
                self._users[workspace] = Users(tuple(self.pages(USERS, workspace=workspace)))
            return self._users[workspace]

    def entry_pages(
        self, workspace: str, user: str, start: datetime | None, end: datetime | None, read: Callable[[Answer], E]
    ) -> Iterator[E]:
        """A user's entries, newest start first: at least those that start from `start` to before `end`.

        The pages hold entries from around the window too: cut them by each entry's own start. An entry may come twice,
        its later state last. A user who has left the workspace may be unknown there (`NotThereError`).

        `start` and `end` are instants, or None for no bound. `read` is given each answer; it raises
        `UnreadableAnswerError` for one that is not a list of documents, which is then asked for again.
        """
        lower = {} if start is None else {"start": written(start - ROOM_BEFORE)}

        def ask(before: datetime | None, number: int, size: int) -> tuple[Answer, E]:
            upper = {} if before is None else {"end": written(before)}
            asked = {**lower, **upper, "page": number, "page-size": size}
            found: list[E] = []
            answer = self.transport.send("GET", url, asked, check=lambda answer: found.append(read(answer)))
            return answer, found[0]

        with located(workspace=workspace, user=user):
            url = self._at(_ENTRIES, workspace=workspace, user=user)
            yield from page_after_page(ask, self._size, None if end is None else end + ROOM_AFTER, next_end)

    def time_entries(self, workspace: str, user: str, start: datetime, end: datetime) -> Iterator[Documents]:
        """The same as lists of documents, for a look: by page numbers, so what is deleted meanwhile may hide others."""
        window = {"start": written(start - ROOM_BEFORE), "end": written(end + ROOM_AFTER)}
        for page in self.pages(Listing(_ENTRIES, variants=(window,)), workspace=workspace, user=user):
            yield page.documents

    def time_entry(self, workspace: str, entry: str) -> Page | None:
        """One entry, None where it is no more: `GET /workspaces/{w}/time-entries/{id}`.

        The answer's body is the bare document, not a list of one.
        """
        try:
            with located(workspace=workspace):
                url = self._at("workspaces/{workspace}/time-entries/{entry}", workspace=workspace, entry=entry)
                answer = self.transport.send("GET", url, check=document_of)
        except NotThereError:
            return None
        return Page(answer, [document_of(answer)])

    def changes(self, workspace: str, action: Action, start: datetime, end: datetime) -> list[Change]:
        """Time entries that were created, updated or deleted from `start` to before `end`, in whole seconds.

        Experimental: where Clockify refuses it, or answers strangely, it is an `ApiError`, and going on without is
        right. What is created and deleted within the range is in no list, what is created and updated only in
        `created`; a deletion shows after about a minute. Whatever the list, a rate or a custom field value of an entry
        that was created, updated or deleted is a change with the action `updated` and without a document. Raises
        `ValueError` for a range that is longer than 30 days, or the wrong way round.
        """
        with located(workspace=workspace):
            url = self._at("workspaces/{workspace}/entities/{action}", workspace=workspace, action=action)
            return self._feed.read(url, action, start, end)

    def _at(self, path: str, **facts: str) -> str:
        return address(self._url, path, facts)

    def report_summary(self, workspace: str, asked: ReportRange) -> ReportSummary:
        """The seconds of each user on each day: `POST {reports}/workspaces/{w}/reports/summary`, one request."""
        with located(workspace=workspace):
            return report_summary(self.transport, self.report_url(workspace, "summary"), asked)

    def report_totals(self, workspace: str, asked: ReportRange) -> Totals:
        """How many entries a range has and how long they last, without running timers: one request.

        A free workspace allows 31 days at most (`BadRequestError`).
        """
        with located(workspace=workspace):
            return report_totals(self.transport, self.report_url(workspace, "detailed"), asked)

    def report_page(self, workspace: str, asked: ReportRange, number: int = 1) -> ReportPage:
        """A page of everybody's entries of a range, as the reports API writes them; no running timers."""
        with located(workspace=workspace):
            return report_page(self.transport, self.report_url(workspace, "detailed"), asked, number=number)

    def report_url(self, workspace: str, kind: str) -> str:
        """The address of a report: `{reports}/workspaces/{w}/reports/{detailed|summary}`."""
        if self._reports_url is None:
            raise ValueError("this client was made without the reports API's address")
        facts = {"workspace": workspace, "kind": kind}
        return address(self._reports_url, "workspaces/{workspace}/reports/{kind}", facts)


def address(base: str, path: str, facts: Mapping[str, str]) -> str:
    """A path's address, the names in braces filled in. Raises `NotThereError` for an id that cannot be one."""
    steps = [step.format_map(facts) for step in path.split("/")]
    for step in steps:
        # A step of dots leads elsewhere, and cannot be escaped: clients and servers fold "%2E%2E" all the same.
        if not step.strip("."):
            raise NotThereError(f"{step!r} cannot be an id in Clockify.", endpoint="")
    return "/".join((base, *(quote(step, safe="") for step in steps)))
