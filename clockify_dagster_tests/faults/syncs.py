"""The real command's syncs, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# so that the parent of the killed has one thread only: libraries that it imports would start some
NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


class Syncs:
    """Syncs by the real command, one after another, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "syncs.log"
        program = [sys.executable, str(Path(__file__).with_name("forking.py")), str(self.log)]
        environment = {**os.environ, **NO_THREADS, "TMPDIR": str(folder / "tmp")}
        (folder / "tmp").mkdir()
        self._server = subprocess.Popen(  # noqa: S603 - our own program
            program, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def begin(self) -> int:
        """Begin one; gives its process id."""
        assert self._server.stdin is not None
        self._server.stdin.write("sync\n")
        self._server.stdin.flush()
        return int(self._line())

    def end(self) -> tuple[int, float]:
        """Wait for its end; gives its exit code, less than 0 for a signal, and the processor's seconds it took."""
        code, seconds = self._line().split()
        return int(code), float(seconds)

    def _line(self) -> str:
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        assert line, "the program that runs the syncs has ended; what it said is above"
        return line

    def close(self) -> None:
        self._server.kill()
        self._server.communicate()
