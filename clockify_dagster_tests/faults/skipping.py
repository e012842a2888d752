"""A clock on which no test waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from clockify_dagster.api.clock import Clock


class SkippingClock(Clock):
    """The machine's clock, but for pauses: they take no time, and for the thread that waited the clock goes on."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    @property
    def skipped(self) -> float:
        return float(getattr(self._of_thread, "skipped", 0.0))

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=self.skipped)

    def wait_until(self, moment: float, is_halted: Callable[[], bool]) -> None:
        if not is_halted():
            self._of_thread.skipped = self.skipped + max(0.0, moment - self.monotonic())
