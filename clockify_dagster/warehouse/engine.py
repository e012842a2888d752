"""DuckDB in this process: started once, and lent to a file for one piece of work after the other.

To start a DuckDB takes fifteen milliseconds of computing, and a refresh opens its file some thirty times; to attach a
file to one that runs takes one. The file is open and locked only as long as it is attached.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from clockify_dagster.warehouse.ddl import literal

MEMORY = "200MB"
"""What DuckDB may hold where it sorts, compares or writes millions of rows; the rest is on disk, by the database."""

_guard = threading.Lock()
_idle: dict[tuple[Any, ...], duckdb.DuckDBPyConnection] = {}
_numbers = itertools.count()
_parents: list[duckdb.DuckDBPyConnection] = []


def _after_fork() -> None:
    """In a forked child, start anew: the parent's has threads that are not here, and closing it would wait for them."""
    global _guard
    _guard = threading.Lock()
    _parents.extend(_idle.values())
    _idle.clear()


os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def attached(path: Path, config: Mapping[str, Any], *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose tables are the file's, for as long as the context lasts. Raises DuckDB's own errors."""
    spill = f"{path}.tmp"  # where DuckDB would put it if it had been started with the file
    key = (path, *sorted(config.items()))
    engine = _borrowed(key) or duckdb.connect(":memory:", config={**config, "temp_directory": spill})
    is_sound = False
    try:
        name = f"warehouse_{next(_numbers)}"
        mode = "READ_ONLY" if read_only else "READ_WRITE"
        try:
            engine.execute(f"ATTACH {literal(str(path))} AS {name} ({mode})")
        except duckdb.Error as error:  # somebody else has it: who waits for it asks again and again
            is_sound = not isinstance(error, duckdb.FatalException | duckdb.InternalException)
            raise
        try:
            cursor = engine.cursor()
            try:
                cursor.execute(f"USE {name}.main")
                yield cursor
            finally:
                cursor.close()
            is_sound = True
        finally:
            # what the file could not take now is in its log, and goes into it when it is opened again
            with suppress(duckdb.Error):
                engine.execute(f"DETACH {name}")
    finally:
        # one that met an error, or has put something on the disk, is not used again
        try:
            is_sound = is_sound and not os.path.lexists(spill) and not _is_held_by(engine, name)
        finally:
            if is_sound:
                _give_back(key, engine)
            else:
                engine.close()


@contextmanager
def changed(connection: duckdb.DuckDBPyConnection, **settings: str | int | bool) -> Iterator[None]:
    """Within this, the settings of the whole DuckDB are others; after it they are DuckDB's own again."""
    for name, value in settings.items():
        connection.execute(f"SET {name} = {literal(str(value))}")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # of a connection that has met a fault, none is used again
            for name in settings:
                connection.execute(f"RESET {name}")


def _borrowed(key: tuple[Any, ...]) -> duckdb.DuckDBPyConnection | None:
    with _guard:
        return _idle.pop(key, None)


def _give_back(key: tuple[Any, ...], engine: duckdb.DuckDBPyConnection) -> None:
    """Keep it for the next one; one is kept, whatever its file."""
    with _guard:
        others = list(_idle.values())
        _idle.clear()
        _idle[key] = engine
    for other in others:
        other.close()


def _is_held_by(engine: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the file is still attached, so that only the end of the whole DuckDB lets go of it."""
    found = engine.execute("SELECT count(*) FROM duckdb_databases() WHERE database_name = ?", [name]).fetchone()
    return found != (0,)
