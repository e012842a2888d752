"""The checks that look at the database alone: all those of a table in one step."""

from collections.abc import Iterator
from datetime import datetime, timezone

import duckdb
from dagster import AssetCheckExecutionContext, AssetCheckResult, AssetChecksDefinition, multi_asset_check

from clockify_dagster.contract import Contract, Table
from clockify_dagster.defs.checks.results import result_of, spec_of
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import WarehouseResource
from clockify_dagster.warehouse.audit import AuditContext, audit, checks_of


def table_checks(contract: Contract, table: Table, calendar: Calendar, *, blocking: bool) -> AssetChecksDefinition:
    """All checks of a table, in one step; any of them may be selected alone."""

    @multi_asset_check(
        name=f"{table.name}_checks",
        specs=[spec_of(check, blocking=blocking) for check in checks_of(table)],
        can_subset=True,
        op_tags={"dagster/priority": "-10"},
    )
    def checks(context: AssetCheckExecutionContext, warehouse: WarehouseResource) -> Iterator[AssetCheckResult]:
        """What is wrong with the table, by SQL. Of a table that was never loaded nothing is said."""
        chosen = {key.name for key in context.selected_asset_check_keys}
        with error_boundary(), warehouse.warehouse.database.reading() as connection:
            findings = audit(audit_context(connection, calendar, contract), table, chosen)
        yield from map(result_of, findings)

    return checks


def audit_context(connection: duckdb.DuckDBPyConnection, calendar: Calendar, contract: Contract) -> AuditContext:
    """The database as it is now, and the days that it may hold."""
    return AuditContext(connection, datetime.now(timezone.utc), calendar.limits, contract)
