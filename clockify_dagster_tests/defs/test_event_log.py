"""The event log that batches: what it writes is what Dagster's own writes, in fewer transactions."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from dagster import AssetKey, DagsterEventType
from dagster._core.events import DagsterEventBatchMetadata
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from clockify_dagster.defs import event_log
from clockify_dagster.defs.event_log import BATCH_SIZE, BatchingEventLogStorage, fits
from clockify_dagster.errors import SettingsError
from clockify_dagster_tests.defs.histories import OURS, RUN, count, events, instance_at, job, rows, run_at


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins without batching, and leaves the environment as it was."""
    monkeypatch.setenv(BATCH_SIZE, "0")
    monkeypatch.delenv(BATCH_SIZE)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[BatchingEventLogStorage]:
    made = BatchingEventLogStorage(str(tmp_path))
    yield made
    made.dispose()


def test_it_writes_the_rows_that_dagsters_own_storage_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_at(tmp_path / "stock", monkeypatch, "")
    assert BATCH_SIZE not in os.environ
    run_at(tmp_path / "ours", monkeypatch, OURS)
    assert BATCH_SIZE in os.environ
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
    storage.store_event(events(1)[0])
    storage.flush()
    commits: list[object] = []

    def committed(connection: object) -> None:
        commits.append(connection)

    sqlalchemy.event.listen(Engine, "commit", committed)
    try:
        storage.store_event_batch(events(20))
        for event in events(30):
            storage.store_event(event)
        storage.flush()
    finally:
        sqlalchemy.event.remove(Engine, "commit", committed)
    assert len(commits) == 2
    assert [count(tmp_path, RUN), count(tmp_path, "index"), count(tmp_path, "index", "asset_event_tags")] == [51] * 3


@pytest.mark.parametrize("method", ["_store_asset_event", "_store_asset_event_tags"])
def test_of_a_batch_that_fails_nothing_is_left(
    storage: BatchingEventLogStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    _store(storage, 1)

    def fail(*_: Any) -> Any:
        raise ValueError("it cannot be written")

    monkeypatch.setattr(SqliteEventLogStorage, method, fail)
    with pytest.raises(ValueError, match="cannot be written"):
        _store(storage, 30)
    monkeypatch.undo()
    assert [count(tmp_path, RUN), count(tmp_path, "index"), count(tmp_path, "index", "asset_event_tags")] == [1] * 3
    _store(storage, 30)
    assert count(tmp_path, "index") == 31


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
        _store(storage, 30)
    storage.flush()
    assert [count(tmp_path, RUN), count(tmp_path, "index"), count(tmp_path, "index", "asset_event_tags")] == [29] * 3


def _store(storage: BatchingEventLogStorage, number: int) -> None:
    storage.store_event_batch(events(number))
    storage.flush()


def test_a_run_that_ends_early_keeps_what_dagster_still_gathered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with instance_at(tmp_path, monkeypatch, OURS) as instance:
        run = instance.create_run_for_job(job(), run_id=RUN)
        for event in events(5):
            instance.handle_new_event(event, batch_metadata=DagsterEventBatchMetadata("batch", is_end=False))
        other = events(1, run_id="another")[0]
        instance.handle_new_event(other, batch_metadata=DagsterEventBatchMetadata("other", is_end=False))
        assert not instance.get_materialized_partitions(AssetKey("entries"))
        instance.report_run_failed(run)
        assert len(instance.get_materialized_partitions(AssetKey("entries"))) == 5
        kinds = [record.event_log_entry.dagster_event_type for record in instance.get_records_for_run(RUN).records]
        assert kinds[-2:] == [DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.RUN_FAILURE]
        assert not instance.get_records_for_run("another").records


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
    storage.flush()
    assert count(tmp_path, "index") == 60
    assert [len(storage.get_records_for_run(run_id).records) for run_id in ("one", "two", RUN)] == [20] * 3


def test_what_comes_alone_is_written_soon_and_before_anybody_reads(
    storage: BatchingEventLogStorage, tmp_path: Path
) -> None:
    storage.store_event(events(1)[0])
    assert len(storage.get_records_for_run(RUN).records) == 1
    storage.store_event(events(1)[0])
    until = time.monotonic() + 10
    while count(tmp_path, "index") < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert count(tmp_path, "index") == 2


def test_the_end_of_a_run_is_written_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "_DELAY_SECONDS", 3600)
    with instance_at(tmp_path, monkeypatch, OURS) as instance:
        run = instance.create_run_for_job(job(), run_id=RUN)
        for event in events(3):
            instance.handle_new_event(event)
        folder = tmp_path / "history" / "runs"
        assert count(folder, "index") == 0
        instance.report_run_failed(run)
        assert count(folder, "index", "asset_event_tags") == 3
        assert count(folder, RUN) >= 4


def test_what_finds_no_room_is_written_when_there_is_some(
    storage: BatchingEventLogStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise OperationalError("insert", {}, OSError("database or disk is full"))

    monkeypatch.setattr(SqliteEventLogStorage, "prepare_insert_event", fail)
    storage.store_event_batch(events(3))
    with pytest.raises(OperationalError):
        storage.flush()
    monkeypatch.undo()
    storage.store_event(events(1)[0])
    storage.dispose()
    assert count(tmp_path, RUN) == count(tmp_path, "index") == 4


def test_what_another_thread_could_not_write_is_told(
    storage: BatchingEventLogStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def fail(*_: Any) -> Any:
        tried.set()
        raise ValueError("it cannot be written")

    monkeypatch.setattr(SqliteEventLogStorage, "prepare_insert_event", fail)
    storage.store_event(events(1)[0])
    assert tried.wait(10)
    with storage._lock:  # the other thread is through
        monkeypatch.undo()
    with pytest.raises(ValueError, match="cannot be written"):
        storage.flush()
    storage.flush()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are looked up in /proc")
def test_no_file_stays_open(storage: BatchingEventLogStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "_MOST_ENGINES", 2)
    for n in range(4):
        storage.store_event_batch(events(2, f"run{n}"))
        storage.flush()
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


def test_a_size_that_is_set_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BATCH_SIZE, "7")
    BatchingEventLogStorage(str(tmp_path))
    assert os.environ[BATCH_SIZE] == "7"


def test_this_dagster_is_the_one_we_know() -> None:
    assert fits(SqliteEventLogStorage), "look at what changed in Dagster's storage; until then its own is used"
    assert event_log.KNOWN.keys() <= {name for kind in SqliteEventLogStorage.__mro__ for name in vars(kind)}


def test_another_dagster_than_we_know_gets_its_own_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(event_log.KNOWN, "_connect", ["self", "shard", "something_new"])
    run_at(tmp_path, monkeypatch, OURS)
    with instance_at(tmp_path, monkeypatch, OURS) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert len(instance.get_materialized_partitions(AssetKey("entries"))) == 10
    assert BATCH_SIZE not in os.environ
