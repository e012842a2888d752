"""What is read once and kept, since several ask for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Generic, TypeVar

from clockify_dagster.errors import ServerFaultError

K = TypeVar("K")
V = TypeVar("V")

_FAULT_KEPT_SECONDS = 60


class Kept(Generic[K, V]):
    """Values by key, read when they are first asked for. One is read at a time.

    That the server failed to give one is kept for a minute: else each who asks would try as long again, one after
    another.
    """

    def __init__(self, read: Callable[[K], V]) -> None:
        """Nothing is read yet."""
        self._read = read
        self._lock = threading.Lock()
        self._values: dict[K, tuple[datetime, V]] = {}
        self._faults: dict[K, tuple[float, ServerFaultError]] = {}

    def get(self, key: K) -> V:
        """The value. Raises what reading it raises."""
        with self._lock:
            failed_at, fault = self._faults.get(key, (0.0, None))
            if fault is not None and time.monotonic() - failed_at < _FAULT_KEPT_SECONDS:
                raise fault
            if key not in self._values:
                began = datetime.now(timezone.utc)
                try:
                    self._values[key] = (began, self._read(key))
                except ServerFaultError as error:
                    self._faults[key] = (time.monotonic(), error)
                    raise
            return self._values[key][1]

    def forget(self, before: datetime) -> None:
        """What was begun to be read before a moment is as if it never was."""
        with self._lock:
            self._values = {key: kept for key, kept in self._values.items() if kept[0] >= before}
