"""What the database can tell about the tables' soundness, by SQL alone. Reads only; knows neither Dagster nor HTTP.

Checks are made from the contract: of a table as a whole (`tables`), of its age or its days (`freshness`), of its keys
and references (`keys`) and, where it holds entries, of their times (`times`). A table that was never loaded has nothing
to be checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.audit import freshness, keys, tables, times
from clockify_dagster.warehouse.audit.context import AuditContext
from clockify_dagster.warehouse.audit.model import Check, Find, Finding, found, not_checked
from clockify_dagster.warehouse.audit.workspaces import WorkspaceRows, rows_by_workspace
from clockify_dagster.warehouse.ddl import columns_by_table
from clockify_dagster.warehouse.writer import bound_memory

__all__ = [
    "AuditContext",
    "Check",
    "Finding",
    "WorkspaceRows",
    "audit",
    "checks_of",
    "found",
    "not_checked",
    "row_counts",
    "rows_by_workspace",
]


def checks_of(table: Table) -> dict[Check, Find]:
    """All checks of a table, each with the function that makes it."""
    return {**tables.checks(table), **freshness.checks(table), **keys.checks(table), **times.checks(table)}


def audit(context: AuditContext, table: Table, names: Collection[str] | None = None) -> list[Finding]:
    """What the checks of a table find, or those of these names; nothing of a table that was never loaded."""
    if not context.was_loaded(table.name):
        return []
    chosen = {check: find for check, find in checks_of(table).items() if names is None or check.name in names}
    bound_memory(context.connection)
    if context.is_absent(table):
        return [found(check, True, "Not on this plan, so there is nothing to check.") for check in chosen]
    return [find(context, table, check) for check, find in chosen.items()]


def row_counts(connection: duckdb.DuckDBPyConnection, counted: Iterable[Table]) -> dict[str, int | None]:
    """Rows by table; None where the table does not exist."""
    held = columns_by_table(connection)
    return {table.name: tables.count_rows(connection, table) if table.name in held else None for table in counted}
