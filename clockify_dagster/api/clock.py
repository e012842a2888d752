"""Time, as something that tests can replace: pauses go through a clock, and every wait can be halted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

_SLICE = 0.1  # how soon a wait notices that it has been halted
_thread = threading.local()


class Clock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def now(self) -> datetime:
        """The machine's idea of the time of day, in UTC."""
        return datetime.now(timezone.utc)

    def wait_until(self, moment: float, is_halted: Callable[[], bool]) -> None:
        """Return at a moment of `monotonic()`, or soon after `is_halted` begins to say so."""
        while (left := moment - time.monotonic()) > 0 and not is_halted():
            time.sleep(min(left, _SLICE))


@contextmanager
def halted_by(event: threading.Event) -> Iterator[None]:
    """Within this, once the event is set, the current thread's waits end and its requests are given up."""
    before: threading.Event | None = getattr(_thread, "event", None)
    _thread.event = event
    try:
        yield
    finally:
        _thread.event = before


def is_thread_halted() -> bool:
    """Whether the event of `halted_by` is set, for the current thread."""
    event: threading.Event | None = getattr(_thread, "event", None)
    return event is not None and event.is_set()


class Pace:
    """Lets requests through at most so many a second, evenly, for all threads together."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        """Start with the first request free."""
        self._interval = 1 / per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock.monotonic()

    def wait(self, is_halted: Callable[[], bool]) -> None:
        """Return when the next request may go out."""
        with self._lock:
            now = self._clock.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            self._clock.wait_until(turn, is_halted)
