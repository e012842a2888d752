"""The signals that end the command, which Dagster keeps to itself."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_ENDING = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)}
"""Ctrl-C, what stops a service, and what a terminal sends that is closed; Windows has no such terminals."""


@contextmanager
def watched_signals() -> Iterator[Callable[[], int]]:
    """Let SIGTERM and SIGHUP stop the program as Ctrl-C does; gives a function for their exit code, 0 without any.

    SIGHUP stays ignored where it is, as below `nohup`. Dagster replaces the handlers during a run and does not report
    the signals. Only for the main thread.
    """
    reader, writer = os.pipe()  # Python writes the number of each signal into it
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    ours = [number for number in _ENDING - {signal.SIGINT} if not _is_hangup_ignored(number)]
    replaced = {number: signal.signal(number, _as_ctrl_c) for number in ours}

    def exit_code() -> int:
        with suppress(BlockingIOError):
            return next((128 + n for n in os.read(reader, 64) if n in _ENDING), 0)
        return 0

    try:
        yield exit_code
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)


def _is_hangup_ignored(number: signal.Signals) -> bool:
    return number.name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN


def _as_ctrl_c(_: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does at this moment: during a run Dagster has a handler of its own for it, and none for SIGHUP."""
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, frame)


@contextmanager
def kept_from_steps() -> Iterator[None]:
    """Let processes that start meanwhile begin with these signals held back, which another thread takes for ours.

    A terminal sends them to all processes, and one that is still importing would die of it. Such a process calls
    `take_held_back` when Dagster watches over it. Only for the main thread, and not on Windows.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    ended = threading.Event()
    # the thread takes the signals, and Python calls their handlers in the main thread nevertheless
    taker = threading.Thread(target=ended.wait, daemon=True)
    taker.start()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    # the first lock starts a process that cleans up behind all of them, after which Python lets some signals through
    multiprocessing.get_context("spawn").Lock()
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        ended.set()
        taker.join()


def take_held_back() -> None:
    """In a step's process: take the signals from now on, and those that came already. Elsewhere nothing happens.

    A closed terminal is left to the run's own process, which ends those of its steps.
    """
    if multiprocessing.parent_process() is not None and hasattr(signal, "pthread_sigmask"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
