"""Dagster's history on a full disk, or where nobody may write: one message says so, and the data is intact."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from clockify_dagster.cli.home import history
from clockify_dagster_tests.faults.conftest import Command, Loaded, everything
from clockify_dagster_tests.faults.test_machine import small_disk
from clockify_dagster_tests.faults.test_process import ROOTS, assert_old_or_new, change_everything
from clockify_dagster_tests.leaving_out import leave_out

SYNC = [sys.executable, "-c", "from clockify_dagster.cli import main; main()", "sync"]
ROOM = 300_000  # bytes; a run's history takes some 800,000


def fill(folder: Path, room: int) -> Path:
    """Leave so many bytes free on the folder's disk; gives the file that took the others."""
    state = os.statvfs(folder)
    taken = folder / "taken"
    with taken.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, state.f_bavail * state.f_frsize - room))
    return taken


@contextmanager
def a_file_in_its_place(home: Path) -> Iterator[None]:
    home.write_text("not a folder")
    yield


@contextmanager
def a_full_disk(home: Path) -> Iterator[None]:
    with small_disk(home) as is_small:
        _skip_unless(is_small)
        fill(home, 0)
        yield


@contextmanager
def a_disk_that_is_read_only(home: Path) -> Iterator[None]:
    with small_disk(home) as is_small:
        _skip_unless(is_small)
        _make_read_only(home)
        yield


@contextmanager
def a_history_that_is_read_only_now(home: Path) -> Iterator[None]:
    with small_disk(home) as is_small:
        _skip_unless(is_small)
        with history():
            pass
        _make_read_only(home)
        yield


def _skip_unless(is_small: bool) -> None:
    if not is_small:
        leave_out("no disk can be mounted here, and permissions would not stop root")


def _make_read_only(home: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)  # noqa: S603, S607


PLACES = [a_file_in_its_place, a_full_disk, a_disk_that_is_read_only, a_history_that_is_read_only_now]


@pytest.mark.parametrize("place", PLACES, ids=[place.__name__ for place in PLACES])
def test_a_history_that_cannot_be_written_is_one_message_before_any_request(
    command: Command,
    loaded: Loaded,
    monkeypatch: pytest.MonkeyPatch,
    place: Callable[[Path], AbstractContextManager[None]],
) -> None:
    home = loaded.folder / "history"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with place(home):
        said = command("sync")
        assert said.code in (1, 2)
        assert str(home) in said.err
        assert "DAGSTER_HOME" in said.err
        assert said.err.count("Error: ") == 1
        assert loaded.sandbox.requests == []
        ours = home / "dagster.yaml"
        assert not ours.exists() or "BatchingEventLogStorage" in ours.read_text(), "half of it would stay for good"


def test_a_disk_that_fills_during_a_run_is_one_message_and_the_next_run_with_room_is_exact(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = loaded.folder / "history"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with small_disk(home) as is_small:
        _skip_unless(is_small)
        with history():
            pass
        change_everything(loaded)
        before = everything(loaded.database)
        taken = fill(home, ROOM)
        said = subprocess.run(SYNC, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        assert said.returncode == 1
        assert "Loading reference tables" in said.stderr, "it had begun"
        assert f"Error: Dagster's history in {home} (DAGSTER_HOME) cannot be used: " in said.stderr
        assert "Traceback" not in said.stderr
        assert_old_or_new(loaded, before)

        taken.unlink()
        said = subprocess.run(SYNC, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        assert said.returncode == 0, said.stderr
        loaded.assert_exact(*ROOTS)
        with DagsterInstance.get() as instance:
            statuses = [run.status for run in instance.get_runs()]
        assert statuses[0] is DagsterRunStatus.SUCCESS
        assert DagsterRunStatus.STARTED not in statuses
