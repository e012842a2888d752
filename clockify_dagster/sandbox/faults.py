"""What can go wrong between a client and Clockify, on request: which requests a fault strikes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from threading import Lock

from .kinds import (
    After,
    Body,
    Close,
    Cut,
    Doubled,
    Drip,
    EchoKey,
    Kind,
    LastPage,
    Redirect,
    Reset,
    SamePage,
    Stall,
    Status,
)

__all__ = [
    "After",
    "Body",
    "Close",
    "Cut",
    "Doubled",
    "Drip",
    "EchoKey",
    "Fault",
    "Faults",
    "Kind",
    "LastPage",
    "Redirect",
    "Reset",
    "SamePage",
    "Stall",
    "Status",
]


@dataclass
class Fault:
    """Which requests a kind strikes: from the `nth` that matches on, `times` of them; None means for ever.

    `path` is a regular expression, looked for anywhere in the path and the query behind it.
    """

    path: str
    kind: Kind
    nth: int = 1
    times: int | None = 1
    method: str | None = None
    matched: int = field(default=0, init=False)

    def strikes(self, method: str, target: str) -> bool:
        """Count a request, and say whether it is one of those."""
        if self.method not in (None, method) or re.search(self.path, target) is None:
            return False
        self.matched += 1
        return self.matched >= self.nth and (self.times is None or self.matched < self.nth + self.times)


class Faults:
    """The faults of a sandbox; more than one may strike a request, in the order they were added."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Add a fault, and give it back."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._faults.clear()

    def striking(self, method: str, target: str) -> list[Kind]:
        """The kinds that strike this request."""
        with self._lock:
            return [fault.kind for fault in self._faults if fault.strikes(method, target)]
