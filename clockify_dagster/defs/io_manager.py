"""The database, as IO manager and as resource. Which rows replace which is the warehouse's business."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd
from dagster import (
    AssetObservation,
    InputContext,
    IOManager,
    OutputContext,
    RetryRequested,
)
from dagster_duckdb_pandas import DuckDBPandasIOManager
from pydantic import Field, PrivateAttr

from clockify_dagster.contract import CONTRACT, WORKSPACES, Contract
from clockify_dagster.contract.change_log import CHANGE_LOG
from clockify_dagster.defs.asset_partitions import partition_rows
from clockify_dagster.defs.error_boundary import error_boundary, failure_of
from clockify_dagster.defs.table_specs import PARTITION_ROWS, ROWS, TABLE, day_metadata, place_of, table_metadata
from clockify_dagster.errors import LoadConflictError, SettingsError
from clockify_dagster.warehouse import Load, Warehouse, destination_of
from clockify_dagster.warehouse.database import STORAGE_VERSION
from clockify_dagster.warehouse.ddl import MAIN
from clockify_dagster.warehouse.workspace_state import NOT_CHOSEN, workspace_states

MOST_CONFLICTS = 5


class ClockifyIOManager(DuckDBPandasIOManager, IOManager):
    """A DuckDB IO manager for pandas, by the fields of Dagster's own (`database`, `connection_config`, `schema`).

    It writes otherwise: in one transaction, by column name, into tables made from the contract, a parent and its
    children together. A frame for an asset of yours becomes a table of the asset's name. As a resource it serves those
    who look into the file: checks, refreshes that compare, schedules.
    """

    lock_timeout_seconds: float = Field(default=600, description="How long to wait for another process that has it.")
    change_log_days: int = Field(default=0, description="For how many days changes are remembered; 0: not at all.")
    lake_path: str | None = Field(default=None, description="Where a lake has its data: a folder or s3://.")
    storage_version: str = Field(default=STORAGE_VERSION, description="DuckDB's storage version, where a file is made.")

    # every step of a run takes the workspaces, and opening the file takes longer than all else about it
    _read_in_this_run: dict[Any, pd.DataFrame] = PrivateAttr(default_factory=dict)
    _unread: dict[str, str] | None = PrivateAttr(default=None)

    def create_io_manager(self, context: Any) -> ClockifyIOManager:  # type: ignore[override]  # not of Dagster's class
        """It serves itself."""
        del context
        self._forget_workspaces()
        return self

    def warehouse(
        self, contract: Contract = CONTRACT, *, patience: float = float("inf"), schema: str | None = None
    ) -> Warehouse:
        """The warehouse, with at most `patience` seconds to wait for another process. Opens nothing yet."""
        timeout = min(patience, self.lock_timeout_seconds)
        place = schema or self.schema_ or MAIN
        destination = destination_of(
            self.database,
            lake_path=self.lake_path,
            lock_timeout=timeout,
            config=self.connection_config,
            schema=place,
            storage_version=self.storage_version,
        )
        return Warehouse(destination, contract, self.change_log_days)

    def unread_workspaces(self) -> dict[str, str]:
        """The loaded workspaces that cannot be read, and why, as they were when the workspaces were last loaded.

        Which ones the setting leaves out is not among it: that may have changed since.
        """
        if self._unread is None:
            with self.warehouse().database.reading_if_there() as connection:
                states = {} if connection is None else workspace_states(connection, WORKSPACES)
            self._unread = {
                each: state.unread
                for each, state in states.items()
                if state.unread and state.unread != NOT_CHOSEN and state.read_at
            }
        return self._unread

    def _forget_workspaces(self) -> None:
        self._read_in_this_run.clear()
        self._unread = None

    def handle_output(self, context: OutputContext, obj: Load | pd.DataFrame | None) -> None:
        """Write a load, once for all the tables in it, or a frame that is a whole table or some partitions of it."""
        metadata = context.definition_metadata or {}
        table = str(metadata.get(TABLE) or context.asset_key.path[-1])
        schema = self._schema_of(context, metadata)
        if table == WORKSPACES:
            self._forget_workspaces()
        if obj is None:
            return  # as in Dagster's own: an asset without a value has nothing to be written
        with error_boundary():
            if isinstance(obj, Load):
                with _tried_again_on_conflict():
                    self.warehouse().write(obj)
                _describe_load(context, obj, context.name, schema)
            elif isinstance(obj, pd.DataFrame) and TABLE not in metadata:
                _check_name(context, table)
                with _tried_again_on_conflict():
                    rows = self.warehouse(schema=schema).write_frame(table, obj, partition_rows(context, metadata))
                _describe_frame(context, rows, place_of(table, schema))
            else:
                given = f"{type(obj).__module__.partition('.')[0]}.{type(obj).__name__}"
                raise SettingsError(f"{table} was given {given}. This IO manager takes pandas.DataFrame, and None.")
        if isinstance(obj, Load) and obj.is_superseded:
            context.log.info(f"Another run has loaded {table} from a later listing; its rows stay.")

    def load_input(self, context: InputContext) -> pd.DataFrame:
        """The table's rows: all, or of the partitions that are asked for; `columns` in the input's metadata chooses."""
        columns = (context.definition_metadata or {}).get("columns") or ()
        upstream = (context.upstream_output.definition_metadata if context.upstream_output else None) or {}
        table = str(upstream.get(TABLE) or context.asset_key.path[-1])
        warehouse = self.warehouse(schema=self._schema_of(context, upstream))
        with error_boundary():
            wanted = (table, tuple(columns), partition_rows(context, upstream))
            if table != WORKSPACES:
                return warehouse.read(*wanted)
            if wanted not in self._read_in_this_run:
                self._read_in_this_run[wanted] = warehouse.read(*wanted)
            return self._read_in_this_run[wanted]

    def _schema_of(self, context: InputContext | OutputContext, metadata: Mapping[str, Any]) -> str:
        """Where an asset's table is: by `schema` in its metadata, the IO manager's own, or the key, as in Dagster's."""
        prefix = () if TABLE in metadata else context.asset_key.path[:-1]
        return str(metadata.get("schema") or self.schema_ or (prefix[-1] if prefix else MAIN))


def _check_name(context: OutputContext, table: str) -> None:
    """Raise `SettingsError` where a frame would take the place of a table that loads write."""
    if table in CONTRACT or table == CHANGE_LOG:
        name = context.asset_key.to_user_string()
        raise SettingsError(f"{name} would take the place of the table {table}, which has Clockify's rows. Rename it.")


@contextmanager
def _tried_again_on_conflict() -> Iterator[None]:
    """Where another run has written the table meanwhile, let Dagster do the step again."""
    try:
        yield
    except LoadConflictError as error:
        # where it was tried often enough, Dagster shows the failure that the last request came from
        raise RetryRequested(max_retries=MOST_CONFLICTS, seconds_to_wait=1) from failure_of(error, {})


def _describe_load(context: OutputContext, load: Load, table: str, schema: str) -> None:
    """Put into the table's materialization what was written; into that of each day what is there of the day."""
    if not context.has_asset_partitions:
        context.add_output_metadata(table_metadata(load, table, schema))
        return
    by_day = load.by_day[table]
    nothing = {name: 0 * number for numbers in by_day.values() for name, number in numbers.items()}
    add = context.step_context.add_asset_metadata
    add(day_metadata(nothing), asset_key=context.asset_key)  # to all days
    for day, numbers in by_day.items():
        if numbers["rows"]:  # each call takes the longer the more there were: all days of ten years, 8 s
            add(day_metadata(numbers), asset_key=context.asset_key, partition_key=day.isoformat())


def _describe_frame(context: OutputContext, rows: int, place: Mapping[str, str]) -> None:
    """Put the rows of a user's frame into its materialization; those of several partitions into an observation."""
    if not context.has_asset_partitions:
        context.add_output_metadata({ROWS: rows, "dagster/row_count": rows, **place})
    elif len(context.asset_partition_keys) == 1:
        context.add_output_metadata({PARTITION_ROWS: rows, **place})
    else:
        context.log_event(AssetObservation(context.asset_key, metadata={ROWS: rows, **place}))
