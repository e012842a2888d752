"""A lake's place is its own: what is there of something else is neither taken over nor deleted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from clockify_dagster.errors import DatabaseUnusableError
from clockify_dagster.warehouse.lake import Lake
from clockify_dagster.warehouse.lake_maintenance import UNUSED_DAYS, maintain
from clockify_dagster_tests.lake.servers import Postgres

LONG_AGO = time.time() - (UNUSED_DAYS + 1) * 86400


@pytest.fixture
def make_lake(catalog: str, postgres: Postgres) -> Callable[[str], Lake]:
    """Make a lake with a catalog of its own and a table, in a place: `make_lake(place)`."""
    del catalog  # which sets the environment

    def make(place: str) -> Lake:
        lake = Lake(postgres.conninfo(postgres.new_database()), place, lock_timeout=5)
        with lake.writing() as connection:
            connection.execute("CREATE TABLE it (workspaceid VARCHAR, number INTEGER)")
            connection.execute("ALTER TABLE it SET PARTITIONED BY (workspaceid)")
            connection.execute("INSERT INTO it VALUES ('a/b', 1), ('c', 2)")
        return lake

    return make


def age(lake: Lake) -> None:
    """Let all files be old."""
    for file in Path(lake.data_path).rglob("*.parquet"):
        os.utime(file, (LONG_AGO, LONG_AGO))


def rows(lake: Lake) -> list[tuple[object, ...]]:
    with lake.reading() as connection:
        return connection.execute("FROM it ORDER BY number").fetchall()


def test_a_second_catalog_does_not_take_the_place_of_another_lake(make_lake: Callable[[str], Lake], place: str) -> None:
    first = make_lake(place)
    with pytest.raises(DatabaseUnusableError, match="needs a place of its own, and there are Parquet files already"):
        make_lake(place)
    assert rows(first) == [("a/b", 1), ("c", 2)]


@pytest.mark.parametrize("name", ["mine.parquet", "exports/mine.parquet", "exports/of/2026/mine.parquet"])
def test_maintenance_deletes_no_file_of_somebody_and_says_whose_it_is_not(
    make_lake: Callable[[str], Lake], tmp_path: Path, name: str
) -> None:
    lake = make_lake(f"{tmp_path}/lake/")
    mine = Path(lake.data_path) / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY (SELECT 1 AS x) TO '{mine}'")
    age(lake)
    with pytest.raises(DatabaseUnusableError, match=rf"1 Parquet file\(s\) in .* not of this lake, .*{name}"):
        maintain(lake, 1)
    assert mine.exists()
    mine.unlink()
    assert maintain(lake, 1)["orphaned files deleted"] == 0
    assert rows(lake) == [("a/b", 1), ("c", 2)]


def test_maintenance_deletes_no_file_of_a_lake_within_its_place(
    make_lake: Callable[[str], Lake], tmp_path: Path
) -> None:
    outer, inner = make_lake(f"{tmp_path}/lake/"), make_lake(f"{tmp_path}/lake/inner/")
    age(outer)
    with pytest.raises(DatabaseUnusableError, match=r"not of this lake, for example .*lake/inner/main/it/"):
        maintain(outer, 1)
    assert rows(inner) == [("a/b", 1), ("c", 2)]


def test_what_killed_loads_left_in_partitions_is_deleted_all_the_same(
    make_lake: Callable[[str], Lake], tmp_path: Path
) -> None:
    lake = make_lake(f"{tmp_path}/lake/")
    (some,) = Path(lake.data_path).glob("main/it/workspaceid=a*/*.parquet")
    left = some.with_name(some.name.replace("ducklake-0", "ducklake-1"))
    left.write_bytes(some.read_bytes())
    age(lake)
    assert maintain(lake, 1)["orphaned files deleted"] == 1
    assert not left.exists()
    assert rows(lake) == [("a/b", 1), ("c", 2)]


def test_on_s3_too_maintenance_looks_at_what_is_there(
    make_lake: Callable[[str], Lake], request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clockify_dagster.warehouse import lake_maintenance
    from clockify_dagster_tests.lake.conftest import place_of

    lake = make_lake(place_of(request, "S3", tmp_path))
    with lake.reading() as connection:
        connection.execute(f"COPY (SELECT 1 AS x) TO '{lake.data_path}exports/mine.parquet'")
    monkeypatch.setattr(lake_maintenance, "UNUSED_DAYS", -1)  # nothing on S3 can be made older
    with pytest.raises(DatabaseUnusableError, match=r"1 Parquet file\(s\) .* for example s3://lake/\w+/exports/mine"):
        maintain(lake, 1)
    assert rows(lake) == [("a/b", 1), ("c", 2)]
