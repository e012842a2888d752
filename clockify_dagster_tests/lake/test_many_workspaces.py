"""Very many workspaces, each of which has files of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.warehouse.ddl import ensure_table
from clockify_dagster.warehouse.dropped_rows import drop_workspaces
from clockify_dagster.warehouse.state_tables import ensure_state
from clockify_dagster_tests.lake.conftest import place_of

WORKSPACES, PROJECTS = 200, CONTRACT["clockify_projects"]


def test_two_hundred_workspaces_are_written_to_s3_within_the_memory_of_a_write(
    catalog: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    from clockify_dagster.warehouse.lake import Lake
    from clockify_dagster.warehouse.writer import bound_memory

    lake = Lake(catalog, place_of(request, "S3", tmp_path))
    with lake.writing() as connection:
        ensure_table(connection, PROJECTS)
    with lake.writing() as connection:
        bound_memory(connection, is_writing=True)
        connection.execute(
            f"INSERT INTO {PROJECTS.name} BY NAME SELECT 'w' || i AS workspaceid, 'p' || i AS id "
            f"FROM range({WORKSPACES}) AS made(i)"
        )
    with lake.reading() as connection:
        held = connection.execute(f"SELECT count(DISTINCT workspaceid) FROM {PROJECTS.name}").fetchall()
    assert held == [(WORKSPACES,)]


def test_a_workspace_that_is_dropped_costs_no_look_at_the_files_of_others(catalog: str, tmp_path: Path) -> None:
    from clockify_dagster.warehouse.lake import Lake

    lake, tables = Lake(catalog, f"{tmp_path}/lake/"), CONTRACT.family(PROJECTS.name)
    with lake.writing() as connection:
        ensure_state(connection)
        for table in tables:
            ensure_table(connection, table)
            connection.execute(
                f"INSERT INTO {table.name} BY NAME SELECT 'w' || i % 2 AS workspaceid, "
                f"'p' || i AS {table.columns[0].name} FROM range(1000) AS made(i)"
            )
    others = [path for path in (tmp_path / "lake").rglob("*.parquet") if "workspaceid=w1" in str(path)]
    assert len(others) == len(tables)
    for path in others:
        path.rename(path.with_suffix(".away"))
    with lake.writing() as connection:
        drop_workspaces(connection, CONTRACT, ["w0"])
    for path in others:
        path.with_suffix(".away").rename(path)
    with lake.reading() as connection:
        for table in tables:
            found = connection.execute(f"SELECT workspaceid, count(*) FROM {table.name} GROUP BY ALL").fetchall()
            assert found == [("w1", 500)], table.name
