"""`clockify-dagster move` between two files; into a lake and back, in lake/."""

from __future__ import annotations

from pathlib import Path

from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.conftest import Project, opened


def test_it_says_what_to_set_and_of_a_lake_only_where_there_is_one(
    project: Project, command: Command, tmp_path: Path
) -> None:
    project.execute("CREATE TABLE own AS SELECT 1 AS number")
    project.set(lake_path=tmp_path / "lake")
    said = command("move", "--to", "back.duckdb")
    assert said.code == 0, said.all
    assert " ".join(said.out.split()).endswith("To go on in the new one, set CLOCKIFY_DATABASE=back.duckdb.")
    with opened(tmp_path / "back.duckdb") as connection:
        assert connection.execute("FROM own").fetchall() == [(1,)]


def test_a_column_that_cannot_be_carried_is_a_message_and_no_traceback(
    project: Project, command: Command, tmp_path: Path
) -> None:
    project.execute("CREATE TABLE own AS SELECT TIMETZ '10:00:00+02' AS hour")
    said = command("move", "--to", "back.duckdb")
    assert said.code == 1
    assert "The column hour of the table main.own has the type" in " ".join(said.err.split())
    assert not (tmp_path / "back.duckdb").exists()
