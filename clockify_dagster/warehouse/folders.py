"""Folders for what a process needs only while it works; those of processes that were killed are cleared away."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import IO, Any

from clockify_dagster.warehouse.connection import alone_in

_OWNER = "in-use"


class ClaimedFolder:
    """A folder that is ours until it is released, or until the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Claim a folder that nobody else has."""
        self.path = path
        self._file: IO[str] = (path / _OWNER).open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._finalizer = weakref.finalize(self, _remove, path, self._file)

    def release(self) -> None:
        """Remove the folder with all that is in it. Safe to call twice."""
        self._finalizer()


def claimed_folder(beside: Path, prefix: str) -> ClaimedFolder:
    """A new folder, whose name begins with the prefix; older ones that nobody claims any more are removed first.

    Raises `OSError`.
    """
    beside.mkdir(parents=True, exist_ok=True)
    with alone_in(beside):  # so that no folder is seen that has been made, and not been claimed yet
        for left in beside.glob(f"{prefix}*"):
            if _is_abandoned(left):
                shutil.rmtree(left, ignore_errors=True)
        return ClaimedFolder(Path(tempfile.mkdtemp(prefix=prefix, dir=beside)))


def _is_abandoned(folder: Path) -> bool:
    """Whether the process that made the folder has ended: then nobody holds the lock on the file in it.

    Where that file is missing, the process was killed before it made it, or while it removed the folder.
    """
    try:
        with (folder / _OWNER).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _remove(path: Path, file: IO[Any]) -> None:
    shutil.rmtree(path, ignore_errors=True)
    file.close()
