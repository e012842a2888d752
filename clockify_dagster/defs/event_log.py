"""Dagster's event log in SQLite, in the same files as Dagster's own storage, with many events in one transaction.

A refresh of ten years of days writes four events a day. For each of them Dagster's own storage opens two files and
commits, some ten milliseconds an event. This one collects the events of steps for a tenth of a second and writes them
in one transaction a file. A step's failure, and events of the run as a whole, are written at once. In `dagster.yaml`:

    event_log_storage:
      module: clockify_dagster.defs.event_log
      class: BatchingEventLogStorage

Without these lines Dagster's own storage goes on with the same history. It is also used, with one warning, where this
Dagster is not as `dagster_internals.py` expects.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster
from dagster import DagsterEventType, EventLogEntry, Field, StringSource
from sqlalchemy.exc import OperationalError

from clockify_dagster.defs import dagster_internals
from clockify_dagster.defs.dagster_internals import SqliteEventLogStorage
from clockify_dagster.defs.event_batch import INDEX, Batch

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

_log = logging.getLogger(__name__)

_DELAY_SECONDS = 0.1
_MOST_EVENTS = 500
_MOST_ENGINES = 32  # one a run; they hold no files, only compiled statements
_AT_ONCE = {DagsterEventType.STEP_FAILURE, DagsterEventType.STEP_UP_FOR_RETRY}
_TRANSIENT = (OperationalError, OSError)  # a full disk, a locked file: the next attempt may succeed


class BatchingEventLogStorage(SqliteEventLogStorage):
    """Dagster's storage, which here stores several events over the same connections and commits once.

    Dagster's `store_event` writes each event. It asks `run_connection` and `index_connection` for its connections, and
    within a batch these give the batch's. Whatever goes wrong in a batch, each of its events is then stored as Dagster
    stores it without us.

    No file stays open between batches. The web UI's live log depends on that: it watches the run's file, which SQLite
    writes to when the last connection closes.

    The attributes' names have two underscores, so that they cannot clash with those of a later Dagster.
    """

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        """Open the history in this folder; it is created where it is missing."""
        # before Dagster's own constructor, which connects already
        self.__lock = threading.RLock()
        self.__waiting: list[EventLogEntry] = []
        self.__timer: threading.Timer | None = None
        self.__batch: Batch | None = None
        self.__is_storing = False
        self.__is_batching = True
        self.__existing: set[str] = set()
        self.__indexes: set[str] = set()
        self.__columns: set[str] = set()
        self.__engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> Any:
        """The configuration in `dagster.yaml`: `base_dir`, by default where Dagster would put its own history."""
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(  # type: ignore[override]  # Dagster says that it gives the class itself
        cls, inst_data: Any, config_value: Mapping[str, Any]
    ) -> SqliteEventLogStorage:
        """This storage, or Dagster's own where this Dagster is not as we expect. Raises `SettingsError`."""
        base_dir = config_value.get("base_dir") or dagster_internals.default_base_dir()
        differences = dagster_internals.differences()
        if differences:
            _warn_once(f"Dagster {dagster.__version__} is not as we expect ({'; '.join(differences)}).")
            return SqliteEventLogStorage.from_config_value(inst_data, {"base_dir": base_dir})
        return cls(base_dir, inst_data)

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event, soon or at once. Raises what keeps it, or one that came before, from being stored."""
        with self.__lock:
            self.__waiting.append(event)
            may_wait = self.__is_batching and _may_wait(event) and len(self.__waiting) < _MOST_EVENTS
            if not may_wait:
                self.__flush()
            elif self.__timer is None:
                self.__timer = threading.Timer(_DELAY_SECONDS, self.__flush_from_timer)
                self.__timer.daemon = True
                self.__timer.start()

    def run_connection(self, run_id: str | None = None) -> Any:
        """A connection to the run's file."""
        connect = super().run_connection
        return self.__connection(str(run_id), lambda: connect(run_id))

    def index_connection(self) -> AbstractContextManager[Connection]:
        """A connection to the index of all runs."""
        return self.__connection(INDEX, super().index_connection)

    def has_table(self, table_name: str) -> bool:
        """Whether the table exists. Dagster asks for every event; a table that exists is not looked for again."""
        if table_name not in self.__existing and super().has_table(table_name):
            self.__existing.add(table_name)
        return table_name in self.__existing

    def has_secondary_index(self, name: str) -> bool:
        """Whether a migration of the history was made. Dagster asks with every look at an asset; none is undone."""
        if name not in self.__indexes and super().has_secondary_index(name):
            self.__indexes.add(name)
        return name in self.__indexes

    def has_asset_key_col(self, column_name: str) -> bool:
        """Whether the table of assets has this column. Dagster asks thrice with every look at an asset."""
        if column_name not in self.__columns and super().has_asset_key_col(column_name):
            self.__columns.add(column_name)
        return column_name in self.__columns

    def dispose(self) -> None:
        """Store what waits, and close what is open."""
        try:
            self.__flush()
        finally:
            super().dispose()

    def _store_asset_event(self, conn: Connection, event: EventLogEntry, event_id: int) -> None:
        """Update the asset's row; in a batch only once for each kind of event, at its end."""
        if self.__batch is None or event.dagster_event is None:
            super()._store_asset_event(conn, event, event_id)
        else:
            kind = (event.dagster_event.asset_key, event.dagster_event.event_type)
            self.__batch.latest.pop(kind, None)  # so that the last one stands last
            self.__batch.latest[kind] = (event, event_id)

    def __flush(self) -> None:
        with self.__lock:
            if self.__is_storing or not self.__waiting:
                return
            if self.__timer is not None:
                self.__timer.cancel()
                self.__timer = None
            self.__is_storing = True
            try:
                if self.__is_batching:
                    self.__store_together()
                else:
                    self.__store_one_by_one()
            except Exception as error:
                if not self.__is_batching:
                    raise
                self.__store_one_by_one()  # raises, where it is the events that cannot be stored
                self.__is_batching = False
                cause = str(error).partition("\n")[0]
                _warn_once(f"Events could not be written together ({type(error).__name__}: {cause}).")
            finally:
                self.__is_storing = False

    def __flush_from_timer(self) -> None:
        with self.__lock:
            self.__timer = None
            with suppress(Exception):  # the events still wait; what is wrong is raised to who stores or reads next
                self.__store_together()

    def __store_together(self) -> None:
        """Store all that waits in one transaction a file, or nothing.

        Where a run's file could be committed and the index could not, the events will be in the run's log twice. The
        other way round, days could be missing from the index.
        """
        with Batch() as batch:
            self.__batch = batch
            try:
                for event in self.__waiting:
                    super().store_event(event)
                for event, event_id in batch.latest.values():
                    with self.index_connection() as connection:
                        super()._store_asset_event(connection, event, event_id)
                batch.commit()
            finally:
                self.__batch = None
        self.__waiting.clear()

    def __store_one_by_one(self) -> None:
        """Store what waits as Dagster does it. What never can be stored is dropped; the first such error is raised."""
        failure = None
        while self.__waiting:
            try:
                super().store_event(self.__waiting[0])
            except _TRANSIENT:
                raise
            except Exception as error:
                failure = failure or error
            del self.__waiting[0]
        if failure is not None:
            raise failure

    @contextmanager
    def __connection(
        self, file: str, connect: Callable[[], AbstractContextManager[Connection]]
    ) -> Iterator[Connection]:
        """The batch's connection in a batch; else a new one, once all that waits has been stored."""
        with self.__lock:
            if self.__batch is not None:
                yield self.__batch.connection(file, lambda: self.__engine(file, connect))
                return
            self.__flush()
            engine = self.__engine(file, connect) if self.__is_batching else None
        with engine.begin() if engine else connect() as connection:
            yield connection

    def __engine(self, file: str, connect: Callable[[], AbstractContextManager[Connection]]) -> Engine:
        """Dagster's engine of the file, kept for the statements that it has compiled; it keeps no file open."""
        engine = self.__engines.get(file)
        if engine is None or not Path(engine.url.database or "").exists():  # the history may have been wiped
            if len(self.__engines) >= _MOST_ENGINES:
                self.__engines.clear()
            with connect() as connection:  # which makes the file
                engine = self.__engines[file] = connection.engine
        return engine


def _may_wait(event: EventLogEntry) -> bool:
    """Whether more events of the same step will follow, and nothing is lost if they show a moment later."""
    kind = None if event.dagster_event is None else event.dagster_event.event_type
    return event.step_key is not None and kind not in _AT_ONCE


@cache  # so that a process warns once
def _warn_once(reason: str) -> None:
    _log.warning(
        f"{reason} Dagster's own event log storage is used: it writes each event on its own, which is slower and just "
        "as right."
    )
