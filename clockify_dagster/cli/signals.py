"""Which signals this process has received. Dagster replaces the handlers during a run and does not report them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Signals:
    """The signals received since the context began; Python writes their numbers into the pipe."""

    pipe: int

    def exit_code(self) -> int | None:
        """128 and the number of the signal that ended the program, as shells write it; None where there was none."""
        try:
            received = os.read(self.pipe, 64)
        except BlockingIOError:
            return None
        ending = [number for number in received if number in (signal.SIGINT, signal.SIGTERM)]
        return 128 + ending[0] if ending else None


@contextmanager
def watched_signals() -> Iterator[Signals]:
    """Record SIGINT and SIGTERM, and let SIGTERM stop the program in order, as Ctrl-C does. Only in the main thread."""
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
