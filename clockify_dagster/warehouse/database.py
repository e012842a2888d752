"""The one place that opens the DuckDB file: who may write, how long we wait, what a killed run left behind."""

from __future__ import annotations

import errno
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from clockify_dagster.errors import DatabaseLockedError
from clockify_dagster.warehouse.ddl import MAIN, enter_schema, transaction
from clockify_dagster.warehouse.destination import Destination
from clockify_dagster.warehouse.extensions import NO_FETCHING
from clockify_dagster.warehouse.file_errors import file_errors
from clockify_dagster.warehouse.file_lock import require_file_locks

# Short, lest a program that opens and closes the file all the time leaves no gap that we would see.
_POLL_SECONDS = 0.02
_REPORTED_AFTER_SECONDS = 2.0

STORAGE_VERSION = "v1.4.0"
"""Of new files: that of the oldest DuckDB that pyproject.toml allows, so that tools with an older DuckDB open them."""

# DuckDB refuses two different connections of one process to one file, so threads go one after the other.
_THREADS: dict[Path, threading.RLock] = {}
_THREADS_GUARD = threading.Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Database(Destination):
    """A DuckDB file. A connection is held as long as one phase needs it, so that readers and other loads get in.

    Attributes:
        path: the file; it and its folder are made by the first write.
        lock_timeout: seconds to wait for another process that has the file open or writes to it.
        config: settings for DuckDB, as `duckdb.connect` takes them.
        schema: where the tables are; made by the first write.
        storage_version: for the file where it is made; one that is there keeps its own.
    """

    path: Path
    lock_timeout: float = 600
    config: dict[str, Any] = field(default_factory=dict)
    schema: str = MAIN
    storage_version: str = STORAGE_VERSION

    def __post_init__(self) -> None:
        """Open nothing yet. Raises `DatabaseUnusableError` on a system without file locks."""
        require_file_locks()

    def check_writable(self) -> None:
        """Raise `DatabaseUnusableError` where this user may not write the file, or not make it in its folder."""
        with file_errors(self.path):
            folder = next(each for each in self.path.absolute().parents if each.exists())
            for place in (folder, self.path):
                if place.exists() and not os.access(place, os.W_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))

    @property
    def description(self) -> str:
        """The file's path."""
        return f"database at {self.path}"

    @property
    def folder(self) -> Path:
        """The file's folder."""
        return self.path.absolute().parent

    @property
    def scratch(self) -> Path:
        """The file itself: what a load needs is beside it, on the same disk."""
        return self.path

    def errors(self) -> AbstractContextManager[None]:
        """Those of the file, its disk and its folder."""
        return file_errors(self.path)

    def exists(self) -> bool:
        """Whether there is a file."""
        with file_errors(self.path):
            return self.path.exists()

    def compatibility(self, connection: duckdb.DuckDBPyConnection) -> str:
        """The oldest DuckDB that can open the file."""
        found = connection.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = current_database()"
        ).fetchall()
        return f"DuckDB {str(found[0][0]).strip('v+')} and later can open it"

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """As the seam says; another process that has the file open is waited for as well."""
        deadline = time.monotonic() + self.lock_timeout
        with self._thread_lock(), file_errors(self.path), self._writer_lock(deadline):
            self._ensure_file()
            with self._connection(deadline, False) as connection:
                self._clear_spill()
                with transaction(connection, self.schema):
                    yield connection

    @contextmanager
    def reading_if_there(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """A connection that cannot write; None where there is no file yet, or no schema in it."""
        if not self.exists():
            yield None
            return
        deadline = time.monotonic() + self.lock_timeout
        with self._thread_lock(), file_errors(self.path), self._connection(deadline, True) as connection:
            yield connection if enter_schema(connection, self.schema, make=False) else None

    def _thread_lock(self) -> AbstractContextManager[bool]:
        with _THREADS_GUARD:
            return _THREADS.setdefault(self.path.absolute(), threading.RLock())

    @contextmanager
    def _writer_lock(self, deadline: float) -> Iterator[None]:
        """The lock of the one process that writes; the kernel frees it when the process dies, however it dies."""
        folder = self.path.absolute().parent
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f".{self.path.name}.lock")

        def acquire() -> AbstractContextManager[object]:
            try:
                return lock.acquire(timeout=0)
            except Timeout:
                raise DatabaseLockedError(f"Another load is writing to {self.path}.") from None

        with self._patiently(acquire, deadline):
            yield

    @contextmanager
    def _connection(self, deadline: float, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        path = str(self.path.absolute())  # since ":memory:" and "md:..." would not mean files

        def connect() -> duckdb.DuckDBPyConnection:
            with file_errors(self.path):
                return duckdb.connect(path, read_only=read_only, config={**NO_FETCHING, **self.config})

        with self._patiently(connect, deadline) as connection:
            # a session's own zone would change what a timestamp without offset means
            connection.execute("SET TimeZone = 'UTC'")
            yield connection

    def _patiently(self, attempt: Callable[[], Any], deadline: float) -> Any:
        """What the attempt gives, made again and again while another process is in its way. Says so once."""
        report_at = time.monotonic() + _REPORTED_AFTER_SECONDS
        while True:
            try:
                return attempt()
            except DatabaseLockedError as error:
                if time.monotonic() >= deadline:
                    raise DatabaseLockedError(
                        f"{error} It was still so after {self.lock_timeout:g} s of waiting "
                        f"(CLOCKIFY_LOCK_TIMEOUT_SECONDS). Close the program that has {self.path} open, or wait for "
                        "it to end, and start again. Nothing was changed."
                    ) from None
                if time.monotonic() >= report_at:
                    _log.warning(f"{error} Waiting for it, {self.lock_timeout:g} s at most.")
                    report_at = float("inf")
            time.sleep(_POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the tries, guards no secret

    def _ensure_file(self) -> None:
        """Make the file where there is none, so that it appears all at once. The writer lock is held.

        DuckDB makes it in several steps, and a process killed between them would leave one that nobody can open.
        """
        if self.path.exists():
            return
        path = self.path.absolute()
        # the log of a database that somebody has removed would keep the new one from opening
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
        unfinished = path.with_name(f".{path.name}.new")
        unfinished.unlink(missing_ok=True)
        version = {"storage_compatibility_version": self.storage_version}
        duckdb.connect(str(unfinished), config={**NO_FETCHING, **version}).close()
        try:
            os.link(unfinished, path)  # which fails where another program has just made the file
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _clear_spill(self) -> None:
        """Remove the temporary files of a killed DuckDB process. We have the file open, so nobody else uses them."""
        spill = self.path.with_name(self.path.name + ".tmp")
        for path in spill.glob("duckdb_temp_*"):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # it is not there, or it holds other files
            spill.rmdir()
