"""Time, as something that tests can replace: pauses go through a clock, and every wait can be halted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

SLICE = 0.1  # how soon a wait notices that it has been halted
_thread = threading.local()


class Clock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def now(self) -> datetime:
        """The machine's time of day, in UTC."""
        return datetime.now(timezone.utc)

    def wait_until(self, moment: float, is_halted: Callable[[], bool]) -> None:
        """Return at a moment of `monotonic()`, or within `SLICE` seconds after `is_halted` begins to say so."""
        while (left := moment - time.monotonic()) > 0 and not is_halted():
            time.sleep(min(left, SLICE))


@contextmanager
def halted_by(*events: threading.Event) -> Iterator[None]:
    """Within this block, once one of the events is set, the current thread's waits end and its requests are given up.

    Events of an outer block go on to count.
    """
    outer = halting_events()
    _thread.events = (*outer, *events)
    try:
        yield
    finally:
        _thread.events = outer


def halting_events() -> tuple[threading.Event, ...]:
    """The events of `halted_by` for the current thread: hand them to the threads that work for it."""
    events: tuple[threading.Event, ...] = getattr(_thread, "events", ())
    return events


def is_thread_halted() -> bool:
    """Whether an event of `halted_by` is set, for the current thread."""
    return any(event.is_set() for event in halting_events())


class Pace:
    """Spaces requests evenly, at most so many a second for all threads together."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        """The first request need not wait."""
        self._interval = 1 / per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock.monotonic()

    def wait(self, is_halted: Callable[[], bool]) -> None:
        """Return when the next request may go out."""
        with self._lock:
            now = self._clock.monotonic()
            slot = max(now, self._next)
            self._next = slot + self._interval
        if slot > now:
            self._clock.wait_until(slot, is_halted)
