"""Folders for what a load needs only while it works. One whose process was killed is removed by the next load."""

from __future__ import annotations

import shutil
import uuid
import weakref
from pathlib import Path

from filelock import FileLock, Timeout


class ScratchFolder:
    """A folder beside the database that is ours until it is removed or the process ends, however it ends.

    A lock file beside it tells that its process lives. It is there before the folder and goes after it.
    """

    def __init__(self, database: Path) -> None:
        """Make a folder, after removing those that no living process owns. Raises `OSError`."""
        parent = database.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{database.name}.loading-"
        for left in parent.iterdir():
            if left.name.startswith(prefix) and left.suffix == ".lock":
                _remove_if_abandoned(left)
        self.path = parent / f"{prefix}{uuid.uuid4().hex}"
        lock = _lock_of(self.path)
        lock.acquire(timeout=0)
        self.path.mkdir()
        self._finalizer = weakref.finalize(self, _remove, self.path, lock)

    def remove(self) -> None:
        """Remove the folder with all that is in it. Safe to call twice."""
        self._finalizer()


def _lock_of(folder: Path) -> FileLock:
    return FileLock(folder.with_name(f"{folder.name}.lock"))


def _remove_if_abandoned(lock_file: Path) -> None:
    """Remove a folder unless a living process holds its lock."""
    folder = lock_file.with_suffix("")
    lock = _lock_of(folder)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return
    _remove(folder, lock)


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release(force=True)
