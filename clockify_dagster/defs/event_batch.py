"""A batch of events on its way into Dagster's history: one transaction a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagster import EventLogEntry

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine, Transaction


class Batch:
    """The connections of a batch, and what is done once in its end.

    Attributes:
        tagged: events with tags, and their ids in the index.
        latest: by asset and kind, the last event, and its id in the index.
        index: the index's connection, once there is something to be done with it.
    """

    def __init__(self) -> None:
        """Nothing is open yet."""
        self.tagged: list[tuple[EventLogEntry, int]] = []
        self.latest: dict[Any, tuple[EventLogEntry, int]] = {}
        self.index: Any = None
        self._open: dict[str, tuple[Connection, Transaction]] = {}

    def connection(self, shard: str, engine: Engine) -> Connection:
        """The file's connection, within a transaction that lasts until the batch ends."""
        if shard not in self._open:
            connection = engine.connect()
            self._open[shard] = (connection, connection.begin())
        return self._open[shard][0]

    def commit(self) -> None:
        """Commit, file by file, in the order in which they were asked for."""
        for _, transaction in self._open.values():
            transaction.commit()

    def close(self) -> None:
        """Close; what is not committed is undone."""
        for connection, _ in self._open.values():
            connection.close()
