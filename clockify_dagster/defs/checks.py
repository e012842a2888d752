"""The asset checks: what `warehouse.audit` and `reconcile` find, as Dagster shows it; none is written for one table."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timezone

import duckdb
from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    multi_asset_check,
)

from clockify_dagster.contract import Contract, Table
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import connect
from clockify_dagster.defs.run_workspaces import workspaces_of_run
from clockify_dagster.marts import audit_marts, mart_checks
from clockify_dagster.progress import counted
from clockify_dagster.reconcile import CHECK, RECONCILIATIONS, ReconciliationContext
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Warehouse
from clockify_dagster.warehouse.audit import AuditContext, Check, Finding, audit, checks_of, not_checked

PATIENCE_SECONDS = 20
"""How long the comparison waits for the request limit: a check that cannot be made now is made another time."""


def all_checks(account: Account, *, blocking: bool) -> list[AssetChecksDefinition]:
    """The checks of every table and mart.

    With `blocking`, what depends on a table waits for those of its checks that can be errors and look into no other
    table: tables refer to each other in circles, so a step that waited for all checks would wait for itself.
    """
    of_tables = [made for table in account.contract.roots for made in _table_checks(account, table, blocking=blocking)]
    of_marts = [_mart_checks(account, blocking=blocking)] if account.marts else []
    return [*of_tables, *of_marts, _reconciliation(account, blocking=blocking)]


def _table_checks(account: Account, root: Table, *, blocking: bool) -> list[AssetChecksDefinition]:
    """The checks of a table and its children by the database alone: in one step, or in two where some are blocking."""
    checks = [check for table in account.contract.family(root.name) for check in checks_of(table)]
    step = account.step(root.name)
    if not blocking:
        return [_checks_step(account, root, f"{step}_checks", checks)]
    alone, references = [c for c in checks if not c.others], [c for c in checks if c.others]
    made = [_checks_step(account, root, f"{step}_checks", alone, blocking=True)]
    return [*made, _checks_step(account, root, f"{step}_references", references)] if references else made


def _checks_step(
    account: Account, root: Table, step: str, of: Sequence[Check], *, blocking: bool = False
) -> AssetChecksDefinition:
    """A step of these checks; any may be selected alone."""
    family = account.contract.family(root.name)

    @multi_asset_check(
        name=step,
        specs=[_spec(account, check, blocking=blocking) for check in of],
        can_subset=True,
        required_resource_keys={account.warehouse_key},
        op_tags={"dagster/priority": "-10"},
    )
    def checks(context: AssetCheckExecutionContext) -> Iterator[AssetCheckResult]:
        """What is wrong with the tables, by SQL. Of one that was never loaded, or is on no plan, nothing is said."""
        tables = {account.key(table.name): table.name for table in family}
        chosen: dict[str, set[str]] = {}
        for key in context.selected_asset_check_keys:
            chosen.setdefault(tables[key.asset_key], set()).add(key.name)
        with error_boundary(), _warehouse(account, context).database.reading() as connection:
            among = workspaces_of_run(context.run.tags)
            about = audit_context(connection, account.calendar, account.contract, among)
            # Dagster would leave out what waits for a check of which nothing is said
            there = family if blocking else [table for table in family if not about.is_absent(table)]
            each_table = counted(there, f"Checking {root.name}", "tables", len(there))
            findings = [each for table in each_table for each in audit(about, table, chosen.get(table.name, ()))]
        yield from (_result(account, finding) for finding in findings)

    return checks


def _mart_checks(account: Account, *, blocking: bool) -> AssetChecksDefinition:
    """The checks of all marts, in one step; any may be selected alone."""

    @multi_asset_check(
        name=account.named("marts_checks"),
        specs=[_spec(account, check, blocking=blocking) for mart in account.marts for check in mart_checks(mart)],
        can_subset=True,
        required_resource_keys={account.warehouse_key},
        op_tags={"dagster/priority": "-15"},
    )
    def checks(context: AssetCheckExecutionContext) -> Iterator[AssetCheckResult]:
        """Whether keys are unique and sums are those of the time entries. Of a mart that was never made: nothing."""
        chosen = {(account.names[key.asset_key], key.name) for key in context.selected_asset_check_keys}
        with error_boundary(), _warehouse(account, context).database.reading() as connection:
            findings = audit_marts(connection, account.marts, chosen)
        yield from (_result(account, finding) for finding in findings)

    return checks


def _warehouse(account: Account, context: AssetCheckExecutionContext) -> Warehouse:
    return account.warehouse(context.resources).warehouse(account.contract)


def audit_context(
    connection: duckdb.DuckDBPyConnection,
    calendar: Calendar,
    contract: Contract,
    among: Collection[str] | None = None,
) -> AuditContext:
    """The database as it is now, and the days that it should hold; with `among`, of these workspaces alone."""
    now = datetime.now(timezone.utc)
    return AuditContext(connection, now, days=calendar.days, zone=calendar.zone, contract=contract, among=among)


def _reconciliation(account: Account, *, blocking: bool) -> AssetChecksDefinition:
    """The checks that ask Clockify whether the tables add up to its own totals, in a step of its own."""
    chosen = [check for check in RECONCILIATIONS if check.table in account.contract]

    @multi_asset_check(
        name=f"{account.step(CHECK.table)}_reconciliation",
        specs=[_spec(account, check, blocking=blocking) for check in chosen],
        can_subset=True,
        required_resource_keys=account.resource_keys,
        op_tags={"dagster/priority": "-20"},
    )
    def checks(context: AssetCheckExecutionContext) -> Iterator[AssetCheckResult]:
        """Compare what is loaded with Clockify's reports: a request a workspace, more where they differ."""
        selected = {(account.names[key.asset_key], key.name) for key in context.selected_asset_check_keys}
        asked = [check for check in chosen if (check.table, check.name) in selected]
        with error_boundary():
            settings = account.client(context.resources).settings
            findings = reconciled(settings, account.calendar, _warehouse(account, context), asked)
        yield from (_result(account, finding) for finding in findings)

    return checks


def reconciled(
    settings: Settings, calendar: Calendar, warehouse: Warehouse, checks: Collection[Check]
) -> list[Finding]:
    """What the comparisons find by these settings, with a client of their own that does not wait long."""
    if settings.api_key is None:
        return [not_checked(check, "CLOCKIFY_API_KEY is not set, so Clockify cannot be asked.") for check in checks]
    patience = min(settings.max_wait_seconds, PATIENCE_SECONDS)
    client = connect(settings.model_copy(update={"max_wait_seconds": patience}))
    context = ReconciliationContext(
        warehouse=warehouse,
        workspaces=settings.workspaces,
        zone=calendar.zone,
        days=calendar.days,
        now=datetime.now(timezone.utc),
    )
    try:
        return [RECONCILIATIONS[check](client, context) for check in checks]
    finally:
        client.transport.close()


def _spec(account: Account, check: Check, *, blocking: bool) -> AssetCheckSpec:
    return AssetCheckSpec(
        check.name,
        asset=account.key(check.table),
        description=check.description,
        blocking=blocking and check.severity == "ERROR",
        # what it looks into may be loaded by the same run: first that, then the check
        additional_deps=[account.key(table) for table in check.others],
    )


def _result(account: Account, finding: Finding) -> AssetCheckResult:
    """Dagster knows pass and failure only: what was not checked is a warning that says so."""
    return AssetCheckResult(
        check_name=finding.check.name,
        asset_key=account.key(finding.check.table),
        passed=finding.passed is True,
        severity=AssetCheckSeverity(finding.severity),
        description=finding.message,
        # of lists without anything in them the page would show a button each
        metadata={name: value for name, value in finding.metadata.items() if value not in ([], {})},
    )
