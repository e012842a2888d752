"""The asset checks: what `warehouse.audit` and `reconcile` find, as Dagster shows it; none is written for one table."""

from __future__ import annotations

from dagster import AssetChecksDefinition

from clockify_dagster.contract import CONTRACT, Contract
from clockify_dagster.defs.checks.reconciliation import reconciliation
from clockify_dagster.defs.checks.tables import table_checks
from clockify_dagster.defs.partitions import Calendar


def all_checks(calendar: Calendar, contract: Contract = CONTRACT, *, blocking: bool) -> list[AssetChecksDefinition]:
    """The checks of every table; with `blocking`, what depends on a table waits for those that can be errors."""
    of_tables = [table_checks(contract, table, calendar, blocking=blocking) for table in contract.roots]
    return [*of_tables, reconciliation(calendar, blocking=blocking)]
