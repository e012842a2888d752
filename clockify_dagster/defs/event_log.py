"""Dagster's event log in SQLite, the same files as Dagster's own, written many events at a time.

A refresh of ten years of days writes four events a day. Dagster's own storage opens both of its files anew for each of
them and commits, some ten milliseconds an event, minutes a run. This one writes a thousand in a transaction a file; and
what comes one by one waits a tenth of a second for more, unless it tells how a run or a step ended, or somebody reads.
In `dagster.yaml`:

    event_log_storage:
      module: clockify_dagster.defs.event_log
      class: BatchingEventLogStorage

Taken out again, Dagster's own storage goes on with the same history.
"""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from dagster import DagsterEventType, EventLogEntry, Field, StringSource

# Private, since Dagster has no public seam for a storage; these two are what its own `dagster.yaml` defaults name and
# what every storage outside of Dagster is built on. What else we rely on is in `KNOWN`, and is looked at before use.
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import NullPool

from clockify_dagster.defs.backlog import Backlog
from clockify_dagster.defs.event_batch import Batch
from clockify_dagster.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

BATCH_SIZE = "DAGSTER_EVENT_BATCH_SIZE"
KNOWN = {
    "__init__": ["self", "base_dir", "inst_data"],
    "_connect": ["self", "shard"],
    "_has_asset_key_col_on_connection": ["self", "conn", "column_name"],
    "_initdb": ["self", "engine", "for_index_shard"],
    "_store_asset_event": ["self", "conn", "event", "event_id"],
    "_store_asset_event_tags": ["self", "conn", "events", "event_ids"],
    "conn_string_for_shard": ["self", "shard_name"],
    "dispose": ["self"],
    "has_table": ["self", "table_name"],
    "store_event": ["self", "event"],
    "store_event_batch": ["self", "events"],
}
"""The methods of Dagster's storage that we call or stand in for, and their parameters."""

_EVENTS_AT_ONCE = "1000"
_DELAY_SECONDS = 0.1
_BUSY_TIMEOUT_SECONDS = 30  # as Dagster's own
_MOST_ENGINES = 32  # an engine a run; they hold no files, only compiled statements
_ENDS = {
    DagsterEventType.STEP_FAILURE,
    DagsterEventType.STEP_UP_FOR_RETRY,
    DagsterEventType.RUN_FAILURE,
    DagsterEventType.RUN_CANCELED,
}


def fits(storage: type) -> bool:
    """Whether Dagster's storage has the methods we know, with the parameters we know."""
    found = {name: getattr(storage, name, None) for name in KNOWN}
    return all(
        method is not None and list(inspect.signature(method).parameters) == KNOWN[name]
        for name, method in found.items()
    )


class BatchingEventLogStorage(SqliteEventLogStorage):
    """Dagster's storage, with the connections that storing events takes drawn together into one transaction a file.

    What is written is Dagster's own doing: its `store_event` runs for each event. Only the connection it gets is one
    that stays open until the batch ends, and two things that need doing once a batch are put off to its end.

    No file is held open between batches. The web UI's live log depends on that: it watches the run's file, which
    SQLite writes to when the last connection closes; and a deleted history leaves nothing open.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open the history in this folder, made where it is missing; Dagster in this process batches from now on."""
        # first, since Dagster's own constructor connects already; a thread may connect inside of its own batch
        self._lock = threading.RLock()
        self._batch: Batch | None = None
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        self._columns: set[str] = set()
        self._backlog = Backlog(self._write, self._lock, _DELAY_SECONDS)
        os.environ.setdefault(BATCH_SIZE, _EVENTS_AT_ONCE)
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> Any:
        """`base_dir` may be left out: then it is where Dagster would put its own, in `DAGSTER_HOME`."""
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(  # type: ignore[override]  # Dagster asks for our class; the other is what ours stands in for
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> SqliteEventLogStorage:
        """The storage; Dagster's own where this Dagster's is another than we know: slower, and right."""
        base_dir = config_value.get("base_dir") or _default_base_dir()
        storage = cls if fits(SqliteEventLogStorage) else SqliteEventLogStorage
        return storage(base_dir, inst_data)

    def store_event(self, event: EventLogEntry) -> None:
        """Take an event, to be written soon; what ends a run or a step is written now, with all before it."""
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Take events, to be written soon. Raises what kept earlier ones from being written."""
        for run in {event.run_id for event in events} - self._initialized_dbs:
            with self._lock:
                self._engine(run)  # its file is made now, before the run begins, and not while it runs
        self._backlog.add([each for event in events for each in [*self._left_behind(event), event]])
        if any(_is_urgent(event) for event in events):
            self.flush()

    def flush(self) -> None:
        """Write what was taken."""
        self._backlog.flush()

    def _write(self, events: Sequence[EventLogEntry]) -> None:
        """Write events, in one transaction a file: all of them or, where one cannot be written, none.

        Where the run's file was written and the index could not be, they will be in the run's log twice, rather than
        days be missing from the index.
        """
        with self._one_transaction():
            for event in events:
                super().store_event(event)

    def has_table(self, table_name: str) -> bool:
        """Whether the table is there. Asked for every event; a table that was there once stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        """Write what was taken, and close what is open."""
        try:
            self.flush()
        finally:
            super().dispose()
            with self._lock:
                self._drop_engines()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._lock:
            if self._batch is not None:
                yield self._batch.connection(shard, self._engine(shard))
            else:
                self.flush()
                with self._engine(shard).connect() as connection, connection.begin():
                    yield connection

    @contextmanager
    def _one_transaction(self) -> Iterator[None]:
        """Let every connection asked for in here be the file's one, and commit them all in the end.

        The run's file is committed before the index, as Dagster does: what the index tells of is in the run's log.
        """
        with self._lock:
            batch = self._batch = Batch()
            try:
                yield
                if batch.tagged:
                    events, ids = zip(*batch.tagged, strict=True)
                    super()._store_asset_event_tags(batch.index, events, ids)
                for event, event_id in batch.latest.values():
                    super()._store_asset_event(batch.index, event, event_id)
                batch.commit()
            finally:
                self._batch = None
                batch.close()

    def _store_asset_event_tags(
        self, conn: Connection, events: Sequence[EventLogEntry], event_ids: Sequence[int]
    ) -> None:
        if self._batch is None:
            super()._store_asset_event_tags(conn, events, event_ids)
        else:
            self._batch.index = conn
            self._batch.tagged.extend(zip(events, event_ids, strict=True))

    def _store_asset_event(self, conn: Connection, event: EventLogEntry, event_id: int) -> None:
        """Put off what updates the asset's row: of a batch only the last event of each kind leaves a trace in it."""
        if self._batch is None or event.dagster_event is None:
            super()._store_asset_event(conn, event, event_id)
        else:
            self._batch.index = conn
            kind = (event.dagster_event.asset_key, event.dagster_event.event_type)
            self._batch.latest.pop(kind, None)  # so that the last one stands last
            self._batch.latest[kind] = (event, event_id)

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        if column_name not in self._columns and super()._has_asset_key_col_on_connection(conn, column_name):
            self._columns.add(column_name)
        return column_name in self._columns

    def _engine(self, shard: str) -> Engine:
        """The file's engine, kept for the statements it has compiled; it opens and closes the file for each use."""
        if shard not in self._engines:
            if len(self._engines) >= _MOST_ENGINES:
                self._drop_engines()
            self._engines[shard] = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=NullPool,
                connect_args={"timeout": _BUSY_TIMEOUT_SECONDS},
            )
        if shard not in self._initialized_dbs:
            self._initdb(self._engines[shard])
            self._initialized_dbs.add(shard)
        return self._engines[shard]

    def _drop_engines(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()

    def _left_behind(self, event: EventLogEntry) -> Sequence[EventLogEntry]:
        """Events of a run that now fails or is stopped which Dagster gathers still, for a batch that will not end."""
        # of no worth enough to fall back for where it is missing: a newer Dagster may see to it itself
        buffers = getattr(self._instance, "_event_buffer", None) if self.has_instance else None
        if not buffers or event.dagster_event is None or event.dagster_event.event_type not in _ENDS:
            return []
        # in one process with others only this run's; what the batch being written holds is no longer in there
        mine = [batch for batch, events in list(buffers.items()) if events and events[0].run_id == event.run_id]
        return [each for batch in mine for each in buffers.pop(batch)]


def _is_urgent(event: EventLogEntry) -> bool:
    """Whether other processes wait for it, or ours may end before long."""
    kind = None if event.dagster_event is None else event.dagster_event.event_type
    return kind is not None and (kind in _ENDS or kind.value.startswith("PIPELINE_"))


def _default_base_dir() -> str:
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        raise SettingsError(
            "DAGSTER_HOME is not set, so there is no folder for Dagster's history. Set DAGSTER_HOME to the folder that "
            "dagster.yaml is in, or give event_log_storage in dagster.yaml a base_dir."
        )
    return str(Path(home).expanduser() / "history" / "runs")
