"""The signals that end the command, which Dagster keeps to itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def watched_signals() -> Iterator[Callable[[], int]]:
    """Let SIGTERM stop the program as Ctrl-C does; gives a function for the exit code of signals, 0 without any.

    Dagster replaces the handlers during a run and does not report the signals. Only for the main thread.
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
