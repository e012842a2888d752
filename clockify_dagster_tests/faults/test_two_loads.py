"""Two loads at once: one writes at a time, what is out of date is read again, and a killed load stops nobody."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterEventType, DagsterInstance

from clockify_dagster.contract import CONTRACT
from clockify_dagster.errors import DatabaseLockedError, LoadConflictError
from clockify_dagster.sandbox import faults
from clockify_dagster.warehouse import Database, Load
from clockify_dagster_tests.faults.conftest import ENTRIES, Loaded, everything
from clockify_dagster_tests.faults.programs import LOAD, LOCK_HOLDER, beside, program

ROOTS = ("clockify_workspaces", "clockify_tags", "clockify_projects", "clockify_users", ENTRIES)
COMMAND = [sys.executable, "-c", "from clockify_dagster.cli import main; main()"]


class Meeting(faults.Kind):
    """Each of the first two requests is answered when both are there."""

    sends = True

    def __init__(self) -> None:
        self._both = threading.Barrier(2)

    def send(self, connection: Any, head: bytes, body: bytes) -> None:
        self._both.wait(60)
        connection.send(head + body)


def test_two_syncs_that_read_at_once_both_end_well_and_one_reads_its_entries_again(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no database before, so they also both want to make it."""
    loaded.database.unlink()
    loaded.set(concurrency=1)
    loaded.fault(r"/time-entries\?", Meeting(), times=2)
    monkeypatch.setenv("DAGSTER_HOME", str(loaded.folder / "home"))
    both = [
        subprocess.Popen([*COMMAND, "sync"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(2)
    ]
    for process in both:
        _, said = process.communicate(timeout=180)
        assert process.returncode == 0, said
    loaded.assert_exact(*ROOTS)
    with DagsterInstance.get() as instance:
        repeated = [
            record.event_log_entry.step_key
            for run in instance.get_runs()
            for record in instance.get_records_for_run(run.run_id, of_type=DagsterEventType.STEP_UP_FOR_RETRY).records
        ]
    assert repeated == [ENTRIES]


def test_who_reads_the_entries_while_they_are_written_writes_nothing_of_them(loaded: Loaded) -> None:
    early = loaded.read()
    loaded.refresh()
    before = everything(loaded.database)
    with pytest.raises(LoadConflictError, match="Nothing was changed; read it again"):
        loaded.warehouse.write(early)
    assert everything(loaded.database) == before
    assert beside(loaded.database) == [f".{loaded.database.name}.lock"]
    loaded.assert_exact(ENTRIES)


def test_a_whole_table_that_was_listed_before_the_loaded_one_is_left_unwritten(loaded: Loaded) -> None:
    tags = CONTRACT.family("clockify_tags")
    early, late = (Load(loaded.warehouse.staging(tags), datetime.now(timezone.utc)) for _ in range(2))
    late.staging.add(json.dumps(loaded.people.tags).encode())
    assert loaded.warehouse.write(late) == {"clockify_tags": len(loaded.people.tags)}
    before = everything(loaded.database)
    assert loaded.warehouse.write(early) == {"clockify_tags": 0}
    assert early.is_superseded
    assert everything(loaded.database) == before
    loaded.assert_exact("clockify_tags")


def test_who_writes_in_another_process_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "new.duckdb"
    with program(tmp_path, "writer.py", LOCK_HOLDER, path, 2.3), Database(path, lock_timeout=60).writing():
        pass
    assert f"Another load is writing to {path}. Waiting for it, 60 s at most." in caplog.text


def test_the_wait_for_the_writer_lock_and_for_the_file_has_one_bound(loaded: Loaded) -> None:
    """The other process gives the lock back after 1.8 seconds, and keeps the file open."""
    before = everything(loaded.database)
    database = Database(loaded.database, lock_timeout=2)
    with program(loaded.folder, "writer.py", LOCK_HOLDER, loaded.database, 1.8, "and the file"):
        began = time.monotonic()
        with pytest.raises(DatabaseLockedError, match=r"writer\.py .* after 2 s of waiting"), database.writing():
            pass
        assert 1.9 < time.monotonic() - began < 3.5
    with program(loaded.folder, "writer.py", LOCK_HOLDER, loaded.database, 60):
        at_once = Database(loaded.database, lock_timeout=0)
        with pytest.raises(DatabaseLockedError, match=r"Another load is writing to .* after 0 s"), at_once.writing():
            pass
        with database.reading() as connection:  # those who read wait for nobody's writer lock
            connection.execute("SELECT 1")
    assert everything(loaded.database) == before


def test_a_load_that_is_killed_while_it_writes_frees_the_lock_and_the_next_one_removes_its_files(
    loaded: Loaded,
) -> None:
    before = everything(loaded.database)
    with program(loaded.folder, "load.py", LOAD, loaded.database) as load:
        load.kill()
        load.wait()
    left = beside(loaded.database)
    assert [name for name in left if ".loading-" in name and name.endswith(".lock")]
    assert [name for name in left if ".loading-" in name and not name.endswith(".lock")]
    with Database(loaded.database, lock_timeout=0).writing() as connection:
        assert connection.execute("SELECT count(*) FROM clockify_tags").fetchone() == (len(loaded.people.tags),)
    assert everything(loaded.database) == before
    living = loaded.warehouse.staging(CONTRACT.family("clockify_tags"))
    folders = {path for path in loaded.folder.iterdir() if ".loading-" in path.name}
    assert len(folders) == 2, "those of the killed one are gone"
    loaded.warehouse.staging(CONTRACT.family("clockify_tags")).close()
    assert all(path.exists() for path in folders), "those of a living one stay"
    living.close()
    assert beside(loaded.database) == [f".{loaded.database.name}.lock"]
