"""The one place that opens the DuckDB file: who may have it, for how long we wait, what a killed run left behind.

What DuckDB's errors about the file mean is in `meaning.py`.
"""

from __future__ import annotations

import fcntl
import glob
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from clockify_dagster.errors import DatabaseLockedError, NotLoadedError
from clockify_dagster.warehouse.engine import attached
from clockify_dagster.warehouse.meaning import interruptible, is_about_the_file, meaning
from clockify_dagster.warehouse.turns import LONGEST_WAIT_SECONDS, holders

# Short, lest a program that opens and closes the file all the time leaves no gap that we would see.
_POLL_SECONDS = 0.02
_TOLD_AFTER_SECONDS = 2.0
_LONGEST_MAKING_SECONDS = 60

# DuckDB would otherwise fetch an extension from the network to open, say, a file of SQLite.
_NO_EXTENSIONS = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}

# DuckDB refuses two connections of one process to one file, so threads take turns.
_TURNS: dict[Path, threading.RLock] = {}
_TURNS_GUARD = threading.Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Database:
    """A DuckDB file. Connections are opened for one piece of work and closed at once, so that others get their turn.

    Attributes:
        path: the file; it and its folder are made by the first write.
        lock_timeout: seconds to wait for another process that holds the file.
        config: settings for DuckDB, as `duckdb.connect` takes them; with any, each connection starts a DuckDB of its
            own.
        waits_for_ours: whether a refresh of ours is waited for beyond that: it lets go as soon as it has written.
    """

    path: Path
    lock_timeout: float = 60
    config: dict[str, Any] = field(default_factory=dict)
    waits_for_ours: bool = True

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that cannot write; other readers may have the file at the same time.

        Raises:
            NotLoadedError: there is no file yet.
            DatabaseLockedError: another process has been writing for longer than `lock_timeout`.
            DatabaseUnusableError: the file is none that this DuckDB can read.
        """
        if not self.exists():
            raise NotLoadedError(
                f"There is no database at {self.path} yet. Load it first: `clockify-dagster sync`, or in the UI the "
                f"job clockify_daily. (The path is CLOCKIFY_DATABASE.)"
            )
        with self._turn(), self._told(), self._connection(read_only=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection inside one transaction: committed at the end, rolled back when anything at all is raised.

        Raises:
            DatabaseLockedError: another process has held the file for longer than `lock_timeout`.
            DatabaseUnusableError: the file or its folder cannot be written, or the disk is full.
        """
        with self._turn(), self._told():
            self._ensure_file()
            with self._connection(read_only=False) as connection:
                self._clear_spill()
                connection.begin()
                try:
                    yield connection
                    connection.commit()
                except BaseException:
                    _roll_back(connection)
                    raise

    def exists(self) -> bool:
        """Whether there is a file. Raises `DatabaseUnusableError` where that cannot be found out."""
        with self._told():
            return self.path.exists()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with _TURNS_GUARD:
            turn = _TURNS.setdefault(self.path.absolute(), threading.RLock())
        with turn:
            yield

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        with ExitStack() as stack:
            connection = self._patiently(lambda: stack.enter_context(self._opened(read_only)))
            # a session's own zone would change what a timestamp without offset means
            connection.execute("SET TimeZone = 'UTC'")
            yield connection

    def _patiently(self, connect: Callable[[], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
        began = time.monotonic()
        is_told = False
        while True:
            try:
                return connect()
            except DatabaseLockedError as error:
                waited, patience = time.monotonic() - began, self.lock_timeout
                if waited >= patience and self.waits_for_ours and error.holder in holders(self.path):
                    patience = LONGEST_WAIT_SECONDS
                if waited >= patience:
                    raise DatabaseLockedError(
                        f"{error} It was still so after {patience:g} s of waiting (CLOCKIFY_LOCK_TIMEOUT_SECONDS). "
                        f"Close the program that has {self.path} open, or wait for it to end, and start again. "
                        "Nothing was changed."
                    ) from None
                if waited >= _TOLD_AFTER_SECONDS and not is_told:
                    _log.warning(f"{error} Waiting for it, {patience:g} s at most.")
                    is_told = True
            time.sleep(_POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the tries, guards no secret

    @contextmanager
    def _opened(self, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        path = self.path.absolute()  # since ":memory:" and "md:..." would not mean files
        with self._told():
            if not self.config:
                with attached(path, _NO_EXTENSIONS, read_only=read_only) as connection:
                    yield connection
                return
            config = {**_NO_EXTENSIONS, **self.config}
            with duckdb.connect(str(path), read_only=read_only, config=config) as connection:
                yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what DuckDB's and the machine's errors mean for the reader."""
        try:
            with interruptible():
                yield
        except Exception as error:
            if is_about_the_file(error):
                raise meaning(self.path, error) from error
            raise

    def _ensure_file(self) -> None:
        """Make the file where there is none, so that it appears all at once.

        DuckDB makes it in several steps, and a process killed between them would leave one that nobody can open.
        """
        folder = self.path.absolute().parent
        folder.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and not _unborn_in(folder, self.path.name):
            return
        with alone_in(folder):
            # what processes were making when they were killed: nobody else makes one now
            for left in _unborn_in(folder, self.path.name):
                left.unlink(missing_ok=True)
            if self.path.exists():
                return
            # the log of a database that somebody has removed would keep the new one from opening
            self.path.with_name(self.path.name + ".wal").unlink(missing_ok=True)
            unborn = folder / f"{self.path.name}.{os.getpid()}.new"
            try:
                duckdb.connect(str(unborn), config=dict(_NO_EXTENSIONS)).close()
                _give_name(unborn, self.path)
            finally:
                unborn.unlink(missing_ok=True)

    def _clear_spill(self) -> None:
        """Remove what DuckDB had put out of its memory when it was killed. We hold the file, so nobody uses it now."""
        spill = self.path.with_name(self.path.name + ".tmp")
        for path in spill.glob("duckdb_temp_*"):
            path.unlink(missing_ok=True)
        if spill.is_dir():
            with suppress(OSError):  # there is something of somebody else's in it
                spill.rmdir()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time make a file in a folder; the kernel frees it when the process dies.

    It takes moments. Raises `DatabaseLockedError` where another process has been at it for a minute.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    until = time.monotonic() + _LONGEST_MAKING_SECONDS
    while not _is_locked(handle):
        if time.monotonic() > until:
            raise DatabaseLockedError(
                f"Another process has been making a file in {folder} for {_LONGEST_MAKING_SECONDS} s, which takes "
                "moments: it was halted, or hangs. End it, and start again. Nothing was changed."
            )
        time.sleep(_POLL_SECONDS)


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without such locks
        return True
    return True


def _unborn_in(folder: Path, name: str) -> list[Path]:
    return list(folder.glob(f"{glob.escape(name)}.*.new*"))


def _give_name(unborn: Path, path: Path) -> None:
    """Move a file to a path that nothing may have taken meanwhile."""
    try:
        os.link(unborn, path)
    except FileExistsError:  # another program was faster
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            unborn.rename(path)


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.Error:
        # a failed commit has already ended the transaction
        return
