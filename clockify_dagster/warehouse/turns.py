"""Turns between processes: who refreshes a table reads and writes it before anybody else does, so that what was read
earlier never overwrites what was read later.

Not to be confused with DuckDB's own lock (see `connection.py`), which is held only while the file is open.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clockify_dagster.errors import DatabaseLockedError
from clockify_dagster.warehouse.meaning import meaning

_POLL_SECONDS = 0.2
_HELD: dict[Path, int] = {}
_HELD_GUARD = threading.Lock()


@contextmanager
def turn(database: Path, table: str, patience: float, on_wait: Callable[[str], object]) -> Iterator[None]:
    """Have the turn of refreshing a table, for as long as the context lasts.

    A file beside the database stands for it, locked by the kernel, which frees it when the process dies, however it
    dies; it goes with the context. Within one process a turn may be had again while it is held.

    Args:
        database: the DuckDB file; its folder is made.
        table: what is refreshed.
        patience: seconds to wait for another process.
        on_wait: told once, in words, that there is another process to wait for.

    Raises:
        DatabaseLockedError: another process has had the turn for longer than `patience`.
        DatabaseUnusableError: the folder cannot be written.
    """
    place = database.absolute().with_name(f".{database.name}.{table}.turn")
    with _HELD_GUARD:
        held = _HELD[place] = _HELD.get(place, 0) + 1
    try:
        if held > 1:
            yield
            return
        try:
            handle = _patiently(place, table, patience, on_wait)
        except OSError as error:
            raise meaning(database, error) from error
        try:
            yield
        finally:
            place.unlink(missing_ok=True)
            os.close(handle)
    finally:
        with _HELD_GUARD:
            _HELD[place] -= 1


def _patiently(place: Path, table: str, patience: float, on_wait: Callable[[str], object]) -> int:
    deadline = time.monotonic() + patience
    is_first = True
    while True:
        handle = _taken(place)
        if handle is not None:
            return handle
        who = f"Another refresh of {table} is under way, in process {_holder(place)}"
        if time.monotonic() >= deadline:
            raise DatabaseLockedError(
                f"{who}; it was still so after {patience:g} s of waiting (CLOCKIFY_LOCK_TIMEOUT_SECONDS). Wait for it "
                "to end and start again. Nothing was changed."
            )
        if is_first:
            on_wait(f"{who}; waiting for up to {patience:g} s.")
            is_first = False
        time.sleep(_POLL_SECONDS)


def _taken(place: Path) -> int | None:
    """The open file, locked by us; None when another process has it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # whoever had it may have removed the file after we had opened it; then it stands for nothing any more
        if os.fstat(handle).st_ino == place.stat().st_ino:
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _holder(place: Path) -> str:
    try:
        return place.read_text(encoding="ascii") or "unknown"
    except (OSError, UnicodeDecodeError):
        return "unknown"
