"""How far a load is, for whoever watches it. What loads knows no terminal; the command shows a bar where it has one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """What is done now, and how many of its parts are done.

    Attributes:
        what: what is read or done, a table's name in most cases.
        unit: what the parts are, in the plural: workspaces, users.
        total: how many parts there are; 0 where nobody knows.
        entries: how many time entries came so far; None where it is not about them.
    """

    what: str
    unit: str = ""
    done: int = 0
    total: int = 0
    entries: int | None = None


@dataclass(frozen=True)
class Pause:
    """No request is sent until a moment (aware), since Clockify's request limit is reached; so many seconds in all."""

    until: datetime
    seconds: float


Watcher: TypeAlias = Callable[[Stage | Pause], None]
"""Is called by any thread, again and again: it must be quick."""

COVERED = {"is_progress": True}
"""The `extra` of a log line that says no more than what a watcher knows."""

_watcher: ContextVar[Watcher | None] = ContextVar("clockify_watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Within this block, and in threads that run in a copy of its context, the watcher is given what is reported."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def is_watched() -> bool:
    """Whether somebody watches."""
    return _watcher.get() is not None


def report(event: Stage | Pause) -> None:
    """Give it to the watcher; without one nothing happens."""
    if watcher := _watcher.get():
        watcher(event)


def counted(parts: Iterable[T], what: str, unit: str, total: int) -> Iterator[T]:
    """Pass on what an iterable gives, and report after each of it how many have been dealt with."""
    report(Stage(what, unit, 0, total))
    for done, part in enumerate(parts, 1):
        yield part
        report(Stage(what, unit, done, total))
