"""`clockify-dagster move`: a file into a lake, and back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from clockify_dagster import cli
from clockify_dagster.errors import DatabaseUnusableError
from clockify_dagster.sandbox import Account
from clockify_dagster.warehouse import Database, Destination
from clockify_dagster.warehouse.move import move
from clockify_dagster_tests.conftest import Project, opened
from clockify_dagster_tests.faults.conftest import everything
from clockify_dagster_tests.lake.conftest import days_ago, warehouse
from clockify_dagster_tests.small import add_everything

Said = pytest.CaptureFixture[str]


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    account = Account()
    add_everything(account)
    project = make_project(account, tables="all", start_date=days_ago(14))
    project.sync()
    project.execute("CREATE TABLE own AS SELECT 'of a user' AS said, DATE '2026-01-01' AS day")
    project.execute("COMMENT ON COLUMN own.said IS 'what''s said'")
    return project


def command(*arguments: str) -> int:
    before, sys.argv = sys.argv, ["clockify-dagster", *arguments]
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        sys.argv = before
    return int(ended.value.code or 0)


def comments(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return connection.execute(
        "WITH tables AS (FROM duckdb_tables() WHERE database_name = current_database()) "
        "SELECT schema_name, table_name, NULL, comment FROM tables UNION ALL "
        "SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() "
        "SEMI JOIN tables USING (database_name, schema_name, table_name) ORDER BY ALL"
    ).fetchall()


def test_a_file_goes_into_a_lake_and_back_and_nothing_is_lost(
    project: Project, catalog: str, place: str, tmp_path: Path, capsys: Said
) -> None:
    before = everything(project.database)
    with opened(project.database) as connection:
        said = comments(connection)
    lake = f"ducklake:postgres:{catalog}"
    assert command("move", "--to", lake, "--lake-path", place) == 0
    variables = f"set CLOCKIFY_DATABASE={lake} and CLOCKIFY_LAKE_PATH={place}."
    assert variables in " ".join(capsys.readouterr().out.split())
    project.set(database=lake, lake_path=place)
    with warehouse().database.reading() as connection:
        assert comments(connection) == said
        hours = connection.execute("SELECT sum(hours) FROM clockify_marts.fct_time_entry").fetchall()
    back = tmp_path / "back.duckdb"
    assert command("move", "--to", str(back)) == 0
    now = everything(back)
    del before["clockify_state.marts_made"], now["clockify_state.marts_made"]
    assert now == before
    with opened(back) as connection:
        assert comments(connection) == said
        assert connection.execute("SELECT sum(hours) FROM clockify_marts.fct_time_entry").fetchall() == hours


def test_a_lake_that_was_moved_into_goes_on_by_syncs(project: Project, catalog: str, tmp_path: Path) -> None:
    assert command("move", "--to", f"ducklake:postgres:{catalog}", "--lake-path", f"{tmp_path}/lake") == 0
    project.set(database=f"ducklake:postgres:{catalog}", lake_path=f"{tmp_path}/lake")
    (place,) = project.account.workspaces.values()
    project.account.delete_entry(next(iter(place.entries.by_id.values())))
    project.run("clockify_time_entries", project.calendar.window, checks=False)
    with warehouse().database.reading() as connection:
        ((rows,),) = connection.execute("SELECT count(*) FROM clockify_timeentries").fetchall()
        files = len(connection.execute("FROM ducklake_list_files('lake', 'clockify_timeentries')").fetchall())
        remembered = {}
        for state in ("workspace_loads", "loads", "loaded_ranges"):
            sql = f"FROM ducklake_list_files('lake', '{state}', schema => 'clockify_state')"
            remembered[state] = len(connection.execute(sql).fetchall())
        ((tables,),) = connection.execute("SELECT count(DISTINCT table_name) FROM clockify_state.loads").fetchall()
        ((known,),) = connection.execute(
            "SELECT count(DISTINCT table_name) FROM clockify_state.workspace_loads"
        ).fetchall()
    assert rows == len(place.entries.by_id)
    assert files <= 2, "its workspace has files of its own"
    assert remembered == {"workspace_loads": known, "loads": tables, "loaded_ranges": 1}


@pytest.mark.usefixtures("project")
def test_what_is_there_is_not_overwritten(destination: Destination, catalog: str, tmp_path: Path, capsys: Said) -> None:
    with destination.writing() as connection:
        connection.execute("CREATE TABLE clockify_tags AS SELECT 'theirs' AS id")
    assert command("move", "--to", f"ducklake:postgres:{catalog}", "--lake-path", f"{tmp_path}/lake") == 1
    assert "main.clockify_tags already" in " ".join(capsys.readouterr().err.split())
    with destination.reading() as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()")
        assert tables.fetchall() == [("clockify_tags",)]


def test_nothing_is_moved_where_nothing_is_or_where_nothing_can_be(
    project: Project, tmp_path: Path, capsys: Said
) -> None:
    project.set(database=tmp_path / "nothing.duckdb")
    assert command("move", "--to", str(tmp_path / "other.duckdb")) == 1
    assert "There is no database at" in capsys.readouterr().err
    assert command("move", "--to", "ducklake:postgres:dbname=x password=hidden", "--lake-path", str(tmp_path)) == 2
    said = capsys.readouterr().err
    assert "PGPASSWORD" in said
    assert "hidden" not in said
    assert not Database(tmp_path / "other.duckdb").exists()


@pytest.mark.parametrize(
    ("column", "named"),
    [
        ("ENUM('yes', 'no')", "ENUM"),
        ("BIT", "BIT"),
        ("UNION(a INTEGER, b VARCHAR)", "UNION"),
        ("INTEGER[2]", "ARRAY"),
        ("STRUCT(a INTEGER, b INTEGER[2][])", "ARRAY"),
        ("MAP(VARCHAR, ENUM('yes', 'no'))", "ENUM"),
        ("BIGNUM", "BIGNUM"),
        ("TIME_NS", "TIME_NS"),
    ],
)
def test_a_type_that_a_lake_does_not_take_is_refused_by_name_and_nothing_is_written(
    destination: Destination, tmp_path: Path, column: str, named: str
) -> None:
    source = Database(tmp_path / "source.duckdb", storage_version="latest")
    with source.writing() as connection:
        connection.execute("CREATE TABLE before AS SELECT 1 AS number")
        connection.execute(f'CREATE TABLE own (id INTEGER, "the value" {column})')
    with pytest.raises(DatabaseUnusableError) as caught:
        move(source, destination)
    assert f"The column the value of the table main.own has the type {named}, which a lake" in str(caught.value)
    with destination.reading() as connection:
        tables = connection.execute("FROM duckdb_tables() WHERE database_name = current_database()")
        assert tables.fetchall() == []
    with source.writing() as connection:
        connection.execute('ALTER TABLE own ALTER "the value" TYPE VARCHAR')
    assert move(source, destination) == {"main.before": 1, "main.own": 0}
