"""The event log that batches: what it writes is what Dagster's own writes, in fewer transactions."""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from dagster import AssetKey, DagsterEventType, EventLogEntry
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from clockify_dagster.defs import event_log
from clockify_dagster.defs.dagster_internals import SqliteEventLogStorage
from clockify_dagster.defs.event_batch import Batch
from clockify_dagster.defs.event_log import BatchingEventLogStorage
from clockify_dagster.errors import SettingsError
from clockify_dagster_tests.defs.histories import OURS, RUN, WARNING, count, events, instance_at, job, rows, run_at


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[BatchingEventLogStorage]:
    made = BatchingEventLogStorage(str(tmp_path))
    yield made
    made.dispose()


def store(storage: BatchingEventLogStorage, some: list[EventLogEntry]) -> None:
    """Store events, and let none wait."""
    storage.store_event_batch(some)
    storage.dispose()


def counts(folder: Path) -> list[int]:
    """Events in the run's log and in the index, and those whose tags are in the index."""
    return [count(folder, RUN), count(folder, "index"), count(folder, "index", "asset_event_tags")]


def test_it_writes_the_rows_that_dagsters_own_storage_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_at(tmp_path / "stock", monkeypatch, "")
    run_at(tmp_path / "ours", monkeypatch, OURS)
    for shard in ("index", RUN):
        stock, ours = (rows(tmp_path / home / "history" / "runs" / f"{shard}.db") for home in ("stock", "ours"))
        assert stock.keys() == ours.keys()
        for table in stock:
            assert ours[table] == stock[table], table
    kinds = {row[3] for row in ours["event_logs"]}
    assert {"ASSET_MATERIALIZATION_PLANNED", "ASSET_CHECK_EVALUATION", "STEP_FAILURE", "PIPELINE_FAILURE"} <= kinds
    assert len(rows(tmp_path / "ours/history/runs/index.db")["asset_check_executions"]) > 0


def test_the_days_are_green_and_stay_so_with_dagsters_own_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_at(tmp_path, monkeypatch, OURS)
    for config, kind in ((OURS, BatchingEventLogStorage), ("", SqliteEventLogStorage)):
        with instance_at(tmp_path, monkeypatch, config) as instance:
            assert type(instance.event_log_storage) is kind
            for key in (AssetKey("entries"), AssetKey("entries__tags")):
                done = instance.get_materialized_partitions(key)
                latest = instance.get_latest_materialization_event(key)
                assert (len(done), min(done), max(done)) == (10, "2024-01-02", "2024-01-11")
                assert latest is not None
                assert latest.asset_materialization is not None
                assert latest.asset_materialization.partition == "2024-01-11"
            log = instance.get_records_for_run(RUN).records
            assert [record.storage_id for record in log] == list(range(1, len(log) + 1))
            assert len([record for record in log if record.event_log_entry.asset_materialization]) == 20
            run = instance.get_run_by_id(RUN)
            assert run is not None
            assert run.is_failure


def test_a_batch_is_one_transaction_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "_DELAY_SECONDS", 3600)
    storage = BatchingEventLogStorage(str(tmp_path))
    store(storage, events(1))
    writers: list[object] = []  # a connection for each transaction that writes

    def executes(connection: object, cursor: object, statement: str, *_: object) -> None:
        del cursor
        if statement.startswith(("INSERT", "UPDATE")) and connection not in writers:
            writers.append(connection)

    sqlalchemy.event.listen(Engine, "before_cursor_execute", executes)
    try:
        store(storage, events(50))
    finally:
        sqlalchemy.event.remove(Engine, "before_cursor_execute", executes)
    assert len(writers) == 2
    assert counts(tmp_path) == [51] * 3


def test_a_batch_that_fails_is_stored_one_by_one_from_then_on_and_warned_of_once(
    storage: BatchingEventLogStorage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store(storage, events(1))
    tries = []

    def fail(batch: Batch) -> None:
        tries.append(batch)
        raise AttributeError("a later Dagster has no such thing")

    monkeypatch.setattr(Batch, "commit", fail)
    store(storage, events(10))
    assert counts(tmp_path) == [11] * 3
    for event in events(10):
        storage.store_event(event)
    assert counts(tmp_path) == [21] * 3, "none waits any more"
    assert len(tries) == 1
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert WARNING in record.message
    assert "AttributeError: a later Dagster has no such thing" in record.message


def test_an_event_that_cannot_be_written_costs_no_other(
    storage: BatchingEventLogStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock = SqliteEventLogStorage.prepare_insert_event

    def fail(self: Any, event: Any) -> Any:
        if event.dagster_event.partition == "day 19":
            raise ValueError("it cannot be written")
        return stock(self, event)

    monkeypatch.setattr(SqliteEventLogStorage, "prepare_insert_event", fail)
    with pytest.raises(ValueError, match="cannot be written"):
        store(storage, events(30))
    storage.dispose()
    assert counts(tmp_path) == [29] * 3


def test_threads_and_other_processes_write_to_the_same_files(storage: BatchingEventLogStorage, tmp_path: Path) -> None:
    other = SqliteEventLogStorage(str(tmp_path))
    threads = [
        threading.Thread(target=each.store_event_batch, args=(events(10, run_id),))
        for run_id in ("one", "two", RUN)
        for each in (storage, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    storage.dispose()
    assert count(tmp_path, "index") == 60
    assert [len(storage.get_records_for_run(run_id).records) for run_id in ("one", "two", RUN)] == [20] * 3


def test_an_event_that_comes_alone_is_written_soon_and_before_anybody_reads(
    storage: BatchingEventLogStorage, tmp_path: Path
) -> None:
    storage.store_event(events(1)[0])
    assert len(storage.get_records_for_run(RUN).records) == 1
    storage.store_event(events(1)[0])
    until = time.monotonic() + 10
    while count(tmp_path, "index") < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert count(tmp_path, "index") == 2


def test_events_of_a_run_as_a_whole_are_written_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "_DELAY_SECONDS", 3600)
    with instance_at(tmp_path, monkeypatch, OURS) as instance:
        run = instance.create_run_for_job(job(), run_id=RUN)
        folder = tmp_path / "history" / "runs"
        before = count(folder, "index") if (folder / "index.db").exists() else 0
        for event in events(3):
            instance.handle_new_event(event)
        assert count(folder, "index") == before
        instance.report_run_failed(run)
        assert count(folder, "index", "asset_event_tags") == 3
        assert count(folder, RUN) >= 4
        assert len(instance.get_materialized_partitions(AssetKey("entries"))) == 3
        kinds = [record.event_log_entry.dagster_event_type for record in instance.get_records_for_run(RUN).records]
        assert kinds[-2:] == [DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.RUN_FAILURE]


def test_events_that_find_no_room_are_written_when_there_is_some(
    storage: BatchingEventLogStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise OperationalError("insert", {}, OSError("database or disk is full"))

    monkeypatch.setattr(SqliteEventLogStorage, "prepare_insert_event", fail)
    storage.store_event_batch(events(3))
    with pytest.raises(OperationalError):
        storage.dispose()
    monkeypatch.undo()
    store(storage, events(1))
    assert counts(tmp_path) == [4] * 3


def test_an_event_that_the_timer_could_not_write_is_raised_to_who_comes_next(
    storage: BatchingEventLogStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def fail(*_: Any) -> Any:
        tried.set()
        raise ValueError("it cannot be written")

    monkeypatch.setattr(SqliteEventLogStorage, "prepare_insert_event", fail)
    storage.store_event(events(1)[0])
    assert tried.wait(10)
    with pytest.raises(ValueError, match="cannot be written"):
        storage.get_records_for_run(RUN)
    assert not storage.get_records_for_run(RUN).records


def test_a_history_that_is_wiped_begins_anew(storage: BatchingEventLogStorage, tmp_path: Path) -> None:
    store(storage, events(3))
    storage.wipe()
    store(storage, events(2))
    assert count(tmp_path, RUN) == count(tmp_path, "index") == 2


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are looked up in /proc")
def test_no_file_stays_open(storage: BatchingEventLogStorage, tmp_path: Path) -> None:
    for n in range(4):
        store(storage, events(2, f"run{n}"))
    storage.delete_events("run1")
    held = [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    assert not [name for name in held if name.startswith(str(tmp_path))]


def test_the_folder_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    with instance_at(tmp_path / "home", monkeypatch, f"{OURS}  config:\n    base_dir: {elsewhere}\n"):
        assert (elsewhere / "index.db").exists()
    monkeypatch.delenv("DAGSTER_HOME")
    with pytest.raises(SettingsError, match="DAGSTER_HOME"):
        BatchingEventLogStorage.from_config_value(None, {})
