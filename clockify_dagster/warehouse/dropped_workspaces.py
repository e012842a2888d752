"""All rows of a workspace go. Runs inside the caller's transaction and commits nothing itself."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from clockify_dagster.contract import WORKSPACES, Contract, Table
from clockify_dagster.warehouse.ddl import WORKSPACE, columns_by_table, ensure_table, of_workspaces, quoted
from clockify_dagster.warehouse.load_state import BY_WORKSPACE, state_schema


def drop_workspaces(connection: duckdb.DuckDBPyConnection, contract: Contract, workspaces: Collection[str]) -> None:
    """Delete all rows of these workspaces, and what is remembered about loading them.

    Users and their memberships go when the users are loaded next, since they may belong to other workspaces too.
    """
    held = columns_by_table(connection)
    tables = [table for table in contract if table.name in held and _workspace_column(table)]
    for table in tables:
        ensure_table(connection, table)  # in a file of an older version children learn it from their parents
    for table in tables:
        of_them = of_workspaces(quoted(str(_workspace_column(table))), workspaces)
        connection.execute(f"DELETE FROM {quoted(table.name)} WHERE {of_them}")
    # the losses that follow are no news to the check that compares the numbers of rows
    state = state_schema(connection)
    connection.execute(f"UPDATE {state}.loads SET rows_in_all = 0")
    for name in BY_WORKSPACE:
        connection.execute(f"DELETE FROM {state}.{name} WHERE {of_workspaces(WORKSPACE, workspaces)}")


def _workspace_column(table: Table) -> str | None:
    """The column that names a row's workspace; None where none does."""
    if WORKSPACES in (table.name, table.parent):
        return table.columns[0].name
    return WORKSPACE if WORKSPACE in {column.name for column in table.columns} else None
