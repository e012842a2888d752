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
from datetime import datetime, timezone
from glob import escape
from pathlib import Path

from clockify_dagster.errors import DatabaseLockedError
from clockify_dagster.warehouse.meaning import meaning

LONGEST_WAIT_SECONDS = 6 * 3600
"""How long another refresh is waited for. One that lives gets on: each of its requests has a time limit. But a process
that was halted, or hangs on a disk that is gone, would keep all others waiting for ever."""

_POLL_SECONDS = 0.2
_TOLD_EVERY_SECONDS = 60
_HELD: dict[Path, int] = {}
_HELD_GUARD = threading.Lock()


@contextmanager
def turn(
    database: Path, table: str, on_wait: Callable[[str], object], patience: float = LONGEST_WAIT_SECONDS
) -> Iterator[None]:
    """Have the turn of refreshing a table, for as long as the context lasts.

    A file beside the database stands for it, locked by the kernel, which frees it when the process dies, however it
    dies; it goes with the context. Within one process a turn may be had again while it is held.

    Args:
        database: the DuckDB file; its folder is made.
        table: what is refreshed.
        on_wait: told in words that there is another process to wait for: at once, and every minute again.
        patience: seconds to wait for it.

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
            handle = _patiently(place, table, on_wait, patience)
        except OSError as error:
            raise meaning(database, error) from error
        try:
            yield
        finally:
            try:
                place.unlink(missing_ok=True)
            finally:
                os.close(handle)
    finally:
        with _HELD_GUARD:
            _HELD[place] -= 1


def holders(database: Path) -> set[int]:
    """The ids of the processes that have a turn of refreshing one of the tables; perhaps of some killed ones, too."""
    places = database.absolute().parent.glob(f".{escape(database.name)}.*.turn")
    return {pid for pid, _ in map(_holder, places) if pid is not None}


def _patiently(place: Path, table: str, on_wait: Callable[[str], object], patience: float) -> int:
    began = time.monotonic()
    times_told = 0
    while True:
        handle = _taken(place)
        if handle is not None:
            return handle
        waited = time.monotonic() - began
        if waited >= patience:
            pid, who = _named(place, table)
            raise DatabaseLockedError(
                f"{who}; it was still so after {_length(patience)} of waiting. Wait for it to end; if it does nothing "
                f"any more, end it{f' (kill {pid})' if pid else ''}. Then start again. Nothing was changed."
            )
        if waited >= times_told * _TOLD_EVERY_SECONDS:
            _, who = _named(place, table)
            on_wait(f"{who}; waiting for it to end, for up to {_length(patience - waited)}.")
            times_told += 1
        time.sleep(_POLL_SECONDS)


def _named(place: Path, table: str) -> tuple[int | None, str]:
    pid, since = _holder(place)
    known = f", in process {pid} since {since:%Y-%m-%d %H:%M:%S} UTC" if pid and since else ""
    return pid, f"Another refresh of {table} is under way{known}"


def _length(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"


def _taken(place: Path) -> int | None:
    """The open file, locked by us; None when another process has it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # whoever had it may have removed the file after we had opened it; then it stands for nothing any more
        if os.fstat(handle).st_ino == place.stat().st_ino:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()} {time.time()}".encode(), 0)
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _holder(place: Path) -> tuple[int | None, datetime | None]:
    """The process that has a turn, and since when; unknown where it has let go, or has not said so yet."""
    try:
        pid, since = place.read_text(encoding="ascii").split()
        return int(pid), datetime.fromtimestamp(float(since), timezone.utc)
    except (OSError, ValueError):
        return None, None
