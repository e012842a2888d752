"""The asset checks: what `warehouse.audit` and `reconcile` find, as Dagster shows it; none is written for one table."""

from __future__ import annotations

from dagster import AssetChecksDefinition

from clockify_dagster.contract import CONTRACT
from clockify_dagster.defs.checks.reconciliation import reconciliation
from clockify_dagster.defs.checks.tables import table_checks


def all_checks(*, blocking: bool) -> list[AssetChecksDefinition]:
    """The checks of every table; with `blocking`, what depends on a table waits for those that can be errors."""
    return [*(table_checks(table, blocking=blocking) for table in CONTRACT), reconciliation(blocking=blocking)]
