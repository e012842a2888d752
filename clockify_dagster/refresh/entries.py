"""The entries of every user of every workspace, user by user and side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Lock

from clockify_dagster.api import Answer, side_by_side
from clockify_dagster.errors import NotThereError
from clockify_dagster.progress import COVERED, Stage, report
from clockify_dagster.refresh.changes import made_since
from clockify_dagster.refresh.context import RefreshContext
from clockify_dagster.refresh.stage import stage_page
from clockify_dagster.refresh.troubles import Troubles
from clockify_dagster.warehouse import PageSource, PageStaging, closed_on_failure
from clockify_dagster.warehouse.page_reader import PageRows

_PROGRESS_EVERY = 25  # users
_FREE_PLAN_AN_HOUR = 30


@dataclass
class EntriesRead:
    """What the listings gave. The threads that read them add to it.

    Attributes:
        staging: the rows; those that start outside the span do not count unless they are accepted.
        young: by workspace, ids of entries in the span that were made when the listing began, or later.
        has_left: whether somebody was asked for who has rows here and is in no list of users any more.
        keys: the keys of a document that was listed; empty where none was.
        retained_users: workspace and user of those whom Clockify does not serve any more; their rows stay.
    """

    staging: PageStaging
    young: dict[str, set[str]]
    has_left: bool
    keys: frozenset[str] = frozenset()
    retained_users: set[tuple[str, str]] = field(default_factory=set)


class _Progress:
    """How many users were read, and how many entries came: for the log now and then, and for whoever watches."""

    def __init__(self, context: RefreshContext, users: Sequence[tuple[str, str]]) -> None:
        self._context = context
        self._users = Counter(workspace for workspace, _ in users)
        self._left = self._users.copy()
        self._entries = Counter(dict.fromkeys(self._users, 0))
        self._lock = Lock()
        self._report()

    def count_page(self, workspace: str, entries: int) -> None:
        with self._lock:  # the threads that read users call this
            self._entries[workspace] += entries
        self._report()

    def count_user(self, workspace: str, *, is_read: bool) -> None:
        self._left[workspace] -= 1
        self._report()
        if not self._left[workspace]:
            entries = f"{self._entries[workspace]} entries of {self._users[workspace]} users"
            entries = entries if is_read else f"{self._context.table} cannot be read"
            self._context.log.info(f"{self._context.workspaces[workspace].label}: {entries}", extra=COVERED)
        if self._done % _PROGRESS_EVERY == 0 or self._done == self._users.total():
            self.log()

    def log(self) -> None:
        transport = self._context.client.transport
        waited = f", {transport.waited:.0f} s waited for the request limit" if transport.waited else ""
        users = f"user {self._done} of {self._users.total()}, {self._entries.total()} entries so far"
        self._context.log.info(f"{users}; {transport.requests} requests{waited}", extra=COVERED)

    @property
    def _done(self) -> int:
        return self._users.total() - self._left.total()

    def _report(self) -> None:
        report(Stage(self._context.table, "users", self._done, self._users.total(), self._entries.total()))


def read_entries(troubles: Troubles, users_held: Mapping[str, set[str]], began: datetime) -> EntriesRead:
    """Read the span's entries of every user: `GET /workspaces/{w}/user/{u}/time-entries`.

    The workspaces are those without troubles, as their users were listed; where one of them cannot be read, none of
    its rows is staged, and it is among the troubles. `users_held` are, by workspace, those who have rows here. They are
    asked for theirs, even if they are in no list of users any more. `began` is now, by Clockify's clock. Raises
    `ApiError`, `ContractError`.
    """
    context, workspaces = troubles.context, troubles.read
    listed = [(w, str(user["id"])) for w in workspaces for user in context.client.users(w).documents]
    held = {(workspace, user) for workspace in workspaces for user in users_held.get(workspace, ())}
    left = sorted(held.difference(listed))
    users = [*listed, *left]
    least = context.client.transport.requests + len(users)
    if least > _FREE_PLAN_AN_HOUR:
        context.log.info(
            f"{least} requests or more, one for each of {len(users)} users and 5,000 entries; "
            f"about {least / _FREE_PLAN_AN_HOUR:.0f} h on a free plan"
        )
    staging = context.warehouse.staging(context.warehouse.contract.family(context.table), context.span)
    read = EntriesRead(staging, {workspace: set() for workspace in workspaces}, bool(left))
    progress = _Progress(context, users)
    jobs = [partial(_read_user, troubles, read, progress, began, workspace=w, user=user) for w, user in users]
    with closed_on_failure(staging):
        for workspace in side_by_side(jobs, context.concurrency, on_wait=progress.log):
            progress.count_user(workspace, is_read=workspace not in troubles.errors)
        for workspace in troubles.errors:
            staging.drop(workspace)
        troubles.raise_if_all_failed()
    return read


def _read_user(
    troubles: Troubles, read: EntriesRead, progress: _Progress, began: datetime, *, workspace: str, user: str
) -> str:
    """Read all pages of one user, unless the workspace has failed; gives the workspace.

    Each page is staged by the thread that fetched it, so that its rows leave memory.
    """
    context, source = troubles.context, PageSource(facts={"workspace": workspace})

    def stage(answer: Answer) -> PageRows:
        rows = stage_page(read.staging, answer, source)
        if not read.keys and len(rows):
            read.keys = frozenset(answer.document[0])
        return rows

    start, end = (context.span.start, context.span.end) if context.span else (None, None)
    if workspace in troubles.errors:
        return workspace
    with troubles.of(workspace):
        try:
            for rows in context.client.entry_pages(workspace, user, stage, start=start, end=end):
                within = rows.ids_within(context.span)
                progress.count_page(workspace, len(within))
                read.young[workspace].update(made_since(within, began))
        except NotThereError:
            read.retained_users.add((workspace, user))
    return workspace
