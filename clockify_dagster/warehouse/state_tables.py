"""The tables of what the warehouse remembers about loading, in a schema of its own beside the tables of the account.

They are written in the transaction that writes the rows. What they mean is in `load_state`, `workspace_state` and
`report_state`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import duckdb

from clockify_dagster.warehouse.ddl import MAIN, current_schema, is_lake, of_workspaces, quoted

TABLE_NAME = "table_name"
"""The column that names the table which a row is about."""
_NAME, _WORKSPACE = {TABLE_NAME: "VARCHAR NOT NULL"}, {"workspaceid": "VARCHAR NOT NULL"}
_SPAN = {"range_start": "TIMESTAMP WITH TIME ZONE NOT NULL", "range_end": "TIMESTAMP WITH TIME ZONE NOT NULL"}
_LISTED = {"listed_at": "TIMESTAMP WITH TIME ZONE"}
# `ranges_ahead` and `misfits` are names in files that exist: the time of loaded ranges that was still to come, and the
# coercion faults
_TABLES: dict[str, dict[str, str]] = {
    "loaded_ranges": {**_WORKSPACE, **_SPAN},
    "ranges_ahead": {**_WORKSPACE, **_SPAN},
    "report_ranges": {**_NAME, **_WORKSPACE, **_SPAN},
    "change_feed": {**_WORKSPACE, "read_from": "TIMESTAMP WITH TIME ZONE NOT NULL"},
    "change_feed_born": {
        **_WORKSPACE,
        "entry_id": "VARCHAR NOT NULL",
        "born_after": "TIMESTAMP WITH TIME ZONE NOT NULL",
        "born_before": "TIMESTAMP WITH TIME ZONE NOT NULL",
    },
    "loads": {
        **_NAME,
        "loaded_at": "TIMESTAMP WITH TIME ZONE NOT NULL",
        "rows_written": "BIGINT NOT NULL",
        "rows_in_all": "BIGINT NOT NULL",
        **_LISTED,
    },
    "workspace_loads": {
        **_NAME,
        **_WORKSPACE,
        "read_at": "TIMESTAMP WITH TIME ZONE",
        "unread": "VARCHAR",
        **_LISTED,
    },
    "misfits": {
        **_NAME,
        "column_name": "VARCHAR NOT NULL",
        "misfits": "BIGINT NOT NULL",
        "sample": "VARCHAR",
        "workspaceid": "VARCHAR",
    },
}
# in files of older versions they lack this column, which is the last one
_ADDED = {"loads": "listed_at", "workspace_loads": "listed_at", "misfits": "workspaceid"}
BY_WORKSPACE = tuple(name for name, columns in _TABLES.items() if "workspaceid" in columns)
"""The tables of which each row is about one workspace."""
BY_TABLE = tuple(name for name, columns in _TABLES.items() if TABLE_NAME in columns)
"""Those of which each row is about a table; in a lake each table's are in files of their own."""


def state_schema(connection: duckdb.DuckDBPyConnection) -> str:
    """Where the state of the schema's tables is, quoted: each schema has its own."""
    return quoted(state_name(current_schema(connection)))


def state_name(schema: str) -> str:
    """How the schema with the state of a schema's tables is called."""
    return "clockify_state" if schema == MAIN else f"{schema}_state"


def ensure_state(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema and its tables where they are missing."""
    state = state_schema(connection)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {state}")
    there = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND lower(schema_name) = ?",
        [state_name(current_schema(connection)).lower()],
    ).fetchall()
    for name, columns in _TABLES.items():
        if (name,) in there:
            continue
        definitions = ", ".join(f"{column} {sql_type}" for column, sql_type in columns.items())
        connection.execute(f"CREATE TABLE {state}.{name} ({definitions})")
        if name in BY_TABLE and is_lake(connection):
            connection.execute(f"ALTER TABLE {state}.{name} SET PARTITIONED BY ({TABLE_NAME})")
    for name, column in _ADDED.items():
        connection.execute(f"ALTER TABLE {state}.{name} ADD COLUMN IF NOT EXISTS {column} {_TABLES[name][column]}")


def remembered(
    connection: duckdb.DuckDBPyConnection, table: str, sql: str, parameters: Iterable[object] = ()
) -> list[Any]:
    """What a statement gives; nothing where an older file has no such table. The table's name goes into the braces."""
    try:
        return connection.execute(sql.format(f"{state_schema(connection)}.{table}"), list(parameters)).fetchall()
    except duckdb.CatalogException:
        return []


def remember(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rows: Sequence[Sequence[object]],
    *,
    of_tables: Collection[str] = (),
    forgetting: str = "true",
    parameters: Sequence[object] = (),
) -> None:
    """Put rows, with a value for each column in its order, in place of those of which the condition `forgetting` holds.

    Where the rows are about tables, `of_tables` says about which; those of others stay. All rows about one table are
    written anew (where none is about a table, all there are): so in a lake, where a run reads them many times, they are
    in one file.
    """
    name, columns = f"{state_schema(connection)}.{table}", _TABLES[table]
    about = of_tables_named(of_tables) if table in BY_TABLE else "true"
    goes = f"SELECT 1 FROM {name} WHERE {about} AND ({forgetting}) LIMIT 1"
    if not rows and not connection.execute(goes, parameters).fetchall():
        return
    stays = f"SELECT * FROM {name} WHERE {about} AND ({forgetting}) IS NOT TRUE"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE stays AS {stays}", parameters)
    connection.execute(f"DELETE FROM {name} WHERE {about}")
    comes = ", ".join(
        f"unnest(?::{sql_type.removesuffix(' NOT NULL')}[]) AS {column}" for column, sql_type in columns.items()
    )
    by_column = [list(values) for values in zip(*rows, strict=True)] or [[] for _ in columns]
    connection.execute(f"INSERT INTO {name} BY NAME FROM stays UNION ALL BY NAME SELECT {comes}", by_column)


def of_tables_named(tables: Collection[str] | None) -> str:
    """SQL for the condition that what is remembered is about one of these tables; about any where None are given."""
    return of_workspaces(TABLE_NAME, tables)  # a list of names in SQL, whatever they name
