"""The asset checks: what `warehouse.audit` and `reconcile` find, as Dagster shows it; none is written for one table."""

from collections.abc import Iterator
from datetime import datetime, timezone

import duckdb
from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    multi_asset_check,
)

from clockify_dagster.contract import CONTRACT, Contract, Table
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.io_manager import WarehouseResource
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import ClockifyResource, connect
from clockify_dagster.reconcile import CHECK, ReconciliationContext, reconcile, unable
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Warehouse
from clockify_dagster.warehouse.audit import AuditContext, Check, Finding, audit, checks_of

PATIENCE_SECONDS = 20
"""How long the comparison waits for the request limit: a check that cannot be made now is made another time."""


def all_checks(calendar: Calendar, contract: Contract = CONTRACT, *, blocking: bool) -> list[AssetChecksDefinition]:
    """The checks of every table; with `blocking`, what depends on a table waits for those that can be errors."""
    of_tables = [_table_checks(contract, table, calendar, blocking=blocking) for table in contract.roots]
    return [*of_tables, _reconciliation(calendar, blocking=blocking)]


def _table_checks(contract: Contract, root: Table, calendar: Calendar, *, blocking: bool) -> AssetChecksDefinition:
    """The checks of a table and its children by the database alone, in one step; any may be selected alone."""
    family = contract.family(root.name)

    @multi_asset_check(
        name=f"{root.name}_checks",
        specs=[_spec(check, blocking=blocking) for table in family for check in checks_of(table)],
        can_subset=True,
        op_tags={"dagster/priority": "-10"},
    )
    def checks(context: AssetCheckExecutionContext, warehouse: WarehouseResource) -> Iterator[AssetCheckResult]:
        """What is wrong with the tables, by SQL. Of a table that was never loaded nothing is said."""
        chosen: dict[str, set[str]] = {}
        for key in context.selected_asset_check_keys:
            chosen.setdefault(key.asset_key.path[-1], set()).add(key.name)
        with error_boundary(), warehouse.warehouse().database.reading() as connection:
            about = audit_context(connection, calendar, contract)
            findings = [each for table in family for each in audit(about, table, chosen.get(table.name, ()))]
        yield from map(_result, findings)

    return checks


def audit_context(connection: duckdb.DuckDBPyConnection, calendar: Calendar, contract: Contract) -> AuditContext:
    """The database as it is now, and the days that it should hold."""
    now = datetime.now(timezone.utc)
    return AuditContext(connection, now, days=calendar.days, zone=calendar.zone, contract=contract)


def _reconciliation(calendar: Calendar, *, blocking: bool) -> AssetChecksDefinition:
    """The check that asks Clockify whether the hours add up to its own totals, in a step of its own."""

    @multi_asset_check(
        name=f"{CHECK.table}_reconciliation",
        specs=[_spec(CHECK, blocking=blocking)],
        op_tags={"dagster/priority": "-20"},
    )
    def checks(clockify: ClockifyResource, warehouse: WarehouseResource) -> AssetCheckResult:
        """Compare the loaded days with Clockify's reports: a request a workspace, more where they differ."""
        with error_boundary():
            return _result(reconciled(clockify.settings, calendar, warehouse.warehouse()))

    return checks


def reconciled(settings: Settings, calendar: Calendar, warehouse: Warehouse) -> Finding:
    """What the comparison finds by these settings, with a client of its own that does not wait long."""
    if settings.api_key is None:
        return unable("CLOCKIFY_API_KEY is not set, so Clockify cannot be asked.")
    patience = min(settings.max_wait_seconds, PATIENCE_SECONDS)
    client = connect(settings.model_copy(update={"max_wait_seconds": patience}))
    try:
        return reconcile(
            client,
            ReconciliationContext(
                warehouse=warehouse,
                workspaces=settings.workspaces,
                zone=calendar.zone,
                days=calendar.days,
                now=datetime.now(timezone.utc),
            ),
        )
    finally:
        client.transport.close()


def _spec(check: Check, *, blocking: bool) -> AssetCheckSpec:
    return AssetCheckSpec(
        check.name,
        asset=AssetKey(check.table),
        description=check.description,
        blocking=blocking and check.severity == "ERROR",
        # what it looks into may be loaded by the same run: first that, then the check
        additional_deps=[AssetKey(table) for table in check.others],
    )


def _result(finding: Finding) -> AssetCheckResult:
    """Dagster knows pass and failure only: what was not checked is a warning that says so."""
    return AssetCheckResult(
        check_name=finding.check.name,
        asset_key=AssetKey(finding.check.table),
        passed=finding.passed is True,
        severity=AssetCheckSeverity(finding.severity),
        description=finding.message,
        # of lists without anything in them the page would show a button each
        metadata={name: value for name, value in finding.metadata.items() if value not in ([], {})},
    )
