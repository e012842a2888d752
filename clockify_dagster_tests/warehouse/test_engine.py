"""One DuckDB for many pieces of work: each sees its file alone, and nothing of one is left for the next."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from clockify_dagster.errors import DatabaseLockedError
from clockify_dagster.warehouse import engine
from clockify_dagster.warehouse.connection import Database

SETTINGS = "SELECT current_setting('memory_limit'), current_setting('threads')"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What DuckDB is started with from here on."""
    names: list[str] = []
    stock = duckdb.connect

    def connect(name: str, **options: Any) -> duckdb.DuckDBPyConnection:
        names.append(name)
        return stock(name, **options)

    monkeypatch.setattr(engine, "_idle", {})
    monkeypatch.setattr(duckdb, "connect", connect)
    yield names
    for idle in engine._idle.values():
        idle.close()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "it.duckdb", lock_timeout=0.2)
    with made.writing() as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    return made


def rows(database: Database) -> list[Any]:
    with database.reading() as connection:
        return connection.execute("FROM t ORDER BY a").fetchall()


def test_duckdb_is_started_once_for_many_pieces_of_work(database: Database, started: list[str]) -> None:
    for number in range(3):
        with database.writing() as connection:
            connection.execute("INSERT INTO t VALUES (?)", [number])
        assert len(rows(database)) == number + 2
    assert started == [":memory:"]


def test_between_two_pieces_of_work_the_file_is_nobodys(database: Database) -> None:
    with database.writing() as connection:
        connection.execute("INSERT INTO t VALUES (2)")
    assert not database.path.with_name("it.duckdb.wal").exists()
    with duckdb.connect(str(database.path)) as other:
        other.execute("INSERT INTO t VALUES (3)")
    assert rows(database) == [(1,), (2,), (3,)]


def test_a_file_that_is_replaced_is_read_anew(database: Database, tmp_path: Path) -> None:
    assert rows(database) == [(1,)]
    with duckdb.connect(str(tmp_path / "other.duckdb")) as other:
        other.execute("CREATE TABLE t AS SELECT 7 AS a")
    (tmp_path / "other.duckdb").replace(database.path)
    assert rows(database) == [(7,)]


def test_after_an_error_another_duckdb_is_started(database: Database, started: list[str]) -> None:
    with pytest.raises(duckdb.CatalogException), database.writing() as connection:
        connection.execute("INSERT INTO t FROM nothing")
    assert rows(database) == [(1,)]
    assert started == [":memory:", ":memory:"]


def test_who_waits_for_a_file_starts_no_duckdb_for_each_time_he_asks(database: Database, started: list[str]) -> None:
    with duckdb.connect(str(database.path)) as other:
        other.execute("FROM t")
        with pytest.raises(DatabaseLockedError):
            rows(database)
    assert started.count(":memory:") == 1


def test_two_files_are_told_apart(database: Database, tmp_path: Path) -> None:
    other = Database(tmp_path / "it's another.duckdb")
    with other.writing() as connection:
        connection.execute("CREATE TABLE t AS SELECT 2 AS a")
    assert [rows(database), rows(other), rows(database)] == [[(1,)], [(2,)], [(1,)]]
    assert len(engine._idle) == 1


def test_temporary_tables_and_settings_end_with_their_work(database: Database, started: list[str]) -> None:
    with database.reading() as connection:
        before = connection.execute(SETTINGS).fetchone()
        with engine.changed(connection, memory_limit="100MB", threads=1):
            connection.execute("CREATE TEMP TABLE passing AS SELECT 1")
            assert connection.execute("SELECT current_setting('threads')").fetchone() == (1,)
    with database.reading() as connection:
        after = connection.execute("SELECT current_setting('memory_limit'), current_setting('threads')").fetchone()
        assert after == before
        assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'passing'").fetchone() == (
            0,
        )
    assert started == [":memory:"]


def test_what_did_not_fit_into_memory_leaves_no_files(database: Database, started: list[str]) -> None:
    with database.writing() as connection, engine.changed(connection, memory_limit="20MB", threads=1):
        connection.execute("CREATE TEMP TABLE large AS SELECT range AS a, repeat('x', 200) AS b FROM range(200000)")
        assert list(database.path.parent.glob("it.duckdb.tmp/*"))
    assert not database.path.with_name("it.duckdb.tmp").exists()
    assert rows(database) == [(1,)]
    assert started == [":memory:", ":memory:"]


def test_a_file_that_other_code_of_this_process_has_open_is_told_as_locked(database: Database) -> None:
    with duckdb.connect(str(database.path)) as other:
        other.execute("INSERT INTO t VALUES (2)")
        with pytest.raises(DatabaseLockedError, match=r"open in this very process.*CLOCKIFY_LOCK_TIMEOUT_SECONDS"):
            rows(database)
    assert rows(database) == [(1,), (2,)]


def test_settings_of_ones_own_hold_throughout_and_for_nobody_else(database: Database, started: list[str]) -> None:
    own = Database(database.path, config={"threads": "1", "memory_limit": "300MB"})
    for _ in range(2):
        with own.reading() as connection:
            assert connection.execute("SELECT current_setting('threads')").fetchone() == (1,)
            with engine.changed(connection, memory_limit="100MB"):
                assert connection.execute("FROM t").fetchall() == [(1,)]
    assert started == [str(database.path)] * 2
    assert rows(database) == [(1,)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is forked")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_starts_a_duckdb_of_its_own(database: Database) -> None:
    assert rows(database) == [(1,)]
    child = os.fork()
    if not child:
        os._exit(0 if rows(database) == [(1,)] else 1)
    until = time.monotonic() + 20
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < until:
        time.sleep(0.02)
    if ended == (0, 0):
        os.kill(child, 9)
    assert ended == (child, 0)
    assert rows(database) == [(1,)]
