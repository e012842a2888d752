"""The marts as views in DuckDB, in a schema of their own beside that of the tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import duckdb

from clockify_dagster.contract import CONTRACT, Contract, Table
from clockify_dagster.contract.change_log import CHANGE_LOG
from clockify_dagster.errors import NotLoadedError
from clockify_dagster.marts.model import ENTRIES, Mart, all_marts
from clockify_dagster.warehouse.change_log import ensure_change_log
from clockify_dagster.warehouse.ddl import (
    MAIN,
    columns_by_table,
    current_schema,
    ensure_table,
    is_lake,
    literal,
    quoted,
)
from clockify_dagster.warehouse.state_tables import ensure_state, state_schema


@dataclass(frozen=True)
class MartOptions:
    """What the account's settings say to the marts.

    Attributes:
        zone: the time zone in which a day begins at midnight.
        hours_per_day: what somebody works on a working day, where Clockify does not tell it.
    """

    zone: str = "UTC"
    hours_per_day: float = 8


def marts_schema(schema: str) -> str:
    """Where the marts of a schema's tables are: each schema has its own."""
    return "clockify_marts" if schema == MAIN else f"{schema}_marts"


def available(contract: Contract = CONTRACT) -> dict[str, Mart]:
    """The marts that can be made of a contract's tables: all, unless it has no time entries."""
    return all_marts() if ENTRIES in contract else {}


def with_those_they_read(names: Iterable[str], marts: Mapping[str, Mart]) -> dict[str, Mart]:
    """The marts of these names and all that they read, in the order in which they can be made.

    Raises `KeyError` where there is no mart of a name.
    """
    needed, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += marts[name].marts
    return {name: mart for name, mart in marts.items() if name in needed}


def make_views(
    connection: duckdb.DuckDBPyConnection, marts: Iterable[Mart], contract: Contract, options: MartOptions
) -> None:
    """Make the views with their descriptions, unless they are there as the same statements made them.

    Runs inside the caller's transaction.

    `marts` are in an order in which each stands after those that it reads. A table of the contract that they read and
    that was never loaded is made, without rows: a view stands on its tables, and shows what is loaded into them later.
    A table that is not in the contract is never loaded; the view has an empty one written into it.
    """
    marts, schema = list(marts), current_schema(connection)
    tables = {table for mart in marts for table in mart.tables}
    _ensure_tables(connection, {table for table in tables if table in contract}, contract)
    place = quoted(marts_schema(schema))
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {place}")
    ensure_state(connection)
    ensure_change_log(connection)
    log = f"{quoted(schema)}.{quoted(CHANGE_LOG)}"
    values = {"log": log, "marts": place, "zone": literal(options.zone), "hours_per_day": f"{options.hours_per_day:g}"}
    sources = {
        table: f"{quoted(schema)}.{quoted(table)}" if table in contract else empty(CONTRACT[table]) for table in tables
    }
    are_columns_told = not is_lake(connection)  # which takes no comments on a view's columns
    statements = [each for mart in marts for each in _statements(mart, place, sources, values, are_columns_told)]
    made, mark = f"{state_schema(connection)}.marts_made", sha256("\n".join(statements).encode()).hexdigest()
    if _are_made(connection, made, mark, marts_schema(schema), len(marts)):
        return
    for statement in statements:
        connection.execute(statement)
    connection.execute(f"CREATE OR REPLACE TABLE {made} AS SELECT {literal(mark)} AS mark")


def require_marts(connection: duckdb.DuckDBPyConnection, names: Iterable[str], reader: str) -> None:
    """Raise `NotLoadedError` where one of these marts was not made yet; `reader` reads them, as "the report".

    The connection has entered the schema of the tables.
    """
    made = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = current_database() AND schema_name = ?",
        [marts_schema(current_schema(connection))],
    ).fetchall()
    lacking = sorted(set(names) - {name for (name,) in made})
    if lacking:
        raise NotLoadedError(
            f"The mart {lacking[0]}, which {reader} reads, is not loaded yet. A sync makes the marts: "
            "`clockify-dagster sync`, or in the UI the account's job `daily`."
        )


def _statements(
    mart: Mart, place: str, sources: Mapping[str, str], values: Mapping[str, str], are_columns_told: bool
) -> list[str]:
    """The SQL that makes a view, and that says what it is and what its columns are."""
    view, columns = f"{place}.{quoted(mart.name)}", ", ".join(quoted(column.name) for column in mart.columns)
    comments = [f"COMMENT ON VIEW {view} IS {literal(mart.description)}"]
    comments += [
        f"COMMENT ON COLUMN {view}.{quoted(column.name)} IS {literal(column.description)}"
        for column in mart.columns
        if are_columns_told
    ]
    made = f"CREATE OR REPLACE VIEW {view} ({columns}) AS {filled(mart.sql, sources, values)}"
    return [made, ";\n".join(comments)]


def _are_made(connection: duckdb.DuckDBPyConnection, made: str, mark: str, schema: str, number: int) -> bool:
    """Whether the views are there as they were made by the same statements: to make them takes half a second."""
    sql = (
        "SELECT count(*) FROM duckdb_views() "
        "WHERE database_name = current_database() AND schema_name = ? AND NOT internal"
    )
    if connection.execute(sql, [schema]).fetchall() != [(number,)]:
        return False
    try:
        return connection.execute(f"FROM {made}").fetchall() == [(mark,)]
    except duckdb.CatalogException:
        return False


def filled(sql: str, sources: Mapping[str, str], values: Mapping[str, str]) -> str:
    """The SQL with a table in place of each `{tables}.name`, and a value in place of each other `{name}`.

    Raises `KeyError` for a name that there is not.
    """
    sql = re.sub(r"\{tables\}\.(\w+)", lambda found: sources[found[1]], sql)
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], sql)


def empty(table: Table) -> str:
    """SQL for a table without rows that has the columns of this one."""
    columns = ", ".join(f"CAST(NULL AS {each.type.sql}) AS {quoted(each.name)}" for each in table.columns)
    return f"(SELECT {columns} WHERE false)"


def _ensure_tables(connection: duckdb.DuckDBPyConnection, names: Iterable[str], contract: Contract) -> None:
    held = columns_by_table(connection)
    for name in sorted(names):
        if not {column.name for column in contract[name].columns} <= held.get(name, {}).keys():
            ensure_table(connection, contract[name])
