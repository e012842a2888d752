"""What waits a moment to be written together with what comes next."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from sqlalchemy.exc import OperationalError

Item = TypeVar("Item")

_MOST = 500
_log = logging.getLogger(__name__)
_TRANSIENT = (OperationalError, OSError)  # a full disk, a file that somebody else holds: it may be better next time


class Backlog(Generic[Item]):
    """Items in their order, written by another thread soon after they came, or at once where somebody asks for it.

    Nothing leaves the backlog before it is written. What another thread could not write is told to whoever adds the
    next item, or asks for the writing.
    """

    def __init__(self, write: Callable[[Sequence[Item]], None], lock: threading.RLock, delay: float) -> None:
        """Write with this function, under this lock, so many seconds after the first item came."""
        self._write = write
        self._writing = lock
        self._delay = delay
        self._guard = threading.Lock()
        self._items: list[Item] = []
        self._timer: threading.Timer | None = None
        self._failure: Exception | None = None
        atexit.register(_flush_at_exit, weakref.ref(self))
        os.register_at_fork(after_in_child=partial(_forget_after_fork, weakref.ref(self)))

    def add(self, items: Sequence[Item]) -> None:
        """Take items, to be written soon. Raises what kept earlier ones from being written."""
        with self._guard:
            failure, self._failure = self._failure, None
            self._items.extend(items)
            is_full = len(self._items) >= _MOST
            if not is_full and self._timer is None:
                timer = threading.Timer(self._delay, self._flush_later)
                timer.daemon = True
                timer.start()
                self._timer = timer
        if failure is not None:
            raise failure
        if is_full:
            self.flush()

    def flush(self) -> None:
        """Write all there is. What cannot be written for now stays; what never can be goes. Raises what is wrong."""
        with self._writing:
            with self._guard:
                items = list(self._items)
                failure, self._failure = self._failure, None
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            if items:
                self._write_or_forget(items)
            if failure is not None and not isinstance(failure, _TRANSIENT):
                raise failure

    def _write_or_forget(self, items: Sequence[Item]) -> None:
        try:
            self._write(items)
        except _TRANSIENT:
            raise
        except Exception:
            if len(items) == 1:
                self._forget(1)
                raise
            self._write_one_by_one(items)
        else:
            self._forget(len(items))

    def _write_one_by_one(self, items: Sequence[Item]) -> None:
        """Write all that can be; raises the first error of those that never can."""
        failures = [failure for item in items if (failure := self._failure_of(item)) is not None]
        if failures:
            raise failures[0]

    def _failure_of(self, item: Item) -> Exception | None:
        try:
            self._write_or_forget([item])
        except _TRANSIENT:
            raise
        except Exception as error:
            return error
        return None

    def _forget(self, count: int) -> None:
        with self._guard:
            del self._items[:count]

    def _flush_later(self) -> None:
        with self._writing:
            with self._guard:
                self._timer = None
            try:
                self.flush()
            except Exception as error:
                with self._guard:
                    self._failure = error

    def after_fork(self) -> None:
        """In a forked child: what waits is written by the parent."""
        self._guard = threading.Lock()
        self._items, self._timer, self._failure = [], None, None


def _forget_after_fork(backlog: weakref.ref[Backlog[Item]]) -> None:
    held = backlog()
    if held is not None:
        held.after_fork()


def _flush_at_exit(backlog: weakref.ref[Backlog[Item]]) -> None:
    held = backlog()
    if held is None:
        return
    try:
        held.flush()
    except Exception as error:
        _log.warning(f"The last events could not be written to Dagster's history: {str(error).partition(chr(10))[0]}")
