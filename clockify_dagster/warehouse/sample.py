"""A few rows of a table to look at, without anything personal."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from clockify_dagster.contract import Table, Type
from clockify_dagster.warehouse.ddl import among_workspaces, quoted

ROWS, COLUMNS = 5, 12
"""At most so many of each: more than fits on a page helps nobody."""

_UTC = "'%Y-%m-%dT%H:%M:%SZ'"


def sample_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, among: Collection[str] | None = None
) -> list[dict[str, str | None]]:
    """Some of the table's rows, whichever DuckDB gives first: by column its value as text, instants in UTC.

    Of these workspaces, of all where None are given, as far as the table says of which they are.

    Without the columns that may be personal or free text (`Column.is_private`), and those about loading.
    """
    columns = [column for column in table.document_columns if not column.is_private][:COLUMNS]
    values = [
        f"strftime(timezone('UTC', {quoted(column.name)}), {_UTC})"
        if column.type is Type.TIMESTAMP
        else f"CAST({quoted(column.name)} AS VARCHAR)"
        for column in columns
    ]
    source = f"{quoted(table.name)} WHERE {among_workspaces(table, among)}"
    rows = connection.execute(f"SELECT {', '.join(values)} FROM {source} LIMIT {ROWS}").fetchall()
    return [dict(zip([column.name for column in columns], row, strict=True)) for row in rows]
