"""Folders for what a load needs only while it works. One whose process was killed is removed by the next load."""

from __future__ import annotations

import shutil
import uuid
import weakref
from contextlib import suppress
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
                abandoned = FileLock(left)
                with suppress(Timeout, OSError):  # where a living process holds it
                    abandoned.acquire(timeout=0)
                    _remove(left.with_suffix(""), abandoned)
        self.path = parent / f"{prefix}{uuid.uuid4().hex}"
        lock = FileLock(f"{self.path}.lock")
        # before there is anything to remove: an interruption may come at any moment
        self._finalizer = weakref.finalize(self, _remove, self.path, lock)
        lock.acquire(timeout=0)
        self.path.mkdir()

    def remove(self) -> None:
        """Remove the folder with all that is in it. Safe to call twice."""
        self._finalizer()


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release(force=True)
