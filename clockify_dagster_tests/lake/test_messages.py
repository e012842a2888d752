"""What somebody reads whose lake does not work: what is wrong, and what to do; of whose fault it is none, nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pandas as pd
import psycopg2
import pytest
from dagster import asset, materialize

from clockify_dagster import ClockifyIOManager
from clockify_dagster.errors import (
    DatabaseLockedError,
    DatabaseUnreachableError,
    DatabaseUnusableError,
    LoadConflictError,
    SettingsError,
    WarehouseError,
)
from clockify_dagster.warehouse import Destination, Warehouse, destination_of
from clockify_dagster.warehouse.database import STORAGE_VERSION
from clockify_dagster.warehouse.ddl import MAIN
from clockify_dagster.warehouse.lake import Lake
from clockify_dagster.warehouse.lake_errors import lake_errors
from clockify_dagster.warehouse.lake_lock import _KEY
from clockify_dagster_tests.defs.own_assets import framed
from clockify_dagster_tests.lake.servers import PASSWORD, Postgres


@pytest.fixture
def filled(destination: Destination) -> Lake:
    """With a table of one row."""
    assert isinstance(destination, Lake)
    with destination.writing() as connection:
        connection.execute("CREATE TABLE it AS SELECT 1 AS number")
    return destination


def name_of(lake: Lake) -> str:
    """Its database in Postgres."""
    return lake.catalog.rpartition("=")[2]


def read(lake: Lake) -> None:
    with lake.reading() as connection:
        connection.execute("FROM it").fetchall()


def write(lake: Lake) -> None:
    with lake.writing() as connection:
        connection.execute("INSERT INTO it VALUES (2)")


@pytest.fixture
def other_role(filled: Lake, postgres: Postgres) -> Lake:
    """The lake, as a role sees it that may read and write its tables, and is no superuser."""
    role = f"role_of_{name_of(filled)}"
    postgres.run(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
    postgres.run(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}", name_of(filled))
    return Lake(filled.catalog.replace("user=lake", f"user={role}"), filled.data_path, lock_timeout=1)


def test_a_writer_of_another_role_is_waited_for_though_postgres_does_not_tell_who_it_is(
    filled: Lake, other_role: Lake
) -> None:
    with (
        filled.writing(),
        pytest.raises(DatabaseLockedError, match=r"Another load is writing to the .*\. It was still so after 1 s"),
    ):
        write(other_role)


def test_a_writer_to_another_lake_in_the_same_postgres_is_not_named(
    filled: Lake, other_role: Lake, postgres: Postgres
) -> None:
    elsewhere = psycopg2.connect(postgres.conninfo(postgres.new_database()), application_name="somebody else")
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_KEY])
    with filled.writing(), pytest.raises(DatabaseLockedError) as raised:
        write(other_role)
    elsewhere.close()
    assert "somebody else" not in str(raised.value)


def test_threads_take_turns_also_where_the_place_is_written_in_two_ways(filled: Lake) -> None:
    said: list[str] = []
    other = Lake(filled.catalog, f"{filled.data_path.rstrip('/')}//", lock_timeout=1)

    def second() -> None:
        try:
            write(other)
        except (WarehouseError, duckdb.Error) as error:
            said.append(str(error))
        said.append("the second")

    thread = threading.Thread(target=second)
    with filled.writing() as connection:
        thread.start()
        thread.join(1)
        said.append("the first")
        connection.execute("INSERT INTO it VALUES (3)")
    thread.join(30)
    assert said[0] == "the first"
    assert said[-1] == "the second"


@pytest.mark.parametrize(
    ("catalog", "error", "said"),
    [
        ("nonsense", DatabaseUnusableError, "does not understand this address"),
        ("host=127.0.0.1 port=many dbname=x", DatabaseUnusableError, "does not understand this address"),
        ("host=nowhere.invalid dbname=x", DatabaseUnreachableError, "does not answer"),
        ("host=127.0.0.1 port=1 dbname=x", DatabaseUnreachableError, "does not answer"),
    ],
)
@pytest.mark.parametrize("use", [read, write])
def test_of_an_address_a_reader_and_a_writer_are_told_the_same(
    tmp_path: Path, catalog: str, error: type[WarehouseError], said: str, use: object
) -> None:
    assert callable(use)
    with pytest.raises(error, match=said):
        use(Lake(catalog, f"{tmp_path}/", lock_timeout=1))


@pytest.mark.parametrize("use", [read, write])
def test_too_many_connections_are_something_that_passes(
    filled: Lake, other_role: Lake, postgres: Postgres, use: object
) -> None:
    assert callable(use)
    postgres.run(f"ALTER ROLE role_of_{name_of(filled)} CONNECTION LIMIT 0")
    with pytest.raises(DatabaseUnreachableError, match="does not answer"):
        use(other_role)


def test_who_may_only_read_is_told_so_when_writing(filled: Lake, other_role: Lake, postgres: Postgres) -> None:
    postgres.run(
        f"REVOKE INSERT, UPDATE ON ALL TABLES IN SCHEMA public FROM role_of_{name_of(filled)}", name_of(filled)
    )
    read(other_role)
    with pytest.raises(DatabaseUnusableError, match="what they may do"):
        write(other_role)


def test_a_catalog_of_another_version_of_ducklake_is_named(filled: Lake, postgres: Postgres) -> None:
    postgres.run("UPDATE ducklake_metadata SET value = '9.9' WHERE key = 'version'", name_of(filled))
    fresh = Lake(f"{filled.catalog} application_name=fresh", filled.data_path, lock_timeout=1)
    with pytest.raises(DatabaseUnusableError, match="by another version of DuckLake"):
        read(fresh)


def test_a_permission_of_the_machine_is_no_matter_of_credentials() -> None:
    with (
        pytest.raises(DatabaseUnusableError, match="permissions of the folder in CLOCKIFY_LAKE_PATH"),
        lake_errors("lake"),
    ):
        raise PermissionError(13, "Permission denied", "/data/it.parquet")


@pytest.mark.parametrize("text", ["row 403 of it", "HTTP 403", "permission denied for", "timed out", "conflict"])
def test_what_a_statement_says_is_no_matter_of_the_lake(filled: Lake, text: str) -> None:
    with pytest.raises(duckdb.InvalidInputException, match=text), filled.reading() as connection:
        connection.execute("SELECT error(?)", [text])


def test_a_secret_is_found_also_as_it_stands_in_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "it's a secret")
    with pytest.raises(duckdb.ParserException) as raised, lake_errors("lake"):
        duckdb.connect().execute("CREATE SECRET s (TYPE s3, SECRET 'it''s a secret', KEY_ID")
    assert "s a secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("database", "lake_path", "said"),
    [
        ("ducklake:postgres:host=x password=hunter22 dbname=y", "lake", "there is a password in it"),
        ("ducklake:postgres:postgresql://me:pa/ss@host/db", "lake", "there is a password in it"),
        ("ducklake:postgres:postgresql://me:p?x@host/db", "lake", "there is a password in it"),
        ("ducklake:postgres:dbname=y", None, "needs a place for its data"),
        ("ducklake:postgres:dbname=y", "a[b]", r"cannot have \[ or \] in its path"),
        ("ducklake:postgres:dbname=y", "gs://bucket/x", "begin with s3://"),
    ],
)
def test_an_address_is_refused_wherever_it_is_given(database: str, lake_path: str | None, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as raised:
        destination_of(
            database, lake_path=lake_path, lock_timeout=1, config={}, schema=MAIN, storage_version=STORAGE_VERSION
        )
    assert not any(secret in str(raised.value) for secret in ("hunter22", "pa/ss", "p?x"))


def test_a_frame_that_meets_another_writer_is_tried_again(filled: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []
    write_frame = Warehouse.write_frame

    def conflicting(self: Warehouse, *given: object) -> int:
        tries.append(1)
        if len(tries) == 1:
            raise LoadConflictError("Somebody else has written. Nothing was changed.")
        return write_frame(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Warehouse, "write_frame", conflicting)

    @asset
    def mine() -> pd.DataFrame:
        return framed({"number": [1, 2]})

    manager = ClockifyIOManager(database=f"ducklake:postgres:{filled.catalog}", lake_path=filled.data_path)
    assert materialize([mine], resources={"io_manager": manager}).success
    assert len(tries) == 2
    with filled.reading() as connection:
        assert connection.execute("FROM mine ORDER BY number").fetchall() == [(1,), (2,)]
