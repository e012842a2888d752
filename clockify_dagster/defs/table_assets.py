"""How the tables that are replaced whole become assets: the asset modules say only how their rows are fetched."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from typing import Any

import pandas as pd
from dagster import (
    AssetExecutionContext,
    AssetIn,
    AssetKey,
    AssetOut,
    AssetsDefinition,
    BackfillPolicy,
    FreshnessPolicy,
    Output,
    PartitionsDefinition,
    multi_asset,
)

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.paging import Documents
from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.contract.frames import flatten
from clockify_dagster.defs.failures import told
from clockify_dagster.defs.metadata import misfits_metadata, table_metadata
from clockify_dagster.defs.resources import ClockifyResource, WarehouseResource
from clockify_dagster.errors import ClockifyDagsterError
from clockify_dagster.warehouse import Load, TablesLoad
from clockify_dagster.warehouse.audit import longest_age
from clockify_dagster.warehouse.staging import Staging

WORKSPACES = "clockify_workspaces"
Fetch = Callable[[ClockifyClient, str], Iterator[tuple[str, Documents]]]


def whole_tables(*roots: str, group: str, priority: int = 0) -> Callable[[Fetch], AssetsDefinition]:
    """An asset for each of these tables and their children, all filled from one reading of the listing.

    The decorated function is given the client and a workspace's id, and yields pages: a table's name and its documents.
    """

    def decorate(fetch: Fetch) -> AssetsDefinition:
        @multi_asset(
            name=fetch.__name__,
            description=fetch.__doc__,
            ins={WORKSPACES: AssetIn(metadata={"columns": ["id", "name"]})},
            **asset_options(*roots, group=group, priority=priority),
        )
        def assets(
            context: AssetExecutionContext,
            clockify: ClockifyResource,
            warehouse: WarehouseResource,
            clockify_workspaces: pd.DataFrame,
        ) -> Iterator[Output[Load]]:
            metadata: dict[str, Any] = {}
            tables = Collection(roots)
            with refreshing(roots[0], context, clockify, warehouse):
                with told(metadata), clockify.counted(metadata) as client:
                    last = warehouse.warehouse.last_load(roots)
                    if last is not None:  # by another run, it may be, after we had read ahead
                        client.forget(before=last)
                    for workspace, name in clockify.chosen(clockify_workspaces).items():
                        for root, documents in fetch(client, workspace):
                            tables.add(root, documents)
                        context.log.info(f"{name}: {tables}; {client.transport.requests} requests so far")
                yield from tables.outputs(context, metadata)

        return assets

    return decorate


def asset_options(
    *roots: str, group: str, priority: int = 0, partitions: PartitionsDefinition[Any] | None = None
) -> dict[str, Any]:
    """What `multi_asset` is told about these tables and their children. Any of them may be selected alone."""
    tables = [table for root in roots for table in CONTRACT.family(root)]
    return {
        "outs": {table.name: _out(table, group) for table in tables},
        "internal_asset_deps": {table.name: _upstream(table) for table in tables},
        "can_subset": True,
        "partitions_def": partitions,
        # a range of days is one run also where tables without partitions are among the selected ones
        "backfill_policy": BackfillPolicy.single_run(),
        "op_tags": {"dagster/priority": str(priority)},
    }


@contextmanager
def refreshing(
    root: str, context: AssetExecutionContext, clockify: ClockifyResource, warehouse: WarehouseResource
) -> Iterator[None]:
    """Around a refresh, from its first request to its write: settings and key are there, and it is our turn."""
    waits: list[str] = []

    def tell(words: str) -> None:
        waits.append(words)
        context.log.warning(words)

    with ExitStack() as stack:
        with told():
            clockify.require()
            stack.enter_context(warehouse.turn(root, tell))
            if waits:  # what was read before it was our turn may be old by now
                clockify.client.forget(before=datetime.now(timezone.utc))
        yield


def _out(table: Table, group: str) -> AssetOut:
    return AssetOut(
        key=AssetKey(table.name),
        description=table.description,
        group_name=group,
        kinds={"clockify", "duckdb", "pandas"},
        metadata=table_metadata(table),
        is_required=False,
        freshness_policy=FreshnessPolicy.time_window(fail_window=longest_age(table)),
    )


def _upstream(table: Table) -> set[AssetKey]:
    names = {WORKSPACES, table.parent} - {table.name, None}
    return {AssetKey(name) for name in names if name is not None}


class Collection:
    """Families of tables on their way: what comes from one listing, kept apart so that one's fault costs no other."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        """Collect for these tables and their children."""
        self._stagings = {root: Staging(CONTRACT.family(root)) for root in roots}
        self._faults: dict[str, ClockifyDagsterError] = {}

    def __str__(self) -> str:
        """How many documents came, by table."""
        return ", ".join(f"{staging.documents} {root}" for root, staging in self._stagings.items())

    def add(self, root: str, documents: Documents) -> None:
        """Take a page. A document that cannot become a row ends its table, not the others."""
        if root in self._faults:
            return
        staging = self._stagings[root]
        try:
            staging.add(flatten(staging.family, documents))
        except ClockifyDagsterError as error:
            self._faults[root] = error

    def outputs(self, context: AssetExecutionContext, metadata: Mapping[str, Any]) -> Iterator[Output[Load]]:
        """A load for each selected table that is whole; then, if there was one, the first fault."""
        for root, staging in self._stagings.items():
            if root not in self._faults:
                yield from outputs(context, TablesLoad(staging), metadata)
        for fault in self._faults.values():
            with told(metadata):
                raise fault


def outputs(context: AssetExecutionContext, load: Load, metadata: Mapping[str, Any]) -> Iterator[Output[Load]]:
    """The load as the output of each selected table of its family; the IO manager writes it once."""
    for misfits in load.staging.misfits:
        context.log.warning(str(misfits))
    selected = context.op_execution_context.selected_output_names
    for table in load.staging.family:
        if table.name in selected:
            shown = {**metadata, **misfits_metadata(table.name, load.staging.misfits)}
            yield Output(load, output_name=table.name, metadata=shown)
