"""One process writes, and others want the file too: they wait for each other, and nobody loses anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.errors import DatabaseLockedError
from clockify_dagster.warehouse import Database
from clockify_dagster_tests.faults.conftest import Loaded, everything

ROOTS = ("clockify_workspaces", "clockify_tags", "clockify_projects", "clockify_users", "clockify_timeentries")
COMMAND = [sys.executable, "-c", "from clockify_dagster.cli import main; main()"]

HOLDER = """
import duckdb, sys, time
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""

# opens and closes the file all the time, as a dashboard does: a look of 20 ms, a pause of 5 ms
DASHBOARD = """
import duckdb, sys, time
looks = refused = 0
longest, last = 0.0, time.monotonic()
print("looking", flush=True)
until = None
while until is None or time.monotonic() < until:
    try:
        with duckdb.connect(sys.argv[1], read_only=True) as connection:
            connection.execute("SELECT count(*) FROM clockify_timeentries").fetchone()
            time.sleep(0.02)
    except duckdb.IOException:
        refused += 1
        time.sleep(0.002)
        continue
    longest, last = max(longest, time.monotonic() - last), time.monotonic()
    looks += 1
    time.sleep(0.005)
    if until is None and sys.argv[2] and __import__("os").path.exists(sys.argv[2]):
        until = time.monotonic()
print(looks, refused, longest, flush=True)
"""


@contextmanager
def program(folder: Path, name: str, text: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a script of that name, and wait until it has said its first line."""
    script = folder / name
    script.write_text(text)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, script, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


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


def test_two_syncs_at_once_both_end_well_also_where_nothing_was_there_before(loaded: Loaded) -> None:
    loaded.database.unlink()
    environment = {**os.environ, "DAGSTER_HOME": str(loaded.folder / "home")}
    both = [
        subprocess.Popen(  # noqa: S603
            [*COMMAND, "sync"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in both:
        _, said = process.communicate(timeout=180)
        assert process.returncode == 0, said
    loaded.assert_exact(*ROOTS)


def test_threads_of_one_process_take_turns(tmp_path: Path) -> None:
    database = Database(tmp_path / "new.duckdb", lock_timeout=0)
    start = threading.Barrier(6)

    def write(_: int) -> None:
        start.wait()
        for _ in range(5):
            with database.writing() as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS counted (n INTEGER)")
                connection.execute("INSERT INTO counted VALUES (1)")
            with database.reading() as connection:
                connection.execute("FROM counted").fetchall()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    with database.reading() as connection:
        assert connection.execute("SELECT sum(n) FROM counted").fetchone() == (30,)


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
            while time.monotonic() < until:  # DuckDB looks for signals between the pieces of a query only
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
