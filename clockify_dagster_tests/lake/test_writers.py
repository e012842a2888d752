"""Who writes to a lake, one after another; who reads meanwhile; what becomes of those who are killed."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import duckdb
import psycopg2
import pytest

from clockify_dagster.errors import DatabaseLockedError, DatabaseUnusableError, LoadConflictError, NotLoadedError
from clockify_dagster.warehouse import Destination, Warehouse
from clockify_dagster.warehouse.lake import Lake
from clockify_dagster.warehouse.lake_lock import writer_lock
from clockify_dagster_tests.lake.programs import MOVER, READER, WRITER, program
from clockify_dagster_tests.lake.servers import PASSWORD, Postgres

COINS = 100


@pytest.fixture
def environment(destination: Destination, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lake is the one of programs as well."""
    assert isinstance(destination, Lake)
    monkeypatch.setenv("CLOCKIFY_DATABASE", f"ducklake:postgres:{destination.catalog}")
    monkeypatch.setenv("CLOCKIFY_LAKE_PATH", destination.data_path)


@pytest.fixture
def filled(destination: Destination, environment: None) -> Destination:
    """With a table of tags, and the two tables of coins."""
    del environment
    with destination.writing() as connection:
        connection.execute("CREATE TABLE clockify_tags (id VARCHAR)")
        connection.execute("INSERT INTO clockify_tags VALUES ('a'), ('b')")
        for name, coins in {"one": COINS, "other": 0}.items():
            connection.execute(f"CREATE TABLE {name} AS SELECT {coins} AS coins")
        connection.execute("CREATE TABLE numbered AS SELECT 1 AS id")
    return destination


def held(destination: Destination, sql: str) -> list[tuple[object, ...]]:
    with destination.reading() as connection:
        return connection.execute(sql).fetchall()


def test_before_the_first_write_there_is_nothing_and_reading_makes_nothing(destination: Destination) -> None:
    with pytest.raises(NotLoadedError, match="There is no lake in "), destination.reading():
        pass
    with destination.reading_if_there() as connection:
        assert connection is None
    assert not destination.exists()
    with destination.writing() as connection:
        connection.execute("CREATE TABLE it (id VARCHAR)")
    assert destination.exists()


def test_a_write_that_fails_changes_nothing(filled: Destination) -> None:
    with pytest.raises(duckdb.ConversionException), filled.writing() as connection:
        connection.execute("DELETE FROM clockify_tags; SELECT 'one'::INTEGER")
    assert held(filled, "FROM clockify_tags ORDER BY id") == [("a",), ("b",)]


def test_within_a_process_the_lock_can_be_taken_again(filled: Destination) -> None:
    with filled.writing() as outer:
        outer.execute("INSERT INTO clockify_tags VALUES ('c')")
        with filled.writing() as inner:
            inner.execute("UPDATE one SET coins = 0")
    assert held(filled, "SELECT count(*) FROM clockify_tags") == [(3,)]
    assert held(filled, "FROM one") == [(0,)]


def test_who_waits_for_a_writer_waits_no_longer_than_the_limit_and_is_told_who_writes(filled: Lake) -> None:
    patient = Lake(filled.catalog, filled.data_path, lock_timeout=1.2)
    with program(WRITER) as writer:
        began = time.monotonic()
        with pytest.raises(DatabaseLockedError, match=rf"PID {writer.pid}.*1\.2 s of waiting"), patient.writing():
            pass
        assert 1.0 < time.monotonic() - began < 5
        assert held(filled, "SELECT count(*) FROM clockify_tags") == [(2,)], "readers wait for nobody"


def test_a_killed_writer_leaves_the_old_rows_and_the_lock_is_free(filled: Destination) -> None:
    with program(WRITER) as writer:
        writer.kill()
        writer.wait()
        began = time.monotonic()
        with filled.writing() as connection:
            assert connection.execute("FROM clockify_tags ORDER BY id").fetchall() == [("a",), ("b",)]
            connection.execute("INSERT INTO clockify_tags VALUES ('c')")
        assert time.monotonic() - began < 3
    assert held(filled, "SELECT count(*) FROM clockify_tags") == [(3,)]


def test_several_writers_lose_nothing_and_no_key_is_there_twice_and_readers_see_whole_snapshots(
    filled: Destination,
) -> None:
    with program(READER) as reader:
        with ExitStack() as stack:
            writers = [stack.enter_context(program(MOVER, 10)) for _ in range(4)]
            assert [each.wait(timeout=120) for each in writers] == [0] * 4
        said, _ = reader.communicate(timeout=60)
    looks, _, seen = said.partition(" ")
    assert int(looks) > 5
    assert seen.strip() == f"[({COINS}, 1)]"
    assert held(filled, "FROM one, other, numbered") == [(COINS - 40, 40, 1)]


def test_who_writes_without_the_lock_makes_a_load_that_can_be_tried_again(filled: Lake) -> None:
    def write() -> None:
        with filled.writing() as connection, _foreign(filled) as foreign:
            connection.execute("UPDATE one SET coins = 1")
            foreign.execute("UPDATE one SET coins = 2")

    with pytest.raises(LoadConflictError, match="without its lock") as raised:
        write()
    assert raised.value.can_retry
    assert held(filled, "FROM one") == [(2,)]


def test_where_postgres_ends_the_session_with_the_lock_nothing_is_written(filled: Lake, postgres: Postgres) -> None:
    ends_it = (
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        f"WHERE locktype = 'advisory' AND datname = '{filled.catalog.rpartition('=')[2]}'"
    )

    def write() -> None:
        with filled.writing() as connection:
            connection.execute("DELETE FROM clockify_tags")
            postgres.run(ends_it)

    with pytest.raises(LoadConflictError, match="has ended the session"):
        write()
    assert held(filled, "SELECT count(*) FROM clockify_tags") == [(2,)]


def test_after_postgres_was_started_anew_everything_goes_on(filled: Destination, postgres: Postgres) -> None:
    postgres.restart()
    assert held(filled, "SELECT count(*) FROM clockify_tags") == [(2,)]
    postgres.restart()
    with filled.writing() as connection:
        connection.execute("DELETE FROM clockify_tags WHERE id = 'a'")
    assert held(filled, "SELECT count(*) FROM clockify_tags") == [(1,)]


def test_no_rows_are_in_the_catalog(filled: Lake, postgres: Postgres) -> None:
    name = filled.catalog.rpartition("=")[2]
    tables = postgres.run("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'", name)
    assert not [each for each in tables.split() if each.startswith("ducklake_inlined_data_") and each[-1].isdigit()]
    assert len(list(Path(filled.data_path).rglob("*.parquet"))) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"catalog": "host=127.0.0.1 port=1 user=lake dbname=x"}, "does not answer"),
        ({"catalog": "nothere"}, "Make them"),
        ({"data_path": "/elsewhere/"}, "has its data in .*/lake/"),
    ],
)
def test_what_is_wrong_is_told_in_words(filled: Lake, change: dict[str, str], said: str) -> None:
    catalog = change.get("catalog", filled.catalog)
    catalog = f"{filled.catalog.rpartition(' ')[0]} dbname=nothere" if catalog == "nothere" else catalog
    other = Lake(catalog, change.get("data_path", filled.data_path), lock_timeout=1)
    with pytest.raises(Exception, match=said) as raised, other.reading():
        pass
    assert type(raised.value).__module__ == "clockify_dagster.errors"
    assert PASSWORD not in str(raised.value)


def test_a_wrong_password_is_not_repeated(filled: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong-secret-of-somebody")
    with pytest.raises(DatabaseUnusableError, match="PGPASSWORD") as raised:
        _ = Warehouse(Lake(filled.catalog, f"{filled.data_path}other/", lock_timeout=1)).row_counts()
    assert "wrong-secret" not in str(raised.value)
    with pytest.raises(psycopg2.OperationalError), writer_lock(filled.catalog + " application_name=x", "lake", 1):
        pass


def _foreign(lake: Lake) -> duckdb.DuckDBPyConnection:
    """A DuckDB of somebody who knows nothing of the lock."""
    from clockify_dagster.warehouse.extensions import load_extension

    connection = duckdb.connect()
    for name in ("postgres_scanner", "ducklake"):
        load_extension(connection, name)
    connection.execute(f"ATTACH 'ducklake:postgres:{lake.catalog}' AS theirs; USE theirs")
    return connection
