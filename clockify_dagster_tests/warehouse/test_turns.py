"""Turns: of two processes that refresh the same table one waits, and a killed one holds nobody up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clockify_dagster.errors import DatabaseLockedError, DatabaseUnusableError
from clockify_dagster.warehouse import turns
from clockify_dagster.warehouse.connection import Database
from clockify_dagster.warehouse.turns import turn

HOLDER = """
import sys
from pathlib import Path
from clockify_dagster.warehouse.turns import turn
with turn(Path(sys.argv[1]), sys.argv[2], print):
    print("mine", flush=True)
    sys.stdin.read()
"""

WRITER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("mine", flush=True)
sys.stdin.read()
"""

WRITER_OF_OURS = """
import sys
from pathlib import Path
from clockify_dagster.warehouse.connection import Database
from clockify_dagster.warehouse.turns import turn
path = Path(sys.argv[1])
with turn(path, sys.argv[2], print), Database(path).writing():
    print("mine", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "clockify.duckdb"


@contextmanager
def held(database: Path, table: str, program: str = HOLDER) -> Iterator[subprocess.Popen[str]]:
    """Another process, whose turn it is or that has the file open; it goes on until its standard input is closed."""
    arguments = [sys.executable, "-c", program, str(database), table]
    with subprocess.Popen(arguments, stdin=-1, stdout=-1, text=True) as holder:  # noqa: S603 - our own code
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        yield holder
        if holder.poll() is None:
            holder.communicate("")


def test_it_leaves_nothing_behind_and_can_be_had_again(database: Path) -> None:
    for _ in range(2):
        with turn(database, "clockify_tags", print, 0):
            assert len(list(database.parent.iterdir())) == 1
        assert list(database.parent.iterdir()) == []


def test_another_process_waits_and_is_told_for_whom_and_since_when_again_and_again(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_TOLD_EVERY_SECONDS", 0.3)
    heard: list[str] = []
    with held(database, "clockify_tags") as holder:

        def hear(said: str) -> None:
            heard.append(said)
            if len(heard) == 3:
                holder.communicate("")

        with turn(database, "clockify_tags", hear):
            assert len(heard) == 3
            for said in heard:
                assert f"Another refresh of clockify_tags is under way, in process {holder.pid} since 20" in said
                assert "waiting for it to end, for up to 6 h." in said


def test_a_wait_that_is_too_long_ends_with_the_process_and_what_to_do(database: Path) -> None:
    with (
        held(database, "clockify_tags") as holder,
        pytest.raises(
            DatabaseLockedError, match=rf"in process {holder.pid} since .* UTC; it was still so after 0.1 s"
        ) as caught,
        turn(database, "clockify_tags", print, 0.1),
    ):
        pass
    assert f"if it does nothing any more, end it (kill {holder.pid}). Then start again" in str(caught.value)
    assert caught.value.can_retry


def test_who_has_the_file_open_for_too_long_is_waited_for_if_it_is_a_refresh_of_ours(database: Path) -> None:
    patient = Database(database, lock_timeout=0.2)
    with patient.writing() as connection:
        connection.execute("CREATE TABLE counted (n INTEGER)")
    with (
        held(database, "clockify_tags", WRITER) as other,
        pytest.raises(DatabaseLockedError, match=f"PID {other.pid}.*after 0.2 s of waiting"),
        patient.writing(),
    ):
        pass
    with held(database, "clockify_tags", WRITER_OF_OURS) as ours:
        hurried = Database(database, lock_timeout=0.2, waits_for_ours=False)
        with pytest.raises(DatabaseLockedError, match=f"PID {ours.pid}"), hurried.reading():
            pass
        threading.Timer(1, lambda: os.kill(ours.pid, signal.SIGKILL)).start()
        with patient.writing() as connection:
            assert connection.execute("FROM counted").fetchall() == []


def test_other_tables_and_other_databases_have_turns_of_their_own(database: Path) -> None:
    with (
        held(database, "clockify_tags"),
        turn(database, "clockify_clients", print, 0),
        turn(database.with_name("other.duckdb"), "clockify_tags", print, 0),
    ):
        pass


def test_a_killed_process_holds_nobody_up(database: Path) -> None:
    with held(database, "clockify_tags") as holder:
        holder.kill()
        holder.wait()
        with turn(database, "clockify_tags", print, 0):
            pass
    assert list(database.parent.iterdir()) == [], "what the killed one left is gone as well"


def test_within_one_process_it_can_be_had_while_it_is_held(database: Path) -> None:
    with turn(database, "clockify_tags", print, 0):
        with turn(database, "clockify_tags", print, 0):
            pass
        assert len(list(database.parent.iterdir())) == 1, "it is held still"


def test_a_folder_that_cannot_be_made_is_told_as_the_databases_fault(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with (
        pytest.raises(DatabaseUnusableError, match=r"cannot be used|may not be written"),
        turn(tmp_path / "data" / "clockify.duckdb", "clockify_tags", print, 0),
    ):
        pass
