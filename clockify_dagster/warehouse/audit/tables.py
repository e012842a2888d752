"""Checks of a table as a whole: its columns, and what the warehouse remembers of its loads."""

from __future__ import annotations

from typing import Any

import duckdb

from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse import load_state
from clockify_dagster.warehouse.audit.context import AuditContext
from clockify_dagster.warehouse.audit.model import Check, Find, Finding, Severity, found, not_checked
from clockify_dagster.warehouse.ddl import in_database

SUDDEN = 0.2  # the share of its rows that a table may lose from one load to the next
FEW = 5  # so few rows fewer are never a sudden drop


def checks(table: Table) -> dict[Check, Find]:
    """Those of every table."""
    stays = f"It has not lost more than {SUDDEN:.0%} of its rows since the load before, and is not suddenly empty."
    # rows of entries are hours; of other tables Clockify's users may delete what they like
    severity: Severity = "ERROR" if table.group.startswith("time_entries") else "WARN"
    fits = "In the last load every value fitted its column's type; none was lost."
    there = "Every declared column is there with its type; others may be too."
    return {
        Check(table.name, "columns_are_declared_ones", there): _find_columns,
        Check(table.name, "values_fit", fits): _find_values,
        Check(table.name, "rows_did_not_drop", stays, severity): _find_row_count,
    }


def _find_columns(context: AuditContext, table: Table, check: Check) -> Finding:
    held = context.columns.get(table.name)
    if held is None:
        return found(check, False, f"The table {table.name} was loaded, and is gone.", missing=[], types=[])
    missing = [column.name for column in table.columns if column.name not in held]
    wanted = {column.name: column.type.sql for column in table.columns if column.name in held}
    types = [f"{name}: {held[name]}, not {sql}" for name, sql in wanted.items() if held[name] != sql]
    wrong, severity = [*missing, *types], check.severity
    message = f"All {len(table.columns)} columns are there, as declared."
    if wrong:
        message = f"{len(missing)} columns are missing and {len(types)} of another type: {'; '.join(wrong[:5])}."
    if wrong and all(name.startswith("_") for name in wrong):  # no sum depends on a column about loading
        severity = "WARN"
    return found(check, not wrong, message, severity, columns=len(table.columns), missing=missing, types=types)


def _find_values(context: AuditContext, table: Table, check: Check) -> Finding:
    if table.name not in context.loads:
        return not_checked(check, "nothing is known of its last load.")
    lost = load_state.faults_of(context.connection, table.name)
    numbers: dict[str, Any] = {"values that did not fit": sum(each.count for each in lost)}
    message = f"Values were lost. {lost[0]}." if lost else "Every value fitted."
    return found(check, not lost, message, **numbers, columns=[str(each) for each in lost])


def _find_row_count(context: AuditContext, table: Table, check: Check) -> Finding:
    """The rows now against those after the last load and after the one before it, whichever had more."""
    loads = context.loads.get(table.name, [])[:2]
    if not loads or table.name not in context.columns:
        return not_checked(check, "nothing is known of its last load." if not loads else "the table is gone.")
    rows, before = count_rows(context.connection, table), max(load.rows_in_all for load in loads)
    numbers: dict[str, Any] = {"rows": rows, "rows after the last load": loads[0].rows_in_all}
    if len(loads) > 1:
        numbers["rows after the load before"] = loads[1].rows_in_all
    if before and not rows:
        return found(check, False, f"The table is empty; it had {before} rows.", "ERROR", **numbers)
    if before - rows >= FEW and rows < before * (1 - SUDDEN):
        return found(check, False, f"The table has {rows} rows; it had {before}.", **numbers)
    return found(check, True, f"{rows} rows.", **numbers)


def count_rows(connection: duckdb.DuckDBPyConnection, table: Table) -> int:
    """How many rows a table has, of all workspaces."""
    return int(connection.execute(f"SELECT count(*) FROM {in_database(connection, table.name)}").fetchall()[0][0])
