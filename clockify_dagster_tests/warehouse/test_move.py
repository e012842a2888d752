"""Tables of users go into another database as they are, or are refused by name before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from clockify_dagster.errors import DatabaseUnusableError
from clockify_dagster.warehouse import Database
from clockify_dagster.warehouse.move import move
from clockify_dagster_tests.conftest import opened


def made(path: Path, columns: str, values: str) -> Database:
    """A database with one table."""
    database = Database(path, lock_timeout=5)
    with database.writing() as connection:
        connection.execute(f"CREATE TABLE own ({columns})")
        connection.execute(f"INSERT INTO own VALUES ({values})")
    return database


def test_the_folder_of_the_target_may_be_called_as_a_partition_or_a_pattern(tmp_path: Path) -> None:
    source = made(tmp_path / "source.duckdb", "said VARCHAR", "'it'")
    target = tmp_path / "tenant=1" / "[ab]*" / "target.duckdb"
    assert move(source, Database(target)) == {"main.own": 1}
    with opened(target) as connection:
        assert connection.execute("FROM own").fetchall() == [("it",)]


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("TIMETZ", "'10:00:00+02'", "TIME WITH TIME ZONE"),
        ("INTERVAL", "INTERVAL '3.123456 seconds'", "INTERVAL"),
        ("STRUCT(a INTEGER, b INTERVAL)[]", "[{'a': 1, 'b': INTERVAL '3.123456 seconds'}]", "INTERVAL"),
        ("HUGEINT", "9007199254740993", "HUGEINT"),
        ("UHUGEINT", "340282366920938463463374607431768211455", "UHUGEINT"),
    ],
)
def test_what_parquet_does_not_hold_is_refused_by_name_and_nothing_is_written(
    tmp_path: Path, column: str, value: str, named: str
) -> None:
    source = made(tmp_path / "source.duckdb", f'id INTEGER, "the value" {column}', f"1, {value}")
    target = Database(tmp_path / "target.duckdb")
    with pytest.raises(DatabaseUnusableError) as caught:
        move(source, target)
    said = str(caught.value)
    assert f"The column the value of the table main.own has the type {named}, of which Parquet" in said
    assert "another type, such as VARCHAR" in said
    assert not target.exists()
    with source.writing() as connection:
        connection.execute('ALTER TABLE own ALTER "the value" TYPE VARCHAR')
        before = connection.execute("FROM own").fetchall()
    assert move(source, target) == {"main.own": 1}
    with opened(target.path) as connection:
        assert connection.execute("FROM own").fetchall() == before


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("ENUM('yes', 'no')", "'no'"),
        ("UNION(a INTEGER, b VARCHAR)", "'it'"),
        ("INTEGER[2]", "[1, 2]"),
        ("BIT", "'0101'"),
        ("HUGEINT", "9007199254740992"),
        ("INTERVAL", "INTERVAL '1 month 2 days 3.123 seconds'"),
        ("TIMETZ", "NULL"),
    ],
)
def test_a_file_takes_every_type_and_what_parquet_holds_of_a_type_is_moved(
    tmp_path: Path, column: str, value: str
) -> None:
    source = made(tmp_path / "source.duckdb", f"it {column}", value)
    target = Database(tmp_path / "target.duckdb")
    move(source, target)
    question = "SELECT typeof(it), it::VARCHAR FROM own"
    with source.reading() as before, opened(target.path) as after:
        assert after.execute(question).fetchall() == before.execute(question).fetchall()
