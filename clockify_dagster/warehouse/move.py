"""All tables of one destination into another, through Parquet: a file into a lake, and back.

Views are left out: the marts are made anew, and what users have made over them is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from clockify_dagster.contract import CONTRACT
from clockify_dagster.errors import DatabaseUnusableError
from clockify_dagster.progress import Stage, report
from clockify_dagster.warehouse.ddl import WORKSPACE, is_lake, literal, parquet_in, quoted
from clockify_dagster.warehouse.destination import Destination
from clockify_dagster.warehouse.moved_types import INEXACT_IN_PARQUET, NOT_IN_A_LAKE, kinds_of
from clockify_dagster.warehouse.scratch import ScratchFolder
from clockify_dagster.warehouse.state_tables import BY_TABLE, TABLE_NAME
from clockify_dagster.warehouse.writer import bound_memory


@dataclass(frozen=True)
class _Column:
    """A column as it is in a database.

    Attributes:
        kinds: what its type is made of (`moved_types.kinds_of`).
    """

    kinds: frozenset[str]
    name: str
    type: str
    comment: str | None
    may_be_null: bool


@dataclass(frozen=True)
class _Held:
    """A table as it is in a database, with its rows in a Parquet file.

    Attributes:
        content: the number of its rows, and a sum over what is in them.
    """

    schema: str
    name: str
    comment: str | None
    columns: tuple[_Column, ...]
    file: Path
    content: tuple[object, ...]

    @property
    def place(self) -> str:
        """Its name in SQL, with the schema's."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def parquet(self) -> str:
        """Its rows in SQL, as the file has them."""
        return parquet_in(self.file.parent, self.file.name)


def move(source: Destination, target: Destination) -> dict[str, int]:
    """Write all tables of the source into the target, which has none of them, in one transaction; gives their rows.

    The source stays as it is.

    Raises:
        NotLoadedError: there is nothing in the source.
        DatabaseUnusableError: a column has a type that the target does not take or Parquet does not hold, the target
            has such a table already, or what it holds afterwards is not the same.
    """
    with _scratch(target) as folder:
        with source.reading() as connection:
            bound_memory(connection)
            tables = _tables(connection, folder)
            for table in tables:
                report(Stage(f"Reading {table.name}"))
                connection.execute(f"COPY {table.place} TO {literal(str(table.file))} (FORMAT parquet)")
                _require_exact(connection, table)
        with target.writing() as connection:
            bound_memory(connection, is_writing=True)
            _require_room(connection, target, tables)
            _require_types(connection, tables)
            for table in tables:
                report(Stage(f"Writing {table.name}"))
                _make(connection, table)
                connection.execute(f"INSERT INTO {table.place} FROM {table.parquet}")
                if _content(connection, table.place) != table.content:
                    raise DatabaseUnusableError(
                        f"The {target.description} does not give back the rows of {table.name} as they were, so "
                        "nothing was written. Please report this."
                    )
    return {f"{table.schema}.{table.name}": int(str(table.content[0])) for table in tables}


@contextmanager
def _scratch(target: Destination) -> Iterator[Path]:
    with target.errors():
        scratch = ScratchFolder(target.scratch)
    try:
        yield scratch.path
    finally:
        scratch.remove()


def _tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[_Held]:
    found = connection.execute(
        "SELECT schema_name, table_name, comment FROM duckdb_tables() "
        "WHERE database_name = current_database() AND NOT temporary ORDER BY ALL"
    ).fetchall()
    tables = []
    for number, (schema, name, comment) in enumerate(found):
        columns = connection.execute(
            "SELECT column_name, data_type, comment, is_nullable FROM duckdb_columns() "
            "WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index",
            [schema, name],
        ).fetchall()
        place, file = f"{quoted(schema)}.{quoted(name)}", folder / f"{number}.parquet"
        kinds = map(kinds_of, connection.sql(f"FROM {place}").types)
        held = tuple(_Column(kind, *each) for kind, each in zip(kinds, columns, strict=True))
        tables.append(_Held(schema, name, comment, held, file, _content(connection, place)))
    return tables


def _content(connection: duckdb.DuckDBPyConnection, place: str) -> tuple[object, ...]:
    """The number of rows, and a sum over what is in them, whatever their order."""
    ((rows, content),) = connection.execute(f"SELECT count(*), sum(hash(held)) FROM {place} AS held").fetchall()
    return rows, content


def _require_exact(connection: duckdb.DuckDBPyConnection, table: _Held) -> None:
    """Raise where the Parquet file has other values than the table. Which types that concerns is known."""
    for column in table.columns:
        if kinds := column.kinds & INEXACT_IN_PARQUET:
            name = quoted(column.name)
            again = f"SELECT sum(hash(TRY_CAST({name} AS {column.type}))) FROM {table.parquet}"
            ((is_same,),) = connection.execute(
                f"SELECT (SELECT sum(hash({name})) FROM {table.place}) IS NOT DISTINCT FROM ({again})"
            ).fetchall()
            if not is_same:
                why = "of which Parquet, through which tables are moved, does not hold all values exactly"
                raise _refused(table, column, kinds, why)


def _require_types(connection: duckdb.DuckDBPyConnection, tables: list[_Held]) -> None:
    """Raise where the target is a lake and does not take a column's type."""
    for table in tables if is_lake(connection) else ():
        for column in table.columns:
            if kinds := column.kinds & NOT_IN_A_LAKE:
                raise _refused(table, column, kinds, "which a lake does not take")


def _refused(table: _Held, column: _Column, kinds: frozenset[str], why: str) -> DatabaseUnusableError:
    return DatabaseUnusableError(
        f"The column {column.name} of the table {table.schema}.{table.name} has the type {min(kinds).upper()}, {why}. "
        "Nothing was written. Give the column another type, such as VARCHAR, or copy the table into another database "
        "and drop it in this one. Then move again."
    )


def _require_room(connection: duckdb.DuckDBPyConnection, target: Destination, tables: list[_Held]) -> None:
    there = set(
        connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall()
    )
    if taken := [table for table in tables if (table.schema, table.name) in there]:
        raise DatabaseUnusableError(
            f"The {target.description} has a table {taken[0].schema}.{taken[0].name} already, which was left as it is. "
            "Move into an empty database."
        )


def _partitioned_by(table: _Held) -> str | None:
    """As `ensure_table` and `ensure_state` would have it; others' tables have no partitions."""
    columns = {column.name for column in table.columns}
    if table.name in CONTRACT:
        return WORKSPACE if WORKSPACE in columns else None
    return TABLE_NAME if table.name in BY_TABLE and TABLE_NAME in columns else None


def _make(connection: duckdb.DuckDBPyConnection, table: _Held) -> None:
    """Make the table without rows, with its descriptions."""
    columns = ", ".join(
        f"{quoted(each.name)} {each.type}{'' if each.may_be_null else ' NOT NULL'}" for each in table.columns
    )
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")
    connection.execute(f"CREATE TABLE {table.place} ({columns})")
    if is_lake(connection) and (partition := _partitioned_by(table)):
        connection.execute(f"ALTER TABLE {table.place} SET PARTITIONED BY ({partition})")
    if table.comment is not None:
        connection.execute(f"COMMENT ON TABLE {table.place} IS {literal(table.comment)}")
    for column in table.columns:
        if column.comment is not None:
            comment = f"COMMENT ON COLUMN {table.place}.{quoted(column.name)} IS {literal(column.comment)}"
            connection.execute(comment)
