"""Time, as something that tests can replace: pauses go through a clock, and every wait can be halted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timezone

SLICE = 0.1  # how soon a wait notices that it has been halted
_halts: ContextVar[tuple[threading.Event, ...]] = ContextVar("clockify_halts", default=())


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
def halted_by(event: threading.Event) -> Iterator[None]:
    """Within this block, once the event is set, waits end and requests are given up; an outer block's event counts too.

    It holds for the current context (`contextvars`): a thread that works for this one runs in a copy of it.
    """
    token = _halts.set((*_halts.get(), event))
    try:
        yield
    finally:
        _halts.reset(token)


def is_context_halted() -> bool:
    """Whether an event of `halted_by` is set."""
    return any(event.is_set() for event in _halts.get())
