"""The DuckDB file, as IO manager and as resource. Which rows replace which is the warehouse's business."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
from dagster import (
    AssetObservation,
    InputContext,
    IOManager,
    OutputContext,
    ResourceParam,
    RetryRequested,
    TimeWindowPartitionsDefinition,
)
from dagster_duckdb_pandas import DuckDBPandasIOManager
from pydantic import Field, PrivateAttr

from clockify_dagster.contract import CONTRACT, WORKSPACES, Contract
from clockify_dagster.days import Span
from clockify_dagster.defs.error_boundary import error_boundary, failure_of
from clockify_dagster.defs.table_outputs import PARTITION_ROWS, ROWS, day_metadata, place_of, table_metadata
from clockify_dagster.errors import LoadConflictError, SettingsError
from clockify_dagster.warehouse import Database, Load, Warehouse
from clockify_dagster.warehouse.ddl import SCHEMA
from clockify_dagster.warehouse.user_tables import PartitionRows

MOST_CONFLICTS = 5


class ClockifyIOManager(DuckDBPandasIOManager, IOManager):
    """A DuckDB IO manager for pandas, by the fields of Dagster's own (`database`, `connection_config`, `schema`).

    It writes otherwise: in one transaction, by column name, into tables made from the contract, a parent and its
    children together. A frame for an asset that is not ours becomes a table of the asset's name. As the resource
    `warehouse` it serves those who look into the file: checks, refreshes that compare, schedules.
    """

    lock_timeout_seconds: float = Field(default=600, description="How long to wait for another process that has it.")

    # every step of a run takes the workspaces, and opening the file takes longer than all else about it
    _read_in_this_run: dict[Any, pd.DataFrame] = PrivateAttr(default_factory=dict)

    def create_io_manager(self, context: Any) -> ClockifyIOManager:  # type: ignore[override]  # not of Dagster's class
        """It serves itself. Raises `SettingsError` where another schema is asked for."""
        del context
        if self.schema_ not in (None, SCHEMA):
            raise SettingsError(f"The tables are in the schema {SCHEMA}; leave the IO manager's `schema` out.")
        self._read_in_this_run.clear()
        return self

    def warehouse(self, contract: Contract = CONTRACT, *, patience: float = float("inf")) -> Warehouse:
        """The warehouse, with at most `patience` seconds to wait for another process. Opens nothing yet."""
        timeout = min(patience, self.lock_timeout_seconds)
        return Warehouse(Database(Path(self.database), timeout, self.connection_config), contract)

    def handle_output(self, context: OutputContext, obj: Load | pd.DataFrame) -> None:
        """Write a load, once for all the tables in it, or a frame that is a whole table or some days of it."""
        table = context.asset_key.path[-1]
        if table == WORKSPACES:
            self._read_in_this_run.clear()
        with error_boundary():
            if isinstance(obj, Load):
                _write(self.warehouse(), obj)
                _describe_load(context, obj, table)
            elif isinstance(obj, pd.DataFrame) and table not in CONTRACT:
                rows = self.warehouse().write_frame(table, obj, _partition_rows(context, context.definition_metadata))
                _describe_frame(context, table, rows)
            else:
                raise TypeError(f"{table} was given {type(obj).__name__}; this IO manager takes loads and frames")
        if isinstance(obj, Load) and obj.is_superseded:
            context.log.info(f"Another run has loaded {table} from a later listing; its rows stay.")

    def load_input(self, context: InputContext) -> pd.DataFrame:
        """The table's rows: all, or of the partitions that are asked for; `columns` in the input's metadata chooses."""
        columns = (context.definition_metadata or {}).get("columns") or ()
        upstream = context.upstream_output.definition_metadata if context.upstream_output else None
        table = context.asset_key.path[-1]
        with error_boundary():
            wanted = (table, tuple(columns), _partition_rows(context, upstream))
            if table != WORKSPACES:
                return self.warehouse().read(*wanted)
            if wanted not in self._read_in_this_run:
                self._read_in_this_run[wanted] = self.warehouse().read(*wanted)
            return self._read_in_this_run[wanted]


WarehouseResource: TypeAlias = ResourceParam[ClockifyIOManager]
"""How a step asks for the resource `warehouse`."""


def _write(warehouse: Warehouse, load: Load) -> dict[str, int]:
    """Write a load; where another run has written the table meanwhile, let Dagster do the step again."""
    try:
        return warehouse.write(load)
    except LoadConflictError as error:
        # where it was tried often enough, Dagster shows the failure that the last request came from
        raise RetryRequested(max_retries=MOST_CONFLICTS, seconds_to_wait=1) from failure_of(error, {})


def _describe_load(context: OutputContext, load: Load, table: str) -> None:
    """Put into the table's materialization what was written; into that of each day what is there of the day."""
    if not context.has_asset_partitions:
        context.add_output_metadata(table_metadata(load, table))
        return
    by_day = load.by_day[table]
    nothing = {name: 0 * number for numbers in by_day.values() for name, number in numbers.items()}
    add = context.step_context.add_asset_metadata
    add(day_metadata(nothing), asset_key=context.asset_key)  # to all days
    for day, numbers in by_day.items():
        if numbers["rows"]:  # each call takes the longer the more there were: all days of ten years, 8 s
            add(day_metadata(numbers), asset_key=context.asset_key, partition_key=day.isoformat())


def _describe_frame(context: OutputContext, table: str, rows: int) -> None:
    """Put the rows of a user's frame into its materialization; those of several partitions into an observation."""
    if not context.has_asset_partitions:
        context.add_output_metadata({ROWS: rows, "dagster/row_count": rows, **place_of(table)})
    elif len(context.asset_partition_keys) == 1:
        context.add_output_metadata({PARTITION_ROWS: rows, **place_of(table)})
    else:
        context.log_event(AssetObservation(context.asset_key, metadata={ROWS: rows, **place_of(table)}))


def _partition_rows(context: InputContext | OutputContext, metadata: Mapping[str, Any] | None) -> PartitionRows | None:
    """Which rows the partitions stand for; None for all rows, of an asset that has no partitions."""
    if not context.has_asset_partitions:
        return None
    column = (metadata or {}).get("partition_expr")
    if not column or not isinstance(context.asset_partitions_def, TimeWindowPartitionsDefinition):
        raise SettingsError(
            f"{context.asset_key.to_user_string()} has partitions, and this IO manager keeps only those of time apart. "
            'Give it such partitions, and name the column: metadata={"partition_expr": "day"}.'
        )
    window = context.asset_partitions_time_window
    return str(column), Span(window.start, window.end)
