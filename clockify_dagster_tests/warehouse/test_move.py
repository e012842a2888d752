"""Tables of users go into another database as they are, or are refused by name before anything is written."""

from __future__ import annotations

from pathlib import Path

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
