"""Rows that go with others: those of a workspace, those of an entry. Runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from clockify_dagster.contract import Contract, Table
from clockify_dagster.warehouse.ddl import (
    WORKSPACE,
    among_workspaces,
    columns_by_table,
    ensure_table,
    key_of,
    of_workspaces,
    quoted,
    workspace_column,
)
from clockify_dagster.warehouse.state_tables import BY_WORKSPACE, state_schema


def drop_workspaces(
    connection: duckdb.DuckDBPyConnection, contract: Contract, workspaces: Collection[str]
) -> dict[str, int]:
    """Delete all rows of these workspaces, and what is remembered about loading them. Gives how many by table.

    Users and their memberships go when the users are loaded next, since they may belong to other workspaces too.
    """
    held = columns_by_table(connection)
    tables = [table for table in contract if table.name in held and workspace_column(table)]
    for table in tables:
        ensure_table(connection, table)  # in a file of an older version children learn it from their parents
    gone = dict[str, int]()
    for table in tables:
        sql = f"DELETE FROM {quoted(table.name)} WHERE {among_workspaces(table, workspaces)}"
        ((gone[table.name],),) = connection.execute(sql).fetchall()
    # the losses that follow are no news to the check that compares the numbers of rows
    state = state_schema(connection)
    connection.execute(f"UPDATE {state}.loads SET rows_in_all = 0")
    for name in BY_WORKSPACE:
        connection.execute(f"DELETE FROM {state}.{name} WHERE {of_workspaces(WORKSPACE, workspaces)}")
    return gone


def drop_followers(
    connection: duckdb.DuckDBPyConnection,
    root: Table,
    followers: Iterable[Table],
    among: Collection[str] | None = None,
) -> None:
    """After `replace_span`: delete the rows of other tables that went with a row that is gone (`Table.goes_with`)."""
    # where the table was empty, nothing was replaced
    found = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'replaced' AND temporary").fetchall()
    held = columns_by_table(connection) if found else {}
    for table in followers:
        if table.name in held:
            owner, there = quoted(table.columns[0].name), f"{quoted(root.name)} WHERE {among_workspaces(root, among)}"
            connection.execute(
                f"DELETE FROM {quoted(table.name)} WHERE {among_workspaces(table, among)} "
                f"AND {owner} IN (SELECT key FROM replaced) AND {owner} NOT IN (SELECT {key_of(root)} FROM {there})"
            )
