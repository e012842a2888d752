"""The entries of every user of every workspace, user by user and side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from clockify_dagster.api import Answer, documents_of, side_by_side
from clockify_dagster.errors import NotThereError, UnreadableAnswerError
from clockify_dagster.refresh.changes import made_since
from clockify_dagster.refresh.context import RefreshContext
from clockify_dagster.warehouse import PageStaging
from clockify_dagster.warehouse.page_rows import PageRows

_PROGRESS_EVERY = 25  # users
_FREE_PLAN_AN_HOUR = 30


@dataclass
class EntriesRead:
    """What the listings gave.

    Attributes:
        staging: the rows; those that start outside the span do not count unless they are accepted.
        keys: the keys of a document that was listed; empty where none was.
        young: by workspace, ids of entries in the span that were made when the listing began, or later.
        kept_users: workspace and user of those whom Clockify does not serve any more; their rows stay.
    """

    staging: PageStaging
    keys: frozenset[str] = frozenset()
    young: dict[str, set[str]] = field(default_factory=dict)
    kept_users: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True)
class _UserRead:
    """One user's listing: how many entries of the span, which of them are young, whether Clockify serves the user."""

    workspace: str
    user: str
    entries: int
    young: set[str]
    is_served: bool


def read_entries(context: RefreshContext, users_held: Mapping[str, set[str]], began: datetime) -> EntriesRead:
    """Read the span's entries of every user: `GET /workspaces/{w}/user/{u}/time-entries`.

    Args:
        context: what is read.
        users_held: by workspace, the users who have rows here: they are asked for theirs, even if they are in no list
            of users any more.
        began: now, by Clockify's clock.

    Raises `ApiError`, `ContractError`.
    """
    contract = context.warehouse.contract
    read = EntriesRead(context.warehouse.staging(contract.family(context.table), context.span))
    try:
        users = _users_to_ask(context, users_held)
        _log_cost(context, len(users))
        jobs = [partial(_read_user, context, read, began, workspace=workspace, user=user) for workspace, user in users]
        done = entries = 0

        def report() -> None:
            waited = context.client.transport.waited
            context.log.info(
                f"user {done} of {len(users)}, {entries} entries so far; {context.client.transport.requests} requests"
                + (f", {waited:.0f} s waited for the request limit" if waited else "")
            )

        for user in side_by_side(jobs, context.concurrency, on_wait=report):
            done, entries = done + 1, entries + user.entries
            read.young.setdefault(user.workspace, set()).update(user.young)
            if not user.is_served:
                read.kept_users.add((user.workspace, user.user))
            if done % _PROGRESS_EVERY == 0 or done == len(users):
                report()
    except BaseException:
        read.staging.close()
        raise
    return read


def _users_to_ask(context: RefreshContext, users_held: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Workspace and user: those who are listed, then those who have left and have rows here."""
    found: list[tuple[str, str]] = []
    for workspace in context.workspaces:
        listed = [str(user["id"]) for user in context.client.users(workspace).documents]
        left = sorted(users_held.get(workspace, set()) - set(listed))
        found += [(workspace, user) for user in [*listed, *left]]
    return found


def _read_user(context: RefreshContext, read: EntriesRead, began: datetime, *, workspace: str, user: str) -> _UserRead:
    """Read all pages of one user. Each is staged by the thread that fetched it, so that its rows leave memory."""
    start, end = (context.span.start, context.span.end) if context.span else (None, None)

    def stage(answer: Answer) -> PageRows:
        try:
            rows = read.staging.add(answer.body)
        except ValueError as error:
            documents_of(answer)  # which says it in better words where it is no list of documents at all
            raise UnreadableAnswerError(f"{answer.endpoint}: {error}.", endpoint=answer.endpoint, status=200) from None
        if not read.keys and len(rows):
            read.keys = frozenset(answer.document[0])
        return rows

    entries, young = 0, set[str]()
    try:
        for rows in context.client.entry_pages(workspace, user, start, end, stage):
            within = rows.ids_between(start, end)
            entries += len(within)
            young |= made_since(within, began)
    except NotThereError:
        return _UserRead(workspace, user, entries, young, is_served=False)
    return _UserRead(workspace, user, entries, young, is_served=True)


def _log_cost(context: RefreshContext, users: int) -> None:
    """Say beforehand what a load is going to cost, where it is more than a free plan gives in an hour."""
    least = context.client.transport.requests + users
    if least > _FREE_PLAN_AN_HOUR:
        hours = least / _FREE_PLAN_AN_HOUR
        context.log.info(
            f"{least} requests or more, one for each of {users} users and 5,000 entries; "
            f"about {hours:.0f} h on a free plan"
        )
