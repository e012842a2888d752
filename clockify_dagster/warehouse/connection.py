"""The one place that opens the DuckDB file: who may have it, for how long we wait, and what its faults mean."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from clockify_dagster.errors import (
    ClockifyDagsterError,
    DatabaseLockedError,
    DatabaseUnusableError,
    NotLoadedError,
)

_POLL_SECONDS = 0.1
_HOLDER = re.compile(r"held in (?P<program>\S+)(?: \(deleted\))? \(PID (?P<pid>\d+)\)")

# DuckDB refuses two connections of one process that differ in read_only, so threads take turns.
_TURNS: dict[Path, threading.RLock] = {}
_TURNS_GUARD = threading.Lock()


@dataclass(frozen=True)
class Database:
    """A DuckDB file. Connections are opened for one piece of work and closed at once, so that others get their turn.

    Attributes:
        path: the file; it and its folder are made by the first write.
        lock_timeout: seconds to wait for another process that holds the file.
        config: settings for DuckDB, as `duckdb.connect` takes them.
    """

    path: Path
    lock_timeout: float = 60
    config: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that cannot write; other readers may have the file at the same time.

        Raises:
            NotLoadedError: there is no file yet.
            DatabaseLockedError: another process has been writing for longer than `lock_timeout`.
            DatabaseUnusableError: the file is none that this DuckDB can read.
        """
        if not self.path.exists():
            raise NotLoadedError(
                f"There is no database at {self.path} yet. Load it first: `clockify-dagster sync`, or in the UI the "
                f"job "
                "clockify_daily. (The path is CLOCKIFY_DATABASE.)"
            )
        with self._turn(), self._connection(read_only=True) as connection, self._told():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection inside one transaction: committed at the end, rolled back when anything at all is raised.

        Raises:
            DatabaseLockedError: another process has held the file for longer than `lock_timeout`.
            DatabaseUnusableError: the file or its folder cannot be written, or the disk is full.
        """
        with self._turn(), self._told():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._connection(read_only=False) as connection:
                connection.begin()
                try:
                    yield connection
                    connection.commit()
                except BaseException:
                    _roll_back(connection)
                    raise

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with _TURNS_GUARD:
            turn = _TURNS.setdefault(self.path.absolute(), threading.RLock())
        with turn:
            yield

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = _patiently(lambda: self._connect(read_only), self.lock_timeout, self.path)
        try:
            # a session's own zone would change what a timestamp without offset means
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()

    def _connect(self, read_only: bool) -> duckdb.DuckDBPyConnection:
        with self._told():
            return duckdb.connect(str(self.path), read_only=read_only, config=self.config)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what DuckDB's and the machine's errors mean for the reader."""
        try:
            yield
        except (duckdb.IOException, duckdb.SerializationException, duckdb.FatalException, OSError) as error:
            raise _meaning(self.path, error) from error


def _patiently(
    connect: Callable[[], duckdb.DuckDBPyConnection], patience: float, path: Path
) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + patience
    while True:
        try:
            return connect()
        except DatabaseLockedError as error:
            if time.monotonic() >= deadline:
                raise DatabaseLockedError(
                    f"{error} It was still so after {patience:g} s of waiting (CLOCKIFY_LOCK_TIMEOUT_SECONDS). "
                    f"Close the program that has {path} open, or wait for it to end, and start again. "
                    "Nothing was changed."
                ) from None
        time.sleep(_POLL_SECONDS)


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.Error:
        # a failed commit has already ended the transaction
        return


def _meaning(path: Path, error: Exception) -> ClockifyDagsterError:
    said = str(error).splitlines()[0]
    holder = _HOLDER.search(said)
    if holder:
        return DatabaseLockedError(
            f"The database {path} is open in another program: {holder['program']}, process {holder['pid']}."
        )
    if "No space left" in said or "File too large" in said:
        return DatabaseUnusableError(
            f"The disk is full, so {path} could not be written; the data in it is as before. Make room and start "
            f"again. "
            f"({said})"
        )
    if isinstance(error, PermissionError) or "Permission denied" in said or "Read-only file system" in said:
        return DatabaseUnusableError(
            f"{path} or its folder may not be written by this user. Change the permissions, or set "
            f"CLOCKIFY_DATABASE to a "
            f"path that can be written. ({said})"
        )
    if path.is_dir():
        return DatabaseUnusableError(
            f"CLOCKIFY_DATABASE names a folder, {path}; write a file's path, for example {path / 'clockify.duckdb'}."
        )
    if "not a valid DuckDB" in said or "version" in said:
        return DatabaseUnusableError(
            f"{path} is no database that DuckDB {duckdb.__version__} can open: it is another kind of file, or a "
            f"newer or much "
            f"older DuckDB wrote it. Set CLOCKIFY_DATABASE to another path, or install the DuckDB that wrote it. "
            f"({said})"
        )
    return DatabaseUnusableError(
        f"{path} cannot be used: {said} Check the path in CLOCKIFY_DATABASE and the disk it is on."
    )
