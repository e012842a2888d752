"""What the database can tell about the tables' soundness, by SQL alone. Reads only; knows neither Dagster nor HTTP.

Each kind of check is one generator over the contract: `keys`, `references`, `times` (of rows) and `tables` (of a table
as a whole). A table that was never loaded has nothing to be checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.audit import keys, references, tables, times
from clockify_dagster.warehouse.audit.context import AuditContext
from clockify_dagster.warehouse.audit.model import Check, Finding, found, not_checked
from clockify_dagster.warehouse.audit.rows import RowCheck, audit_rows
from clockify_dagster.warehouse.audit.tables import longest_age
from clockify_dagster.warehouse.ddl import columns_of, qualified
from clockify_dagster.warehouse.writer import bound_memory

__all__ = [
    "AuditContext",
    "Check",
    "Finding",
    "audit",
    "checks_of",
    "found",
    "freshness_of",
    "longest_age",
    "not_checked",
    "row_counts",
]

_OF_ROWS = (keys, references, times)
_OF_TABLES = (
    (tables.columns, tables.find_columns),
    (tables.values, tables.find_values),
    (tables.row_count, tables.find_row_count),
)


def checks_of(table: Table) -> list[Check]:
    """All checks of a table but that of its age."""
    return [*(make(table) for make, _ in _OF_TABLES), *(each.check for each in _row_checks(table))]


def audit(context: AuditContext, table: Table, names: Collection[str] | None = None) -> list[Finding]:
    """What the checks of a table find, or those of these names; nothing of a table that was never loaded."""
    if not context.was_loaded(table.name):
        return []
    checks = [(make(table), find) for make, find in _OF_TABLES]
    bound_memory(context.connection)
    findings = [find(context, table, check) for check, find in checks if names is None or check.name in names]
    return [*findings, *audit_rows(context, table, _row_checks(table, names))]


def freshness_of(context: AuditContext, table: Table) -> list[Finding]:
    """Whether the last load is recent enough; where Dagster runs, its freshness policies watch over that."""
    if not context.was_loaded(table.name):
        return []
    return [tables.find_freshness(context, table, tables.freshness(table))]


def row_counts(connection: duckdb.DuckDBPyConnection, counted: Iterable[Table]) -> dict[str, int | None]:
    """Rows by table; None where the table does not exist."""
    counts: dict[str, int | None] = {}
    for table in counted:
        counts[table.name] = None
        if columns_of(connection, table.name) is not None:
            row = connection.execute(f"SELECT count(*) FROM {qualified(table.name)}").fetchone()
            counts[table.name] = int(row[0]) if row else 0
    return counts


def _row_checks(table: Table, names: Collection[str] | None = None) -> list[RowCheck]:
    made = [each for kind in _OF_ROWS for each in kind.row_checks(table)]
    return [each for each in made if names is None or each.check.name in names]
