"""CLOCKIFY_DATABASE and CLOCKIFY_LAKE_PATH: what may be written into them, and how it is read."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from clockify_dagster.defs.account_definitions import warehouse_of
from clockify_dagster.env_file import env_file
from clockify_dagster.errors import MissingExtraError, SettingsError
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Warehouse

LAKE = "ducklake:postgres:host=127.0.0.1 dbname=clockify"
PAGE = (Path(__file__).parents[1] / "docs" / "scale.md").read_text(encoding="utf-8")


def refused(**given: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.load(**given)
    return str(caught.value)


def warehouse(settings: Settings) -> Warehouse:
    return warehouse_of(settings).warehouse(settings.contract)


def test_a_lake_without_a_place_for_its_data_is_refused_and_with_one_is_taken_as_it_is_written() -> None:
    assert "a lake needs a place for its data; set CLOCKIFY_LAKE_PATH as well" in refused(database=LAKE)
    assert Settings.load(database=LAKE, lake_path="/srv/lake").database == LAKE
    assert Settings.load(lake_path="/srv/lake").database == Path("data/clockify.duckdb"), "a place alone is no lake"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("/srv/lake", "/srv/lake/"),
        ("/srv/lake/", "/srv/lake/"),
        ("s3://bucket", "s3://bucket/"),
        ("s3://bucket/", "s3://bucket/"),
        ("s3://bucket/x", "s3://bucket/x/"),
        ("s3://bucket/x/", "s3://bucket/x/"),
        ("s3://bucket/x/tenant=1", "s3://bucket/x/tenant=1/"),
    ],
)
def test_a_place_has_one_slash_at_its_end_however_it_is_written(written: str, read: str) -> None:
    assert Settings.load(database=LAKE, lake_path=written).lake_path == read


@pytest.mark.parametrize("written", ["lake", "./lake", "lake/"])
def test_a_folder_is_meant_from_where_the_command_is_started(written: str, tmp_path: Path) -> None:
    assert Settings.load(lake_path=written).lake_path == f"{tmp_path}/lake/"


def test_a_folder_may_be_in_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.load(lake_path="~/lake").lake_path == f"{tmp_path}/lake/"


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ("s3://", "it is written s3://bucket/folder"),
        ("s3:///folder", "it is written s3://bucket/folder"),
        ("s3://bucket/x?region=eu", "it is written s3://bucket/folder"),
        ("s3://me:hunter2@bucket/x", "it is written s3://bucket/folder"),
        ("gs://bucket/x", "it must be a folder's path, or begin with s3://"),
        ("https://bucket.s3.amazonaws.com", "it must be a folder's path, or begin with s3://"),
        ("a file", "it is not a folder"),
    ],
)
def test_a_place_that_cannot_be_one_is_refused(place: str, fault: str) -> None:
    Path("a file").touch()
    said = refused(lake_path=place)
    assert said.startswith(f"CLOCKIFY_LAKE_PATH cannot be used: {fault}")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "rest",
    [
        "dbname=x password=hunter2",
        "password=hunter2",
        "dbname=x password = 'hunter2'",
        "dbname=x PASSWORD=hunter2",
        "dbname=x sslpassword=hunter2",
        "postgresql://me:hunter2@host/db",
        "postgres://me:hunter2@host:5432/db?sslmode=require",
        "postgresql://me@host/db?password=hunter2",
        "postgresql:///db?user=me&password=hunter2",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_shown(rest: str) -> None:
    said = refused(database=f"ducklake:postgres:{rest}", lake_path="lake")
    assert "there is a password in it, which would be shown; write it into PGPASSWORD" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "rest", ["dbname=password", "postgresql://me@host:5432/db", "host=::1 user=me dbname=x", "passfile=/run/secrets/pg"]
)
def test_what_only_looks_like_a_password_is_taken(rest: str) -> None:
    assert Settings.load(database=f"ducklake:postgres:{rest}", lake_path="lake").database == f"ducklake:postgres:{rest}"


@pytest.mark.parametrize(
    ("database", "fault"),
    [
        ("ducklake:postgres:", "it does not say which database"),
        ("ducklake:postgres:  ", "it does not say which database"),
        ("ducklake:sqlite:catalog.db", "it must be a path on this machine, not an address"),
        ("md:", "it does not say which database"),
        ("md:two words", "a name has letters, digits, underscores"),
        ("md:name?motherduck_token=hunter2", "a name has letters, digits, underscores"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(database: str, fault: str) -> None:
    said = refused(database=database, lake_path="lake")
    assert said.startswith(f"CLOCKIFY_DATABASE cannot be used: {fault}")
    assert "hunter2" not in said


@pytest.mark.parametrize(("database", "schema"), [(LAKE, "lake"), ("md:hours", "hours")])
def test_a_schema_is_not_called_as_its_database_is_in_sql(database: str, schema: str) -> None:
    assert f"its schema {schema}" in refused(database=database, lake_path="lake", database_schema=schema)
    assert Settings.load(database=database, lake_path="lake", database_schema="other").database == database


def test_the_pages_lines_are_read_from_the_env_file() -> None:
    (lines,) = re.findall(r"```\n(?:pip.*\n|createdb.*\n|\n)*(CLOCKIFY_DATABASE=.*?)```", PAGE, re.DOTALL)
    Path(".env").write_text(lines, encoding="utf-8")
    settings = Settings.load()
    assert settings.database == "ducklake:postgres:host=db.example.com user=clockify dbname=clockify"
    assert settings.lake_path == "s3://bucket/clockify/"
    assert env_file()["AWS_REGION"] == "eu-central-1"
    assert Settings.unknown_variables() == []


@pytest.mark.skipif(find_spec("psycopg2") is not None, reason="the extra `lake` is installed")
def test_without_the_extra_a_lake_says_what_to_install() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'clockify_dagster\[lake\]'"):
        warehouse(Settings.load(database=LAKE, lake_path="lake"))


@pytest.mark.skipif(find_spec("duckdb_extension_motherduck") is not None, reason="MotherDuck's extension is installed")
def test_motherduck_is_named_by_its_database_and_says_what_to_install() -> None:
    database = warehouse(Settings.load(database="md:hours")).database
    assert database.description == "database md:hours"
    with (
        pytest.raises(MissingExtraError, match=r"extension motherduck, .* duckdb-extension-motherduck"),
        database.reading(),
    ):
        pass
