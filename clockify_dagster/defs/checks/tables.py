"""The checks that look at the database alone: all those of a table and its children in one step."""

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


def table_checks(contract: Contract, root: Table, calendar: Calendar, *, blocking: bool) -> AssetChecksDefinition:
    """All checks of a table and its children, in one step; any of them may be selected alone."""
    family = contract.family(root.name)

    @multi_asset_check(
        name=f"{root.name}_checks",
        specs=[spec_of(check, blocking=blocking) for table in family for check in checks_of(table)],
        can_subset=True,
        op_tags={"dagster/priority": "-10"},
    )
    def checks(context: AssetCheckExecutionContext, warehouse: WarehouseResource) -> Iterator[AssetCheckResult]:
        """What is wrong with the tables, by SQL. Of a table that was never loaded nothing is said."""
        chosen: dict[str, set[str]] = {}
        for key in context.selected_asset_check_keys:
            chosen.setdefault(key.asset_key.path[-1], set()).add(key.name)
        with error_boundary(), warehouse.warehouse.database.reading() as connection:
            about = audit_context(connection, calendar, contract)
            findings = [each for table in family for each in audit(about, table, chosen.get(table.name, ()))]
        yield from map(result_of, findings)

    return checks


def audit_context(connection: duckdb.DuckDBPyConnection, calendar: Calendar, contract: Contract) -> AuditContext:
    """The database as it is now, and the days that it may hold."""
    return AuditContext(connection, datetime.now(timezone.utc), calendar.limits, contract)
