"""The IO manager: frames into DuckDB and out of it. Which rows replace which is the warehouse's business."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from dagster import InputContext, IOManager, OutputContext
from dagster_duckdb_pandas import DuckDBPandasIOManager
from pydantic import Field

from clockify_dagster.contract import CONTRACT
from clockify_dagster.defs.failures import told
from clockify_dagster.defs.metadata import rows_metadata
from clockify_dagster.warehouse import Load, Span, Warehouse
from clockify_dagster.warehouse.connection import Database


class ClockifyIOManager(DuckDBPandasIOManager):
    """A DuckDB IO manager for pandas, by the fields of Dagster's own (`database`, `connection_config`, `schema`).

    It writes otherwise: in one transaction, by column name, into tables made from the contract, a parent and its
    children together. A frame for an asset that is none of ours becomes a table of the asset's name.
    """

    lock_timeout_seconds: float = Field(default=60, description="How long to wait for another process that holds it.")

    def create_io_manager(self, context: Any) -> IOManager:  # type: ignore[override]  # Dagster's own names its class
        """The manager of a run."""
        del context
        config = {"custom_user_agent": "clockify_dagster", **self.connection_config}
        return _Manager(Warehouse(Database(Path(self.database), self.lock_timeout_seconds, config)))


class _Manager(IOManager):
    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def handle_output(self, context: OutputContext, obj: Load | pd.DataFrame) -> None:
        """Write a load, once for all the tables in it, or a frame that is a whole table."""
        table = context.asset_key.path[-1]
        with told():
            if isinstance(obj, Load):
                rows = self._warehouse.write(obj)[table]
            elif isinstance(obj, pd.DataFrame) and table not in CONTRACT:
                rows = self._warehouse.write_frame(table, obj)
            else:
                raise TypeError(f"{table} was given {type(obj).__name__}; this IO manager takes loads and frames")
        context.add_output_metadata(rows_metadata(table, rows, partitioned=context.has_asset_partitions))

    def load_input(self, context: InputContext) -> pd.DataFrame:
        """The table's rows: all, or of the partitions that are asked for; `columns` in the input's metadata chooses."""
        table = context.asset_key.path[-1]
        columns = (context.definition_metadata or {}).get("columns") or ()
        with told():
            return self._warehouse.read(table, columns, _span_of(context, table))


def _span_of(context: InputContext, table: str) -> tuple[str, Span] | None:
    column = CONTRACT[table].partition_column if table in CONTRACT else None
    if column is None or not context.has_asset_partitions:
        return None
    window = context.asset_partitions_time_window
    return column, Span(window.start, window.end)
