"""Tables as DuckDB has them: made from the contract, and older ones brought up to it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.warehouse.ddl import columns_of, ensure_table, literal, quoted

TABLES = list(CONTRACT)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_the_contracts_columns_in_their_order_with_their_types(
    connection: duckdb.DuckDBPyConnection, table: Table
) -> None:
    ensure_table(connection, table)
    held = columns_of(connection, table.name)
    assert held is not None
    assert list(held.items()) == [(column.name, column.type.sql) for column in table.columns]


def test_tables_and_columns_carry_their_descriptions(connection: duckdb.DuckDBPyConnection) -> None:
    table = CONTRACT["clockify_timeentries"]
    ensure_table(connection, table)
    assert connection.execute("SELECT comment FROM duckdb_tables()").fetchall() == [(table.description,)]
    comments = connection.execute("SELECT comment FROM duckdb_columns() WHERE table_name = ?", [table.name]).fetchall()
    assert [comment for (comment,) in comments] == [column.description for column in table.columns]


def test_a_table_that_is_there_keeps_rows_and_columns_of_others_and_gains_what_it_lacks(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("CREATE TABLE clockify_tags (note VARCHAR, id VARCHAR)")
    connection.execute("INSERT INTO clockify_tags VALUES ('mine', 'a')")
    for _ in range(2):
        ensure_table(connection, CONTRACT["clockify_tags"])
    assert connection.execute("SELECT note, id, name FROM clockify_tags").fetchall() == [("mine", "a", None)]
    held = columns_of(connection, "clockify_tags")
    assert held is not None
    assert set(held) == {"note", *(column.name for column in CONTRACT["clockify_tags"].columns)}


def test_a_table_that_is_not_there_has_no_columns(connection: duckdb.DuckDBPyConnection) -> None:
    assert columns_of(connection, "clockify_tags") is None
    connection.execute("CREATE SCHEMA other; CREATE TABLE other.clockify_tags (id INTEGER)")
    assert columns_of(connection, "clockify_tags") is None, "another schema's is another table"


@pytest.mark.parametrize("name", ['a"b', "a'b", "select", "a b", "ü; DROP TABLE x"])
def test_names_and_texts_are_safe_within_sql(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    found = connection.execute(f"SELECT {literal(name)} AS {quoted(name)}")
    assert found.fetchall() == [(name,)]
    assert [column[0] for column in found.description or []] == [name]
