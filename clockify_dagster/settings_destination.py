"""The destination that the settings name, for those who need no IO manager around it."""

from __future__ import annotations

from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Destination, destination_of


def named_destination(settings: Settings) -> Destination:
    """Where the tables are; opens nothing."""
    return destination_of(
        str(settings.database),
        lake_path=settings.lake_path,
        lock_timeout=settings.lock_timeout_seconds,
        config={},
        schema=settings.tables_schema,
        storage_version=settings.database_storage_version,
    )
