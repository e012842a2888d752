"""Which signals came, whoever handled them: Dagster takes the handlers over while it runs, and does not say which."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Signals:
    """The signals of this process since the context began."""

    pipe: int

    def exit_code(self) -> int | None:
        """The code by which a shell knows a program that was ended by a signal; None where none came."""
        try:
            came = os.read(self.pipe, 64)
        except BlockingIOError:
            return None
        ending = [number for number in came if number in (signal.SIGINT, signal.SIGTERM)]
        return 128 + ending[0] if ending else None


@contextmanager
def watched_signals() -> Iterator[Signals]:
    """Watch for SIGINT and SIGTERM, and let the second end the program as orderly as the first.

    In the main thread only.
    """
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield Signals(reader)
    finally:
        signal.signal(signal.SIGTERM, handler)
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)
