"""The lock of the one process that writes to a lake: an advisory lock of the Postgres that has its catalog.

DuckLake has no keys, and two transactions that insert the same key both commit. So writers go one after another.
Postgres frees the lock when its session ends, and so when the process is killed.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b

import psycopg2
import psycopg2.errors
import psycopg2.extensions

from clockify_dagster.errors import DatabaseLockedError, LoadConflictError

# Of the lakes in one Postgres database: one, since a commit to a lake is one to its catalog as a whole.
_KEY = int.from_bytes(blake2b(b"clockify_dagster: writes to the lake", digest_size=8).digest(), "big", signed=True)
_SLICE_SECONDS = 1.0  # so long a signal may have to wait
# Of a machine that is gone without a word Postgres would else know after two hours.
_ALIVE = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
_HOLDER = (
    "SELECT application_name, backend_start FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = %s "
    "AND datname = current_database() LIMIT 1"
)

_log = logging.getLogger(__name__)
_HELD: dict[tuple[int, str], WriterLock] = {}


class WriterLock:
    """The lock while it is held, by the session that holds it."""

    def __init__(self, session: psycopg2.extensions.connection, place: str) -> None:
        """Take the session."""
        self._session = session
        self._place = place

    def check(self) -> None:
        """Raise `LoadConflictError` where the session has ended, and somebody else may have the lock."""
        try:
            with self._session.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error:
            raise LoadConflictError(
                f"Postgres has ended the session that held the writer lock of the {self._place}, so somebody else may "
                "have written. Nothing was changed; start again."
            ) from None


@contextmanager
def writer_lock(catalog: str, place: str, timeout: float) -> Iterator[WriterLock]:
    """Hold the lock. Within a process it can be taken again by who holds it; threads see to it that they take turns.

    Args:
        catalog: how Postgres is reached, as libpq writes it.
        place: names the lake in messages.
        timeout: seconds to wait for others.

    Raises:
        DatabaseLockedError: somebody else has held it for longer than that.
    """
    mine = (os.getpid(), catalog)
    if mine in _HELD:
        yield _HELD[mine]
        return
    name = f"clockify_dagster on {socket.gethostname()}, PID {os.getpid()}"
    session = psycopg2.connect(catalog, connect_timeout=30, application_name=name[:63])
    try:
        session.autocommit = True
        _take(session, place, timeout)
        _HELD[mine] = WriterLock(session, place)
        try:
            yield _HELD[mine]
        finally:
            del _HELD[mine]
    finally:
        with suppress(psycopg2.Error):
            session.close()  # which frees the lock


def _take(session: psycopg2.extensions.connection, place: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    with session.cursor() as cursor:
        cursor.execute(_ALIVE)
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_KEY])
        is_taken, is_told = cursor.fetchone() == (True,), False
        while not is_taken:
            left = deadline - time.monotonic()
            if left <= 0:
                raise DatabaseLockedError(
                    f"Another load is writing to the {place}{_holder(cursor)}. "
                    f"It was still so after {timeout:g} s of waiting (CLOCKIFY_LOCK_TIMEOUT_SECONDS). Wait for it to "
                    "end, and start again. Nothing was changed."
                )
            # within Postgres, those who wait are served in their order
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false)", [f"{max(1, int(min(left, _SLICE_SECONDS) * 1000))}ms"]
            )
            try:
                cursor.execute("SELECT pg_advisory_lock(%s)", [_KEY])
                is_taken = True
            except psycopg2.errors.LockNotAvailable:
                if not is_told:
                    _log.warning(f"Another load is writing to the {place}. Waiting for it, {timeout:g} s at most.")
                    is_told = True


def _holder(cursor: psycopg2.extensions.cursor) -> str:
    """Who has the lock and since when, as far as Postgres tells it: of other users it hides the time."""
    cursor.execute(_HOLDER, [_KEY])
    name, since = cursor.fetchone() or (None, None)
    return (f": {name}" if name else "") + (f", since {since:%F %T %Z}" if since else "")
