"""What DuckDB's and the machine's errors about the file mean for the reader, and what to do about each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from clockify_dagster.errors import DatabaseLockedError, DatabaseUnusableError

# Errors of the file and the machine; other ones of DuckDB are mistakes in our SQL, and keep their traceback.
_FAULTS = (duckdb.OperationalError, duckdb.FatalException, duckdb.InternalException, OSError)

_HOLDER = re.compile(r"held in (?P<program>\S+)(?: \(deleted\))? \(PID (?P<pid>\d+)\)")
_IN_USE = re.compile("Unique file handle conflict|different configuration than existing connections")
_FULL = ("No space left", "File too large", "Disk quota exceeded")
_NOT_ALLOWED = ("Permission denied", "Read-only file system", "Operation not permitted")
_FOREIGN = ("not a valid DuckDB", "version", "Corrupt database", "Could not read enough bytes", "_scanner")
_MAGIC, _VERSION = slice(8, 12), slice(52, 84)  # where they stand in a file of DuckDB
_INTERPRETER = re.compile(r"(python|pypy|ruby|node|java|perl|bash|sh)[\d.]*")


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C through, for which DuckDB raises an error of its own: it ends the run, and not this step alone."""
    try:
        yield
    except (RuntimeError, duckdb.InterruptException) as error:
        if isinstance(error, duckdb.InterruptException) or str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Raise errors of ours in place of those about the database file at `path`, its disk and its folder."""
    try:
        with interruptible():
            yield
    except _FAULTS as error:
        raise _error_of(path, error) from error
    except duckdb.Error as error:
        # DuckDB has no class of its own for a file that is damaged or in use
        if _IN_USE.search(str(error)) or (type(error) is duckdb.Error and "Corrupt database" in str(error)):
            raise _error_of(path, error) from error
        raise


def _error_of(path: Path, error: Exception) -> DatabaseLockedError | DatabaseUnusableError:
    said = (str(error) or type(error).__name__).splitlines()[0]
    holder = _HOLDER.search(said)
    if holder:
        program = _program_of(holder["pid"], holder["program"])
        return DatabaseLockedError(f"The database {path} is open in another program: {program}, PID {holder['pid']}.")
    if _IN_USE.search(said):
        return DatabaseLockedError(f"The database {path} is open in this very process, by other code than ours.")
    if "Could not set lock" in said:
        return DatabaseLockedError(f"The database {path} is open in another program. ({said})")
    return DatabaseUnusableError(_why_unusable(path, error, said))


def _why_unusable(path: Path, error: Exception, said: str) -> str:
    if any(words in said for words in _FULL):
        return (
            f"The disk is full, so {path} could not be written; the data in it is as before. Make room and start "
            f"again. ({said})"
        )
    if isinstance(error, PermissionError) or any(words in said for words in _NOT_ALLOWED):
        return (
            f"{path} or its folder may not be written by this user. Change the permissions, or set CLOCKIFY_DATABASE "
            f"to a path that can be written. ({said})"
        )
    if path.is_dir():
        return f"CLOCKIFY_DATABASE names a folder, {path}; write a file's path, for example {path / 'clockify.duckdb'}."
    if any(words in said for words in _FOREIGN):
        return (
            f"DuckDB {duckdb.__version__} cannot open {path} as a database: {_kind_of(path)}. The file was left as "
            f"it is. Set CLOCKIFY_DATABASE to another path, where a new database will be made; or install the "
            f"DuckDB that wrote the file. ({said})"
        )
    return f"{path} cannot be used: {said} Check the path in CLOCKIFY_DATABASE and the disk it is on."


def _kind_of(path: Path) -> str:
    """What the file looks like, from its first bytes."""
    try:
        with path.open("rb") as file:
            head = file.read(_VERSION.stop)
    except OSError:
        return "it cannot be read"
    if not head:
        return "it is empty"
    if head[_MAGIC] != b"DUCK":
        return "it is a file of another kind"
    version = head[_VERSION].split(b"\0")[0].decode("ascii", "replace").removeprefix("v")
    if version == duckdb.__version__:
        return "it is damaged"
    writer = f"DuckDB {version}" if version and version.isprintable() else "another DuckDB"
    return f"it was written by {writer}, or it is damaged"


def _program_of(pid: str, program: str) -> str:
    """A program's name for people: the script rather than its interpreter; no arguments, which may hold secrets."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return program
    name = os.path.basename(words[0]) or os.path.basename(program)  # noqa: PTH119 - a word, not a path of ours
    script = words[1] if len(words) > 1 else ""
    if script == "-m" and len(words) > 2:
        return f"{name} -m {words[2]}"
    if _INTERPRETER.fullmatch(name) and script and not script.startswith("-"):
        return f"{os.path.basename(script)} ({name})"  # noqa: PTH119
    return name
