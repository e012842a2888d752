"""Who can open the file: a new one is made for the oldest DuckDB that is allowed, and a file keeps what it has."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs.io_manager import ClockifyIOManager
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Database, Destination, Warehouse
from clockify_dagster.warehouse.database import STORAGE_VERSION

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
NEWEST = "latest"
FRAME = pd.DataFrame({"day": [pd.Timestamp("2026-03-29T03:30", tz="Europe/Belgrade")]})


def made_with(path: Path, version: str) -> Path:
    with duckdb.connect(str(path), config={"storage_compatibility_version": version}) as connection:
        connection.execute("CREATE TABLE mine AS SELECT range AS n FROM range(10)")
    return path


def version_of(path: Path) -> int:
    """The number in the file's header, which an older DuckDB looks at."""
    return int.from_bytes(path.read_bytes()[12:20], "little")


def write_much(database: Destination) -> None:
    """What loads and tables of users do to a file, and more than DuckDB leaves in its log."""
    warehouse = Warehouse(database)
    warehouse.write_frame("marts", FRAME)
    with database.writing() as connection:
        connection.execute("CREATE TABLE many AS SELECT range AS n, 'text ' || range AS t FROM range(300000)")
        connection.execute("COMMENT ON TABLE many IS 'a comment'")


def test_the_version_is_that_of_the_oldest_duckdb_that_pyproject_allows() -> None:
    bound = re.search(r'"duckdb>=([\d.]+)"', PROJECT.read_text(encoding="utf-8"))
    assert bound
    assert ".".join([*bound[1].split(".")[:2], "0"]) == STORAGE_VERSION.removeprefix("v"), "its first of the series"


def test_a_new_file_is_for_the_oldest_duckdb_that_is_allowed(tmp_path: Path) -> None:
    database = Database(tmp_path / "new.duckdb")
    write_much(database)
    assert version_of(database.path) == version_of(made_with(tmp_path / "other.duckdb", STORAGE_VERSION))
    assert f"DuckDB {STORAGE_VERSION.removeprefix('v')} and later" in Warehouse(database).compatibility()


def test_so_is_one_that_a_table_of_a_user_begins(tmp_path: Path) -> None:
    path = tmp_path / "new.duckdb"
    ClockifyIOManager(database=str(path)).warehouse().write_frame("marts", FRAME)
    assert version_of(path) == version_of(made_with(tmp_path / "other.duckdb", STORAGE_VERSION))


def test_the_setting_chooses_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new.duckdb"
    monkeypatch.setenv("CLOCKIFY_DATABASE", str(path))
    monkeypatch.setenv("CLOCKIFY_DATABASE_STORAGE_VERSION", NEWEST)
    manager = (project_definitions(Settings.load()).resources or {})["clockify_warehouse"]
    assert isinstance(manager, ClockifyIOManager)
    write_much(manager.warehouse().database)
    assert version_of(path) == version_of(made_with(tmp_path / "other.duckdb", NEWEST))


@pytest.mark.parametrize("held", ["v1.0.0", STORAGE_VERSION, NEWEST])
@pytest.mark.parametrize("asked", [STORAGE_VERSION, NEWEST])
def test_a_file_that_is_there_keeps_its_version(tmp_path: Path, held: str, asked: str) -> None:
    path = made_with(tmp_path / "there.duckdb", held)
    before = version_of(path)
    database = Database(path, storage_version=asked)
    write_much(database)
    with database.writing() as connection:
        connection.execute("DROP TABLE many")
    with duckdb.connect(str(path)) as connection:
        connection.execute("FORCE CHECKPOINT")
    assert version_of(path) == before
