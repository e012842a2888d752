"""The lists that the client reads from Clockify's API, with the parameters that make each list complete."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

from clockify_dagster.api import paging
from clockify_dagster.api.changes import Action, Change, ChangeFeed
from clockify_dagster.api.listings import Document, Listings
from clockify_dagster.api.pages import Documents, Page, document_of, page_of
from clockify_dagster.api.reports import ReportRange, Reports
from clockify_dagster.api.transport import Answer, Transport, address
from clockify_dagster.contract.listing import USERS, WORKSPACES, Listing
from clockify_dagster.errors import (
    AbortedError,
    ApiError,
    KeyRefusedError,
    NotThereError,
    RateLimitedError,
    located,
)

E = TypeVar("E", bound=paging.EntryPage)
R = TypeVar("R", bound=paging.Rows)

_ENTRIES = "workspaces/{workspace}/user/{user}/time-entries"


@dataclass(frozen=True)
class Users:
    """The users of a workspace: the pages of their list as received, and when it was asked for, by this machine."""

    pages: tuple[Page, ...]
    listed_at: datetime

    @property
    def documents(self) -> Documents:
        """All users, in the list's order."""
        return [document for page in self.pages for document in page.documents]


class ClockifyClient(Listings):
    """A Clockify account, seen through its key; `reports` are its reports. The lists by name come from `Listings`.

    Every method raises `ApiError` when Clockify refuses, or fails for longer than we try; the error knows the
    workspace, the project and the user. Any thread may use it; one list is read by one thread.
    """

    def __init__(
        self, transport: Transport, api_url: str, reports_url: str = "", page_size: int = paging.LARGEST_PAGE
    ) -> None:
        """Take both APIs' addresses without a slash at the end. Pages have `page_size` rows at most."""
        self.transport = transport
        self.reports = Reports(transport, reports_url, page_size)
        self._url = api_url
        self._reports_url = reports_url
        self._size = page_size
        self._feed = ChangeFeed(transport, api_url)
        self._users: dict[str, Users] = {}
        self._users_locks: dict[str, threading.Lock] = {}

    def me(self) -> dict[str, Any]:
        """The user to whom the key belongs: `GET /user`."""
        return self.transport.send("GET", address(self._url, "user"), document_of)

    def workspaces(self) -> Page:
        """All workspaces of the key's user: `GET /workspaces`, which has no pages."""
        url = address(self._url, WORKSPACES.path)
        return self.transport.send("GET", url, lambda answer: page_of(answer, WORKSPACES))

    def concerns_all(self, error: ApiError) -> bool:
        """Whether an error in one workspace means that the others cannot be read either.

        So it is where the key is refused, the wait for the request limit is over, or Clockify does not answer at all:
        of an error that may go away, another request (`GET /workspaces`) tells the two apart.
        """
        if isinstance(error, KeyRefusedError | RateLimitedError | AbortedError):
            return True
        if not error.can_retry:
            return False
        try:
            self.workspaces()
        except ApiError:
            return True
        self.transport.expect_failure(error.endpoint)
        return False

    def pages(self, of: Listing, **facts: str) -> Iterator[Page]:
        """The pages of a list as it is declared, the empty ones left out. A row may come twice, its later state last.

        `facts` are what the listing has in braces: `workspace`, `project`, `user`, or an instant that it wants.
        """
        with located(**{name: value for name, value in facts.items() if name in ("workspace", "project", "user")}):
            yield from self._pages(of, address(self._url, of.path, **facts), self._size, facts)

    def _pages(self, of: Listing, url: str, size: int, facts: dict[str, str]) -> Iterator[Page]:
        read = partial(page_of, listing=of)
        count_of = attrgetter("count")
        yield from paging.pages(self.transport, url, of, size, read=read, count_of=count_of, facts=facts)

    def report_pages(self, of: Listing, workspace: str, asked: ReportRange, read: Callable[[Answer], R]) -> Iterator[R]:
        """The pages of a report as it is declared, on a range of days; each is what `read` makes of its answer.

        `read` is what `Transport.send` takes.
        """
        url = address(self._reports_url, of.path, workspace=workspace)
        with located(workspace=workspace):
            yield from paging.pages(self.transport, url, of, self._size, read=read, asked=asked.body)

    def count(self, of: Listing, workspace: str) -> int:
        """How many documents a list has, where its answers say it: one request for a page of one."""
        with located(workspace=workspace):
            first = next(self._pages(of, address(self._url, of.path, workspace=workspace), 1, {}), None)
            return 0 if first is None else first.count or 0

    def documents(self, of: Listing, **facts: str) -> Iterator[Document]:
        """The documents of a list as it is declared, as `pages` gives them."""
        for page in self.pages(of, **facts):
            yield from page.documents

    def users(self, workspace: str, newer_than: datetime | None = None) -> Users:
        """Users of every account status and membership status, with all their memberships.

        Read once in the client's life, and again where that was before `newer_than`. Threads that ask for one workspace
        share its requests.
        """
        with self._users_locks.setdefault(workspace, threading.Lock()):
            known = self._users.get(workspace)
            if known is None or (newer_than is not None and known.listed_at < newer_than):
                listed_at = datetime.now(timezone.utc)
                self._users[workspace] = Users(tuple(self.pages(USERS, workspace=workspace)), listed_at)
            return self._users[workspace]

    def entry_pages(
        self, workspace: str, user: str, read: Callable[[Answer], E], *, start: datetime | None, end: datetime | None
    ) -> Iterator[E]:
        """A user's entries, newest start first: at least those that start from `start` to before `end`.

        The pages hold entries from around the window too: cut them by each entry's own start. An entry may come twice,
        its later state last. A user who has left the workspace may be unknown there (`NotThereError`).

        `start` and `end` are instants, or None for no bound. `read` is what `Transport.send` takes.
        """
        lower = {} if start is None else {"start": paging.written(start - paging.ROOM_BEFORE)}

        def ask(before: datetime | None, number: int, size: int) -> tuple[Answer, E]:
            upper = {} if before is None else {"end": paging.written(before)}
            asked = {**lower, **upper, "page": number, "page-size": size}
            return self.transport.send("GET", url, lambda answer: (answer, read(answer)), params=asked)

        with located(workspace=workspace, user=user):
            url = address(self._url, _ENTRIES, workspace=workspace, user=user)
            yield from paging.page_after_page(
                ask, self._size, None if end is None else end + paging.ROOM_AFTER, paging.next_end
            )

    def time_entries(self, workspace: str, user: str, start: datetime, end: datetime) -> Iterator[Documents]:
        """The same as lists of documents, for a look: by page numbers, so what is deleted meanwhile may hide others."""
        window = {"start": paging.written(start - paging.ROOM_BEFORE), "end": paging.written(end + paging.ROOM_AFTER)}
        for page in self.pages(Listing(_ENTRIES, variants=(window,)), workspace=workspace, user=user):
            yield page.documents

    def time_entry(self, workspace: str, entry: str) -> Page | None:
        """One entry, a bare document and no list: `GET /workspaces/{w}/time-entries/{id}`. None where it is no more."""
        with located(workspace=workspace), suppress(NotThereError):
            url = address(self._url, "workspaces/{workspace}/time-entries/{entry}", workspace=workspace, entry=entry)
            return self.transport.send("GET", url, lambda answer: Page(answer, [document_of(answer)]))
        return None

    def invoice(self, workspace: str, invoice: str) -> Document:
        """An invoice with its `items`: `GET /workspaces/{w}/invoices/{id}`. Raises `NotThereError` where it is gone."""
        with located(workspace=workspace):
            url = address(self._url, "workspaces/{workspace}/invoices/{invoice}", workspace=workspace, invoice=invoice)
            return self.transport.send("GET", url, document_of)

    def changes(self, workspace: str, action: Action, start: datetime, end: datetime) -> list[Change]:
        """Time entries that were created, updated or deleted in a period: see `ChangeFeed.read`."""
        return self._feed.read(workspace, action, start, end)
