"""A batch of events on its way into Dagster's history: one transaction a file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from dagster import EventLogEntry

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

INDEX = "index"
"""The file of what is known across runs."""


class Batch(ExitStack):
    """The connections of a batch, each in a transaction. What is not committed is undone when the context ends.

    Attributes:
        latest: the last event of each asset and kind, and its id in the index.
    """

    def __init__(self) -> None:
        """Nothing is open yet."""
        super().__init__()
        self.latest: dict[Any, tuple[EventLogEntry, int]] = {}
        self._open: dict[str, Connection] = {}

    def connection(self, file: str, engine: Callable[[], Engine]) -> Connection:
        """The batch's one connection to this file, made from the engine when it is first asked for."""
        if file not in self._open:
            self._open[file] = self.enter_context(engine().connect())
            self._open[file].begin()
        return self._open[file]

    def commit(self) -> None:
        """Commit file by file, the index last: what is in it is also in a run's log."""
        for file in sorted(self._open, key=lambda file: file == INDEX):
            self._open[file].commit()
