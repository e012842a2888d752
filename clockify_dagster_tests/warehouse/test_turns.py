"""Turns: of two processes that refresh the same table one waits, and a killed one holds nobody up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clockify_dagster.errors import DatabaseLockedError, DatabaseUnusableError
from clockify_dagster.warehouse.turns import turn

HOLDER = """
import sys
from pathlib import Path
from clockify_dagster.warehouse.turns import turn
with turn(Path(sys.argv[1]), sys.argv[2], 0, print):
    print("mine", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "clockify.duckdb"


@contextmanager
def held(database: Path, table: str) -> Iterator[subprocess.Popen[str]]:
    """Another process whose turn it is."""
    arguments = [sys.executable, "-c", HOLDER, str(database), table]
    with subprocess.Popen(arguments, stdin=-1, stdout=-1, text=True) as holder:  # noqa: S603 - our own code
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        yield holder
        if holder.poll() is None:
            holder.communicate("")


def test_it_leaves_nothing_behind_and_can_be_had_again(database: Path) -> None:
    for _ in range(2):
        with turn(database, "clockify_tags", 0, print):
            assert len(list(database.parent.iterdir())) == 1
        assert list(database.parent.iterdir()) == []


def test_another_process_waits_and_is_told_for_whom(database: Path) -> None:
    heard: list[str] = []
    with held(database, "clockify_tags") as holder:

        def let_go(said: str) -> None:
            heard.append(said)
            holder.communicate("")

        with turn(database, "clockify_tags", 20, let_go):
            assert heard == [
                f"Another refresh of clockify_tags is under way, in process {holder.pid}; waiting for up to 20 s."
            ]


def test_a_wait_that_is_too_long_ends_with_the_process_and_what_to_do(database: Path) -> None:
    with (
        held(database, "clockify_tags") as holder,
        pytest.raises(DatabaseLockedError, match=f"in process {holder.pid}; it was still so after 0.1 s") as caught,
        turn(database, "clockify_tags", 0.1, print),
    ):
        pass
    assert "CLOCKIFY_LOCK_TIMEOUT_SECONDS" in str(caught.value)
    assert caught.value.can_retry


def test_other_tables_and_other_databases_have_turns_of_their_own(database: Path) -> None:
    with (
        held(database, "clockify_tags"),
        turn(database, "clockify_clients", 0, print),
        turn(database.with_name("other.duckdb"), "clockify_tags", 0, print),
    ):
        pass


def test_a_killed_process_holds_nobody_up(database: Path) -> None:
    with held(database, "clockify_tags") as holder:
        holder.kill()
        holder.wait()
        with turn(database, "clockify_tags", 0, print):
            pass
    assert list(database.parent.iterdir()) == [], "what the killed one left is gone as well"


def test_within_one_process_it_can_be_had_while_it_is_held(database: Path) -> None:
    with turn(database, "clockify_tags", 0, print):
        with turn(database, "clockify_tags", 0, print):
            pass
        assert len(list(database.parent.iterdir())) == 1, "it is held still"


def test_a_folder_that_cannot_be_made_is_told_as_the_databases_fault(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with (
        pytest.raises(DatabaseUnusableError, match=r"cannot be used|may not be written"),
        turn(tmp_path / "data" / "clockify.duckdb", "clockify_tags", 0, print),
    ):
        pass
