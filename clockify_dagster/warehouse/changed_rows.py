"""When the content of a row last changed here: rows that go are noted, and rows that come are compared with them."""

from __future__ import annotations

from datetime import datetime

import duckdb

from clockify_dagster.contract import CHANGED_AT, LOADED_AT, Table
from clockify_dagster.warehouse.ddl import key_of, quoted


def note_contents(connection: duckdb.DuckDBPyConnection, table: Table, where: str) -> None:
    """Note of rows that are about to go what is in them, and since when.

    What is in a row is compared by a hash of 64 bits, and only with the rows of the same id (of a child: of the same
    parent). All columns themselves would take twice the time of the whole write.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_noted(table)} AS "
        f"SELECT {link_of(table)} AS _link, {_content(table)} AS _content, min({quoted(CHANGED_AT.name)}) AS _since "
        f"FROM {quoted(table.name)} {where} GROUP BY ALL"
    )


def insert_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, staged: str, loaded_at: datetime, *, was_noted: bool
) -> int:
    """Insert the staged rows; gives how many. A row whose like was noted has not changed since the time noted."""
    columns = ", ".join(quoted(column.name) for column in table.document_columns)
    since, source = "$now", staged
    if was_noted:
        since = "coalesce(_since, $now)"
        source += f" LEFT JOIN {_noted(table)} ON _link = {link_of(table)} AND _content = {_content(table)}"
    times = f"$now::TIMESTAMPTZ AS {quoted(LOADED_AT.name)}, {since}::TIMESTAMPTZ AS {quoted(CHANGED_AT.name)}"
    inserted = connection.execute(
        f"INSERT INTO {quoted(table.name)} BY NAME SELECT {columns}, {times} FROM {source}", {"now": loaded_at}
    )
    ((rows,),) = inserted.fetchall()
    return int(rows)


def link_of(table: Table) -> str:
    """SQL for that by which rows of a family belong together: the key, and in a child that of the parent."""
    return quoted(table.columns[0].name) if table.parent else key_of(table)


def _content(table: Table) -> str:
    return f"hash({', '.join(quoted(column.name) for column in table.document_columns)})"


def _noted(table: Table) -> str:
    return quoted(f"{table.name} before")
