"""One process writes, and others want the file too: they wait for each other, and nobody loses anything."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.errors import DatabaseLockedError
from clockify_dagster.warehouse import Database
from clockify_dagster_tests.faults.conftest import ENTRIES, Loaded, everything
from clockify_dagster_tests.faults.programs import DASHBOARD, HOLDER, program

ROOTS = ("clockify_workspaces", "clockify_tags", "clockify_projects", "clockify_users", ENTRIES)
COMMAND = [sys.executable, "-c", "from clockify_dagster.cli import main; main()"]


def test_who_holds_the_file_for_too_long_is_named_and_nothing_changes(loaded: Loaded) -> None:
    before = everything(loaded.database)
    loaded.set(lock_timeout_seconds=0.5)
    with program(loaded.folder, "holder.py", HOLDER, loaded.database, 60, "--token=secret") as holder:
        result = loaded.load("clockify_workspaces", expect=False)
        message = next(iter(loaded.failures(result).values()))
        assert f"is open in another program: holder.py ({os.path.basename(sys.executable)}" in message  # noqa: PTH119
        assert f"PID {holder.pid}" in message
        assert "after 0.5 s of waiting (CLOCKIFY_LOCK_TIMEOUT_SECONDS)" in message
        assert "Close the program" in message
        assert "secret" not in message
    assert everything(loaded.database) == before
    loaded.heal("clockify_workspaces")


def test_who_holds_the_file_for_a_while_is_waited_for(loaded: Loaded, caplog: pytest.LogCaptureFixture) -> None:
    loaded.set(lock_timeout_seconds=60)
    with program(loaded.folder, "holder.py", HOLDER, loaded.database, 3):
        loaded.load("clockify_tags")
    assert "Waiting for it, 60 s at most." in caplog.text


def test_a_dashboard_that_opens_and_closes_the_file_works_on_and_so_does_the_sync(loaded: Loaded) -> None:
    stop = loaded.folder / "stop"
    with program(loaded.folder, "dashboard.py", DASHBOARD, loaded.database, stop) as dashboard:
        loaded.load()
        stop.touch()
        out, _ = dashboard.communicate(timeout=60)
    looks, _refused, longest = map(float, out.split())
    assert looks >= 10
    assert longest < 5
    loaded.assert_exact(*ROOTS)


def test_threads_of_one_process_write_one_after_another(tmp_path: Path) -> None:
    database = Database(tmp_path / "new.duckdb", lock_timeout=0)
    start = threading.Barrier(4)

    def write(_: int) -> None:
        start.wait()
        for _ in range(3):
            with database.writing() as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS counted (n INTEGER)")
                connection.execute("INSERT INTO counted VALUES (1)")
            with database.reading() as connection:
                connection.execute("FROM counted").fetchall()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with database.reading() as connection:
        assert connection.execute("SELECT sum(n) FROM counted").fetchone() == (12,)


def test_what_is_raised_within_a_transaction_undoes_all_of_it(tmp_path: Path) -> None:
    database = Database(tmp_path / "new.duckdb")
    with database.writing() as connection:
        connection.execute("CREATE TABLE held AS SELECT 1 AS n")
    for error in (ValueError(), KeyboardInterrupt(), SystemExit()):
        with pytest.raises(type(error)), database.writing() as connection:  # noqa: PT012 - it is the context that is tried
            connection.execute("DELETE FROM held")
            raise error
    with database.reading() as connection:
        assert connection.execute("FROM held").fetchall() == [(1,)]


def test_a_stop_in_the_middle_of_a_query_stops_the_program_and_undoes_the_transaction(tmp_path: Path) -> None:
    """DuckDB tells of an interrupted query as of a mistake; a run would go on with its next step."""
    database = Database(tmp_path / "new.duckdb")
    with database.writing() as connection:
        connection.execute("CREATE TABLE held AS SELECT 1 AS n")
    stop = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), error_boundary(), database.writing() as connection:  # noqa: PT012 - as above
            connection.execute("DELETE FROM held")
            stop.start()
            until = time.monotonic() + 20
            while time.monotonic() < until:  # DuckDB looks for signals between the parts of a query only
                connection.execute("SELECT count(*) FROM range(20_000_000) AS r(a) WHERE a * 7 % 13 = 5").fetchall()
    finally:
        signal.signal(signal.SIGINT, before)
    with database.reading() as connection:
        assert connection.execute("FROM held").fetchall() == [(1,)]


def test_nothing_is_waited_for_where_the_time_is_nought(tmp_path: Path) -> None:
    path = tmp_path / "held.duckdb"
    with program(tmp_path, "holder.py", HOLDER, path, 60):
        began = time.monotonic()
        with pytest.raises(DatabaseLockedError), Database(path, lock_timeout=0).writing():
            pass
        assert time.monotonic() - began < 2
