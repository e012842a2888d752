"""Locks on files. The system frees one when its process ends, however it ends."""

from __future__ import annotations

from filelock import FileLock, SoftFileLock

from clockify_dagster.errors import DatabaseUnusableError


def require_file_locks() -> None:
    """Raise `DatabaseUnusableError` on a system without them, on which two loads could write at once."""
    if FileLock is SoftFileLock:  # filelock's substitute, which a killed process leaves locked
        raise DatabaseUnusableError(
            "This system has no file locks (Python's module fcntl is missing), and without them two loads could write "
            "at once. Nothing was changed. Run it on Linux, macOS or Windows."
        )
