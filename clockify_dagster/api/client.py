"""Clockify's listings, one method each, with the parameters that leave nobody and nothing out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from clockify_dagster.api.ahead import Ahead
from clockify_dagster.api.changes import Action, Change, changes
from clockify_dagster.api.kept import Kept
from clockify_dagster.api.listings import (
    EVERY_USER,
    LARGEST_IN_PROGRESS,
    LISTINGS,
    ROOM_AFTER,
    ROOM_BEFORE,
    joined,
    written,
)
from clockify_dagster.api.paging import LARGEST_PAGE, Documents, document_of, documents_of, is_last, pages
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
from clockify_dagster.api.walk import Page, R, Walk, document_rows
from clockify_dagster.errors import NotThereError, located


class ClockifyClient:
    """A Clockify account, seen through its key. Lists are generators of pages, pages lists of documents.

    Every method raises `ApiError` when Clockify refuses or fails for longer than we try; the error knows the
    workspace and the user. Any thread may use it; one listing is read by one thread.
    """

    def __init__(
        self,
        transport: Transport,
        api_url: str,
        reports_url: str | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> None:
        """Take the transport, which holds the key, and both APIs' addresses without a slash at the end."""
        self.transport = transport
        self._url = api_url
        self._reports_url = reports_url
        self._size = page_size
        self._ahead: Ahead[tuple[str, str], list[Documents]] = Ahead()
        self._users: Kept[str, Documents] = Kept(self._all_users)

    def me(self) -> dict[str, Any]:
        """The user to whom the key belongs."""
        return document_of(self.transport.send("GET", f"{self._url}/user", check=document_of))

    def workspaces(self) -> Documents:
        """All workspaces of the key's user; this list has no pages."""
        return documents_of(self.transport.send("GET", f"{self._url}/workspaces", check=documents_of))

    def clients(self, workspace: str) -> Iterator[Documents]:
        """Clients, archived ones too (they are left out only if `archived` is asked for)."""
        return self._listing(workspace, "clients")

    def tags(self, workspace: str) -> Iterator[Documents]:
        """Tags, archived ones too."""
        return self._listing(workspace, "tags")

    def user_groups(self, workspace: str) -> Iterator[Documents]:
        """User groups with the ids of their members."""
        return self._listing(workspace, "user-groups")

    def projects(self, workspace: str) -> Iterator[Documents]:
        """Projects, archived ones too, hydrated: each carries its tasks, which cost no requests then."""
        return self._listing(workspace, "projects")

    def read_ahead(self, workspaces: Iterable[str], listings: Collection[str], workers: int) -> None:
        """Begin to read these of `LISTINGS`, so many at a time: who asks for one next is given what came.

        Each stays in memory until then.
        """
        keys = [(workspace, name) for workspace in workspaces for name in LISTINGS if name in listings]
        self._ahead.begin([(key, partial(list, self._directly(*key))) for key in keys], workers)

    def forget(self, before: datetime) -> None:
        """Ask again for what was read before a moment and is kept: somebody else has read it since."""
        self._ahead.forget(before)
        self._users.forget(before)

    def tasks(self, workspace: str, project: dict[str, Any]) -> Documents:
        """The tasks of a hydrated project, done ones too; asked for where the project carries none."""
        identity = str(project.get("id"))
        tasks = project.get("tasks")
        if not isinstance(tasks, list):
            tasks = [task for rows in self._list(workspace, "projects", identity, "tasks") for task in rows]
        return [{"projectId": identity, **task} for task in tasks if isinstance(task, dict)]

    def users(self, workspace: str) -> Documents:
        """Users of every account status and membership status, with all their memberships.

        Read once and kept: several tables come from this list, and entries are asked for by it.
        """
        return self._users.get(workspace)

    def time_entries(
        self, workspace: str, user: str, start: datetime | None = None, end: datetime | None = None
    ) -> Iterator[Documents]:
        """A user's entries, newest start first: at least those that start from `start` to before `end`.

        The pages hold entries from around the window too: cut them by each entry's own start. An entry that
        is edited while the list is read may come twice, the later state last. A user who has left the
        workspace may be unknown there (`NotThereError`).
        """
        for rows in self.entry_pages(workspace, user, start, end, document_rows):
            yield rows.documents

    def entry_pages(
        self,
        workspace: str,
        user: str,
        start: datetime | None,
        end: datetime | None,
        read: Callable[[Answer], R],
    ) -> Iterator[R]:
        """The same, for those who have a way of their own to read a page.

        `read` is given each answer; it raises `UnreadableAnswerError` for one that is no list of documents.
        """
        url = self._at(workspace, "user", user, "time-entries")
        lower: dict[str, str | int] = {} if start is None else {"start": written(start - ROOM_BEFORE)}

        def ask(before: datetime | None, number: int, size: int) -> Page[R]:
            upper = {} if before is None else {"end": written(before)}
            asked = {**lower, **upper, "page": number, "page-size": size}
            found: list[R] = []
            answer = self.transport.send("GET", url, asked, check=lambda answer: found.append(read(answer)))
            return Page(found[0], is_last(answer, len(found[0]), size), answer.endpoint)

        first_end = None if end is None else end + ROOM_AFTER
        walk = Walk(ask, self._size, ROOM_AFTER + timedelta(seconds=1), ROOM_BEFORE, first_end)
        with located(workspace=workspace, user=user):
            yield from walk.pages()

    def time_entry(self, workspace: str, entry: str) -> dict[str, Any] | None:
        """One entry, None where it is no more."""
        url = self._at(workspace, "time-entries", entry)
        try:
            with located(workspace=workspace):
                return document_of(self.transport.send("GET", url, check=document_of))
        except NotThereError:
            return None

    def in_progress(self, workspace: str) -> Iterator[Documents]:
        """The timers that run now, everybody's."""
        size = min(self._size, LARGEST_IN_PROGRESS)
        return self._list(workspace, "time-entries", "status", "in-progress", size=size)

    def changes(self, workspace: str, action: Action, start: datetime, end: datetime) -> list[Change]:
        """Time entries that were created, updated or deleted from `start` to before `end`, in whole seconds.

        Experimental: where Clockify refuses it, or answers strangely, it is an `ApiError`, and going on
        without is right. What is created and deleted within the range is in no list, what is created and
        updated only in `created`; a deletion shows after about a minute.

        Raises:
            ValueError: the range is longer than 30 days, or the wrong way round.
        """
        with located(workspace=workspace):
            url = self._at(workspace, "entities", action)
            return changes(self.transport, url, action, written(start), written(end), end - start)

    def report_summary(self, workspace: str, asked: ReportRange) -> ReportSummary:
        """What a range adds up to, and the seconds of each user and day, without running timers: one request.

        A free workspace allows 31 days at most (`BadRequestError`).
        """
        with located(workspace=workspace):
            return report_summary(self.transport, self._report(workspace, "summary"), asked)

    def report_totals(self, workspace: str, asked: ReportRange) -> Totals:
        """How many entries start in a range and how long they last, without running timers: one request."""
        with located(workspace=workspace):
            return report_totals(self.transport, self._report(workspace, "detailed"), asked)

    def report_page(self, workspace: str, asked: ReportRange, number: int = 1) -> ReportPage:
        """A page of a range's entries, as the reports API writes them, newest first; rows may come twice."""
        with located(workspace=workspace):
            return report_page(self.transport, self._report(workspace, "detailed"), asked, number=number)

    def _all_users(self, workspace: str) -> Documents:
        return [user for rows in self._list(workspace, "users", params=EVERY_USER) for user in rows]

    def _listing(self, workspace: str, name: str) -> Iterator[Documents]:
        found = self._ahead.take((workspace, name))
        yield from self._directly(workspace, name) if found is None else found

    def _directly(self, workspace: str, name: str) -> Iterator[Documents]:
        return self._list(workspace, name, params=LISTINGS[name])

    def _list(
        self,
        workspace: str,
        *steps: str,
        params: dict[str, str | int] | None = None,
        size: int | None = None,
    ) -> Iterator[Documents]:
        with located(workspace=workspace):
            yield from pages(self.transport, self._at(workspace, *steps), params, size or self._size)

    def _at(self, workspace: str, *steps: str) -> str:
        return joined(self._url, "workspaces", workspace, *steps)

    def _report(self, workspace: str, kind: str) -> str:
        if self._reports_url is None:
            raise ValueError("this client was made without the reports API's address")
        return joined(self._reports_url, "workspaces", workspace, "reports", kind)
