"""What the notebook asks: the marts of a database, each question on a connection of its own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clockify_dagster.marts import marts_schema, require_marts
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Destination
from clockify_dagster.warehouse.ddl import quoted
from clockify_dagster.warehouse.destination import destination_of

if TYPE_CHECKING:
    import pandas as pd

PACKAGES = ("marimo", "altair")
"""What the extra `explore` brings."""

MARTS_READ = (
    "billing_by_client_month",
    "data_quality",
    "dim_workspace",
    "fct_time_entry",
    "overtime_by_user_week",
    "project_budget_burn",
    "utilisation_by_user_week",
)
"""The marts that the notebook reads."""


def is_installed() -> bool:
    """Whether the extra `explore` is installed."""
    return all(find_spec(name) is not None for name in PACKAGES)


def notebook_path() -> Path:
    """The file of the notebook."""
    return Path(__file__).with_name("notebook.py")


@dataclass(frozen=True)
class Source:
    """A database with marts. It is open only while a question is asked, so that a sync gets in between."""

    database: Destination

    @classmethod
    def of(cls, settings: Settings) -> Source:
        """The database that the settings name; opens nothing."""
        database = destination_of(
            str(settings.database),
            lake_path=settings.lake_path,
            lock_timeout=settings.lock_timeout_seconds,
            config={},
            schema=settings.tables_schema,
            storage_version=settings.database_storage_version,
        )
        return cls(database)

    def check(self) -> None:
        """Raise `NotLoadedError` where there is no database, or a mart is not in it that the notebook reads."""
        with self.database.reading() as connection:
            require_marts(connection, MARTS_READ, "the notebook")

    def ask(self, sql: str, **values: Any) -> pd.DataFrame:
        """The answer as a frame. Marts have their names alone, and `$name` is one of the values, if it is there.

        Raises what `Destination.reading` raises, and DuckDB's errors for what is wrong in the SQL.
        """
        with self.database.reading() as connection:
            connection.execute(f"SET schema = {quoted(marts_schema(self.database.schema))}")
            (statement,) = connection.extract_statements(sql)
            used = {name: values[name] for name in statement.named_parameters}
            return connection.execute(statement, used).df()
