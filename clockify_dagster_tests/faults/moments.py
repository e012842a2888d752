"""Moments in the life of a sync, to be waited for from outside: how far its work is, and whether it is writing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from math import inf
from pathlib import Path

from clockify_dagster_tests.conftest import Project


def log_of(project: Project) -> Path:
    """Where DuckDB keeps its log while it commits."""
    return project.database.with_name(project.database.name + ".wal")


def is_writing(pid: int, database: Path) -> bool:
    """Whether a process holds the lock by which DuckDB keeps others from writing: then a transaction is under way."""
    try:
        mark = f":{database.stat().st_ino}"
    except FileNotFoundError:
        return False
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return any(words[1:5] == ["POSIX", "ADVISORY", "WRITE", str(pid)] and words[5].endswith(mark) for words in locks)


Moment = Callable[[Project, int, float], None]
"""Waits for it; given the project, the process, and the processor's seconds that a whole sync takes."""


def used(pid: int) -> float:
    """The processor's seconds that a process took so far; without end when it is no more."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return inf
    return inf if words[0] == "Z" else (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def anywhere(part: float, seconds: float) -> Moment:
    """The moment when such a part of the sync's work is done, and some more time has gone, in which it may wait."""

    def wait(project: Project, pid: int, length: float) -> None:
        del project
        _wait_until(lambda: used(pid) >= part * length)
        time.sleep(seconds)

    return wait


def in_write(number: int, seconds: float, *, at_its_end: bool) -> Moment:
    """A moment so many seconds after a write has begun, or after DuckDB's log of it has appeared, which is its end."""

    def wait(project: Project, pid: int, length: float) -> None:
        del length
        for _ in range(number):
            _wait_until(lambda: not is_writing(pid, project.database))
            _wait_until(lambda: is_writing(pid, project.database) or used(pid) == inf)
        if at_its_end:
            _wait_until(lambda: log_of(project).exists() or not is_writing(pid, project.database))
        time.sleep(seconds)

    return wait


def _wait_until(happens: Callable[[], bool]) -> None:
    until = time.monotonic() + 180
    while not happens():
        assert time.monotonic() < until, "the sync does not get as far as that"
        time.sleep(0.002)
