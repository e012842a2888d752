"""Tables as DuckDB knows them, made from the contract; a file of an older version gains what it lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

import duckdb

from clockify_dagster.contract.column import CHANGED_AT, LOADED_AT, WORKSPACES
from clockify_dagster.contract.model import Table

MAIN = "main"
"""The schema of the tables, where no other was chosen."""
WORKSPACE = "workspaceid"
"""The column that says to which workspace a row belongs."""


def quoted(name: str) -> str:
    """An identifier, safe within SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text, safe within SQL where no parameter can stand."""
    return "'" + text.replace("'", "''") + "'"


def parquet_in(folder: Path, files: str) -> str:
    """SQL for the rows of Parquet files in a folder, whatever it is called. `files` may have wildcards."""
    # without the option, a folder that is called `day=1` would become a column
    return f"read_parquet({literal(f'{escape(str(folder))}/{files}')}, hive_partitioning = false)"


def of_workspaces(column: str, among: Collection[str] | None) -> str:
    """SQL for the condition that a row is of one of these workspaces; of any where None are given.

    They stand in it as they are: by a subquery a lake would not know beforehand in which files there is nothing.
    """
    if among is None:
        return "true"
    return f"{column} IN ({', '.join(map(literal, sorted(among)))})" if among else "false"


def workspace_column(table: Table) -> str | None:
    """The column that names a row's workspace; None where none does."""
    if WORKSPACES in (table.name, table.parent):
        return table.columns[0].name
    return WORKSPACE if WORKSPACE in {column.name for column in table.columns} else None


def among_workspaces(table: Table, among: Collection[str] | None) -> str:
    """The same condition for a table's rows, as far as the table says of which workspace they are."""
    column = workspace_column(table)
    return of_workspaces(quoted(column), among) if column else "true"


def key_of(table: Table) -> str:
    """SQL for what names a row of a table without parent, in one value."""
    first, *others = (quoted(name) for name in table.primary_key)
    return f"concat_ws('/', {', '.join([first, *others])})" if others else first


def enter_schema(connection: duckdb.DuckDBPyConnection, schema: str, *, make: bool) -> bool:
    """From now on names without a schema are the schema's. False where there is none and none is to be made."""
    if schema == MAIN:
        return True
    if make:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    # as it was written when it was made: to DuckDB Acme and acme are one schema, but not when the catalogue is asked
    sql = "FROM duckdb_schemas() SELECT schema_name WHERE database_name = current_database() AND lower(schema_name) = ?"
    found = connection.execute(sql, [schema.lower()]).fetchall()
    if not found:
        return False
    connection.execute(f"SET schema = {literal(quoted(found[0][0]))}")
    return True


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, schema: str) -> Iterator[None]:
    """A transaction in the schema, which is made: committed at the end, rolled back when anything at all is raised."""
    connection.begin()
    try:
        enter_schema(connection, schema, make=True)
        yield
        connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a failed commit has already ended the transaction
            connection.rollback()
        raise


def current_schema(connection: duckdb.DuckDBPyConnection) -> str:
    """The schema that the connection has entered."""
    ((schema,),) = connection.execute("SELECT current_schema()").fetchall()
    return str(schema)


def in_database(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """SQL for a table of the entered schema, also where something temporary of its name stands before it."""
    ((database, schema),) = connection.execute("SELECT current_database(), current_schema()").fetchall()
    return f"{quoted(database)}.{quoted(schema)}.{quoted(name)}"


def is_lake(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the tables are in a lake."""
    sql = "SELECT type FROM duckdb_databases() WHERE database_name = current_database()"
    return connection.execute(sql).fetchall() == [("ducklake",)]


def ensure_table(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Make the table where it is missing, and add the columns that it lacks, with the contract's descriptions.

    Columns that others have added stay. There is no primary key in the database: an index would cost memory and time at
    every write; that keys are unique is the writer's work and the checks' to prove.
    """
    name, held = quoted(table.name), columns_of(connection, table.name)
    if held is None:
        definitions = ", ".join(f"{quoted(column.name)} {column.type.sql}" for column in table.columns)
        connection.execute(f"CREATE TABLE {name} ({definitions})")
        connection.execute(f"COMMENT ON TABLE {name} IS {literal(table.description)}")
    for column in table.columns:
        if held is not None and column.name in held:
            continue
        if held is not None:
            connection.execute(f"ALTER TABLE {name} ADD COLUMN {quoted(column.name)} {column.type.sql}")
        connection.execute(f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(column.description)}")
    added = {column.name for column in table.columns} - (held.keys() if held else set())
    if WORKSPACE in added and is_lake(connection):
        connection.execute(f"ALTER TABLE {name} SET PARTITIONED BY ({WORKSPACE})")
    if held is not None and table.parent is not None and WORKSPACE in added:
        # the rows of an older version are where their parents are
        connection.execute(
            f"UPDATE {name} SET {WORKSPACE} = parent.{WORKSPACE} FROM {quoted(table.parent)} AS parent "
            f"WHERE parent.id = {name}.{quoted(table.columns[0].name)}"
        )
    if held is not None and CHANGED_AT.name not in held:
        # the rows of an older version: when they were written is the best that is known
        connection.execute(f"UPDATE {name} SET {quoted(CHANGED_AT.name)} = {quoted(LOADED_AT.name)}")


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str] | None:
    """Column names and their SQL types in the database; None where there is no such table."""
    return columns_by_table(connection).get(table)


def columns_by_table(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """The same of all tables there are, asked for once: the catalogue takes its time."""
    found: dict[str, dict[str, str]] = {}
    for table, column, sql_type in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = current_schema()"
    ).fetchall():
        found.setdefault(table, {})[column] = sql_type
    return found
