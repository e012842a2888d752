"""A write to very many workspaces at once, each of which has a file of its own on S3."""

from __future__ import annotations

from pathlib import Path

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.warehouse.ddl import ensure_table
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
