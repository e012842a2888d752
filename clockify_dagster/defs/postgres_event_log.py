"""Dagster's event log in Postgres: a connection stays open, and the days that a run is to load are noted together.

Dagster's own opens two connections for each event, and notes each of the days as an event. What was loaded it writes in
batches by itself, if DAGSTER_EVENT_BATCH_SIZE says so (docs/scale.md). Only public names of dagster-postgres are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import AssetKey, DagsterEventType, EventLogEntry
from dagster_postgres import PostgresEventLogStorage
from sqlalchemy import literal_column

_MILLISECONDS, _SECONDS, _MORE = 600_000, 1800, 20  # of a statement, of a connection's life; further connections


class PostgresEventLog(PostgresEventLogStorage):
    """As Dagster's own, and configured in the same way."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> PostgresEventLog:
        """The one that `dagster.yaml` describes."""
        made = PostgresEventLogStorage.from_config_value(inst_data, config_value)
        log = cls(made.postgres_url, made.should_autocreate_tables, inst_data)
        # what the webserver does with its own: one connection stays open
        log.optimize_for_webserver(statement_timeout=_MILLISECONDS, pool_recycle=_SECONDS, max_overflow=_MORE)
        return log

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events that came together."""
        planned = [each for each in events if _is_planned(each)]
        if planned:
            statement = self.prepare_insert_event_batch(planned).returning(literal_column("id"))
            with self.index_connection() as connection:
                ids = [int(row[0]) for row in connection.execute(statement).fetchall()]
            last: dict[AssetKey | None, tuple[EventLogEntry, int]] = {
                event.get_dagster_event().asset_key: (event, number) for event, number in zip(planned, ids, strict=True)
            }
            for event, number in last.values():
                self.store_asset_event(event, number)
        others = [each for each in events if not _is_planned(each)]
        if others:
            super().store_event_batch(others)


def _is_planned(event: EventLogEntry) -> bool:
    return event.is_dagster_event and event.dagster_event_type is DagsterEventType.ASSET_MATERIALIZATION_PLANNED
