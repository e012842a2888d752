"""The checks that look at the database alone: all those of a table in one step."""

from collections.abc import Iterator
from datetime import datetime, timezone

import duckdb
from dagster import AssetCheckExecutionContext, AssetCheckResult, AssetChecksDefinition, multi_asset_check

from clockify_dagster.contract import Table
from clockify_dagster.defs.checks.results import result_of, spec_of
from clockify_dagster.defs.failures import told
from clockify_dagster.defs.partitions import Days
from clockify_dagster.defs.resources import ClockifyResource, WarehouseResource
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse.audit import Scene, audit, checks_of


def table_checks(table: Table, *, blocking: bool) -> AssetChecksDefinition:
    """All checks of a table, in one step; any of them may be selected alone."""

    @multi_asset_check(
        name=f"{table.name}_checks",
        specs=[spec_of(check, blocking=blocking) for check in checks_of(table)],
        can_subset=True,
        op_tags={"dagster/priority": "-10"},
    )
    def checks(
        context: AssetCheckExecutionContext, clockify: ClockifyResource, warehouse: WarehouseResource
    ) -> Iterator[AssetCheckResult]:
        """What is wrong with the table, by SQL. Of a table that was never loaded nothing is said."""
        chosen = {key.name for key in context.selected_asset_check_keys}
        with told(), warehouse.warehouse.database.reading() as connection:
            findings = audit(scene_of(connection, clockify.settings), table, chosen)
        yield from map(result_of, findings)

    return checks


def scene_of(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Scene:
    """The database as these settings want it to be, now."""
    days = Days(settings.start_date, settings.today)
    return Scene(connection, datetime.now(timezone.utc), days.span(settings.zone))
