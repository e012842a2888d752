"""The warehouse as the assets see it: loads to write, frames to read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timezone

import duckdb
import pandas as pd

from clockify_dagster.contract import CONTRACT, Contract, Table
from clockify_dagster.days import Span
from clockify_dagster.errors import NotLoadedError, SettingsError, WarehouseError
from clockify_dagster.progress import Stage, report
from clockify_dagster.warehouse.audit import WorkspaceRows, row_counts, rows_by_workspace
from clockify_dagster.warehouse.change_log import trim_change_log
from clockify_dagster.warehouse.ddl import WORKSPACE, columns_of, quoted, workspace_column
from clockify_dagster.warehouse.destination import Destination
from clockify_dagster.warehouse.loads import Load
from clockify_dagster.warehouse.staging import PageStaging
from clockify_dagster.warehouse.user_tables import PartitionRows, partition_condition, replace_frame


class Warehouse:
    """A destination with the contract's tables in it."""

    def __init__(self, database: Destination, contract: Contract = CONTRACT, change_log_days: int = 0) -> None:
        """Take the database; nothing is opened yet.

        What loads change is remembered for `change_log_days`; with 0, nothing is noted, and what is noted stays.
        """
        self.database = database
        self.contract = contract
        self.change_log_days = change_log_days

    def staging(self, family: Sequence[Table], span: Span | None = None) -> PageStaging:
        """Where a load collects its rows, in files beside the database; see `PageStaging`."""
        return PageStaging(family, self.database, span, logs_changes=self.change_log_days > 0)

    def write(self, load: Load) -> dict[str, int]:
        """Write a load in one transaction, unless it is written already; gives rows by table.

        Raises `LoadConflictError` where another load was written meanwhile and this one has to be read again.
        """
        if load.written is None:
            report(Stage(f"Writing {load.staging.family[0].name}"))
            try:
                load.staging.finish()
                with self.database.writing() as connection:
                    written = load.write(connection)
                    if self.change_log_days and any(table.is_logged for table in load.staging.family):
                        trim_change_log(connection, self.change_log_days, datetime.now(timezone.utc))
            finally:
                load.staging.close()
            load.written = written
            if load.among is not None:
                self._tidy(load)
        return load.written

    def _tidy(self, load: Load) -> None:
        shared = [table.name for table in load.staging.family if workspace_column(table) != WORKSPACE]
        if not shared:
            return
        with suppress(WarehouseError, duckdb.Error):  # the load is written, and the next one tries it again
            self.database.tidy(shared)

    def write_frame(self, table: str, frame: pd.DataFrame, partition: PartitionRows | None = None) -> int:
        """Replace a table that is not ours, or some partitions of it, by a frame; gives the frame's rows."""
        with self.database.writing() as connection:
            return replace_frame(connection, table, frame, partition)

    def read(self, table: str, columns: Iterable[str] = (), partition: PartitionRows | None = None) -> pd.DataFrame:
        """A table as a frame: all of it, some columns, or the rows of some partitions.

        A column that the contract has and an older file has not is null. Raises `NotLoadedError` where no run has
        loaded the table yet, `SettingsError` for a column that it does not have.
        """
        with self.database.reading() as connection:
            held = columns_of(connection, table)
            if held is None:
                raise NotLoadedError(
                    f"The table {table} is not loaded yet. Materialize it first: `clockify-dagster sync` loads "
                    "everything, the job `reference` of the account all that entries refer to."
                )
            declared = {each.name for each in CONTRACT[table].columns} if table in CONTRACT else set()
            if unknown := [each for each in columns if each not in held and each not in declared]:
                raise SettingsError(f"{table} has no column {', '.join(unknown)}. It has: {', '.join(held)}.")
            chosen = ", ".join(quoted(each) if each in held else f"NULL AS {quoted(each)}" for each in columns) or "*"
            sql = f"SELECT {chosen} FROM {quoted(table)}"
            if partition is None:
                return connection.execute(sql).df()
            condition, bounds = partition_condition(connection, table, partition)
            return connection.execute(f"{sql} WHERE {condition}", bounds).df()

    def row_counts(self) -> dict[str, int | None]:
        """Rows of each table of the contract; None where it is not loaded."""
        with self.database.reading() as connection:
            return row_counts(connection, self.contract)

    def rows_by_workspace(self, span: Span | None = None, among: Collection[str] | None = None) -> list[WorkspaceRows]:
        """What is loaded of each of these workspaces, or of all, and how many of its entries start within a span."""
        with self.database.reading() as connection:
            return rows_by_workspace(connection, self.contract, span, among)

    def compatibility(self) -> str:
        """What else can open the database, in a sentence."""
        with self.database.reading() as connection:
            return self.database.compatibility(connection)

    def read_every_value(self) -> None:
        """Read each value of each table, ours or not: DuckDB finds damage only where it looks.

        Raises `DatabaseUnusableError` where something cannot be read.
        """
        with self.database.reading() as connection:
            tables = connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
            ).fetchall()
            for schema, table in tables:
                connection.execute(f"SELECT max(hash(held)) FROM {quoted(schema)}.{quoted(table)} AS held").fetchall()
