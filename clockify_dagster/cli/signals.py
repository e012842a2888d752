"""Which signals this process has received. Dagster replaces the handlers during a run and does not report them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def watched_signals() -> Iterator[Callable[[], int]]:
    """Record SIGINT and SIGTERM, and let SIGTERM stop the program in order, as Ctrl-C does. Only in the main thread.

    Gives a function for the exit code: 128 and the number of the first of them, as shells write it; 0 without one.
    """
    reader, writer = os.pipe()  # Python writes the number of each signal into it
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    handler = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def exit_code() -> int:
        with suppress(BlockingIOError):
            return next((128 + n for n in os.read(reader, 64) if n in (signal.SIGINT, signal.SIGTERM)), 0)
        return 0

    try:
        yield exit_code
    finally:
        signal.signal(signal.SIGTERM, handler)
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)
