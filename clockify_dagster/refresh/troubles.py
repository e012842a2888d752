"""Workspaces that cannot be read: their rows stay as they are, the others are loaded, and it is reported which and why.

A workspace that was loaded before is an error, after everything else was written. One that never was is a warning: a
key often sees workspaces in which its owner is a plain member.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from clockify_dagster.errors import ApiError, ClockifyDagsterError, ContractError, located
from clockify_dagster.refresh.context import RefreshContext, Workspace
from clockify_dagster.warehouse.workspace_state import were_loaded

_SHOWN = 5


@dataclass
class Troubles:
    """The workspaces of a context that could not be read. Threads that read them add to it.

    Attributes:
        errors: by workspace, why not.
    """

    context: RefreshContext
    errors: dict[str, ClockifyDagsterError] = field(default_factory=dict)

    @contextmanager
    def of(self, workspace: str) -> Iterator[None]:
        """Note an error that concerns this workspace and not all. Every other one is raised, as is that of an only one.

        Rows of the workspace that were read before the error must not count: see `PageStaging.drop`.
        """
        try:
            with located(workspace=workspace):
                yield
        except (ApiError, ContractError) as error:
            is_only = len(self.context.workspaces) == 1
            if is_only or (isinstance(error, ApiError) and self.context.client.concerns_all(error)):
                raise
            self.errors.setdefault(workspace, error)

    @property
    def read(self) -> tuple[str, ...]:
        """The workspaces without an error so far."""
        return tuple(each for each in self.context.workspaces if each not in self.errors)

    @property
    def unread(self) -> dict[str, str]:
        """The workspaces that were not read, and why, as a `Load` takes it."""
        return {**self.context.unread, **{each: type(error).__name__ for each, error in self.errors.items()}}

    def raise_if_all_failed(self, apart_from: Collection[str] = ()) -> None:
        """Raise the error where no workspace could be read, `apart_from` some that do not count."""
        if self.errors and set(self.read) <= set(apart_from):
            raise unread_error(self._workspaces(self.errors), self.errors, is_partial=False)

    def report(self, *, is_partial: bool = True) -> list[ClockifyDagsterError]:
        """Warn of the workspaces of which the table was never loaded; give the error that tells of the others.

        Where not a part but nothing could be loaded, all are in the error.
        """
        if not self.errors:
            return []
        before = self._loaded_before() if is_partial else set(self.errors)
        if new := {each: error for each, error in self.errors.items() if each not in before}:
            self.context.log.warning(left_out_text(self.context.table, self._workspaces(new), new, self.read))
        old = {each: error for each, error in self.errors.items() if each in before}
        return [unread_error(self._workspaces(old), old, is_partial=is_partial)] if old else []

    def _workspaces(self, chosen: Collection[str]) -> list[Workspace]:
        return [each for each in self.context.workspaces.values() if each.id in chosen]

    def _loaded_before(self) -> set[str]:
        with self.context.warehouse.database.reading_if_there() as connection:
            return set() if connection is None else were_loaded(connection, self.context.table, self.errors)


def unread_error(
    workspaces: Sequence[Workspace], errors: Mapping[str, ClockifyDagsterError], *, is_partial: bool
) -> ClockifyDagsterError:
    """The first one's error, which names all of them and what becomes of their rows."""
    first, *others = workspaces
    error = errors[first.id]
    if not is_partial and not others:
        return error  # it was about the only workspace
    rest = "; the other workspaces are loaded" if is_partial else ""
    error.aside = f"The rows of {names_of(workspaces)} stay as they are{rest}."
    error.aside += reasons_of(others, errors)
    if is_partial:
        error.aside += " To stop loading a workspace, leave it out of CLOCKIFY_WORKSPACES; its rows stay."
    return error


def left_out_text(
    what: str, workspaces: Sequence[Workspace], errors: Mapping[str, ClockifyDagsterError], read: Collection[str]
) -> str:
    """The warning that a table, or the account, is loaded without workspaces that never were and cannot be."""
    reason = errors[workspaces[0].id].reason
    example = f", for example CLOCKIFY_WORKSPACES={','.join(read)}" if len(read) <= _SHOWN else ""
    return (
        f"{what} is loaded without {names_of(workspaces)}: never loaded before, and cannot be read. {reason} To leave "
        f"it out without a warning, name the workspaces to load in CLOCKIFY_WORKSPACES{example}."
    )


def reasons_of(workspaces: Sequence[Workspace], errors: Mapping[str, ClockifyDagsterError]) -> str:
    """The reasons of the first few workspaces, each as a sentence after a space; empty where there are none."""
    return "".join(f" {each.full_label}: {errors[each.id].reason}" for each in workspaces[:_SHOWN])


def names_of(workspaces: Iterable[Workspace]) -> str:
    """The names of workspaces, with their ids, in one text."""
    return ", ".join(each.full_label for each in workspaces)
