"""Projects whose tables are in a lake: its catalog in a Postgres of the tests, its files in a folder or on S3."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.sandbox import Account
from clockify_dagster.warehouse import Destination, Warehouse
from clockify_dagster.warehouse.ddl import quoted
from clockify_dagster_tests.conftest import Project, Row
from clockify_dagster_tests.lake.servers import (
    BUCKET,
    PASSWORD,
    S3,
    Postgres,
    ServerMissingError,
    running_postgres,
    running_s3,
)
from clockify_dagster_tests.leaving_out import leave_out

# the environment of `make test` has no extra `lake`; in that of `make test-lake` a module that is missing is an error
collect_ignore_glob = [] if find_spec("psycopg2") else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need the servers."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lake)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        with running_postgres() as server:
            yield server
    except ServerMissingError as error:
        leave_out(str(error))


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    try:
        with running_s3() as server:
            yield server
    except ServerMissingError as error:
        leave_out(str(error))


class LakeProject(Project):
    """A project in a lake."""

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse, as the settings name it."""
        return warehouse()

    def rows(self, table: str, *columns: str) -> list[Row]:
        """A table's rows, sorted by key, without what is about loading; timestamps are aware."""
        chosen = ", ".join(map(quoted, columns)) or "*"
        order = ", ".join(map(quoted, CONTRACT[table].primary_key))
        with self.warehouse.database.reading() as connection:
            found = connection.execute(f"SELECT {chosen} FROM {quoted(table)} ORDER BY {order}")
            names = [column[0] for column in found.description or []]
            return [
                {name: value for name, value in zip(names, row, strict=True) if not name.startswith("_")}
                for row in found.fetchall()
            ]

    def execute(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run SQL in a transaction of its own."""
        with self.warehouse.database.writing() as connection:
            return connection.execute(sql, list(parameters)).fetchall()


def warehouse() -> Warehouse:
    """The warehouse that the environment names."""
    from clockify_dagster.defs.account_definitions import warehouse_of
    from clockify_dagster.settings import Settings

    settings = Settings.load()
    return warehouse_of(settings).warehouse(settings.contract)


@pytest.fixture(params=["folder", "S3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a lake's files are."""
    return place_of(request, request.param, tmp_path)


def place_of(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """A new place in a folder or on S3, for which the environment is set."""
    if kind == "folder":
        return f"{folder}/lake/"
    server: S3 = request.getfixturevalue("s3")
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{secrets.token_hex(4)}/"


@pytest.fixture
def catalog(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new database in Postgres, for which the environment is set."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return postgres.conninfo(postgres.new_database())


@pytest.fixture
def destination(catalog: str, tmp_path: Path) -> Destination:
    """A lake in a folder, in which nothing was written yet."""
    from clockify_dagster.warehouse.lake import Lake

    return Lake(catalog, f"{tmp_path}/lake/", lock_timeout=5)


@pytest.fixture
def make_lake_project(make_project: Callable[..., Project], catalog: str) -> Callable[..., LakeProject]:
    """Make a project in a lake with its files in a place: `make_lake_project(account, place)`."""

    def make(account: Account, place: str, **variables: object) -> LakeProject:
        made = make_project(account, lake_path=place, database=f"ducklake:postgres:{catalog}", **variables)
        return LakeProject(made.account, made.sandbox, made.folder, made.setenv, made.instance)

    return make


def days_ago(days: int) -> date:
    """A day before today."""
    from datetime import timedelta

    return date.today() - timedelta(days=days)  # noqa: DTZ011 - the accounts are made by this clock
