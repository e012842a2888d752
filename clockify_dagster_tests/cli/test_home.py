"""Dagster's history: where it is, whose `dagster.yaml` it uses, and which of its runs are marked as failed.

`test_shared_home.py` has what belongs to others.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus
from filelock import FileLock

from clockify_dagster.cli import home as home_module
from clockify_dagster.cli.home import end_dead_runs, ensure_home, history
from clockify_dagster.errors import HistoryUnusableError
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.conftest import Project

DEFINITIONS = "clockify_dagster.definitions"
TABLES = "clockify_workspaces,clockify_tags,clockify_clients"
MATERIALIZE = [sys.executable, "-m", "dagster", "asset", "materialize", "--select", TABLES, "-m", DEFINITIONS]
THEIRS = """# somebody's own file
telemetry: {enabled: false}
storage:
  sqlite:
    base_dir: BASE
"""
THEIRS_BY_PART = """telemetry: {enabled: false}
event_log_storage:
  module: dagster.core.storage.event_log
  class: ConsolidatedSqliteEventLogStorage
  config: {base_dir: BASE}
"""


@pytest.mark.parametrize("home", ["relative/home", "~/home", " spaced/home "])
def test_dagsters_history_may_be_kept_at_any_spelling_of_a_path(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("DAGSTER_HOME", home)
    folder = ensure_home()
    assert folder.is_absolute()
    assert (folder / "dagster.yaml").exists()
    assert folder.name == "home"
    assert os.environ["DAGSTER_HOME"] == str(folder)
    assert str(folder).startswith(str(tmp_path))


def test_dagsters_history_may_be_named_in_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    Path(".env").write_text("DAGSTER_HOME=data/here\n")
    assert ensure_home() == tmp_path / "data" / "here"


def test_a_folder_that_cannot_be_made_for_the_history_is_named(
    command: Command, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a-file").touch()
    monkeypatch.setenv("DAGSTER_HOME", "a-file/home")
    answer = command("sync")
    assert answer.code == 2
    assert "Dagster's history cannot be kept in a-file/home" in answer.err
    assert not project.database.exists()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("theirs", [THEIRS, THEIRS_BY_PART], ids=["all storages", "another event log"])
def test_a_dagster_yaml_of_the_users_own_stays_as_it_is_and_is_used(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theirs: str
) -> None:
    home, base = tmp_path / "own home", tmp_path / "own base"
    home.mkdir()
    base.mkdir()
    written = theirs.replace("BASE", str(base)).encode()
    (home / "dagster.yaml").write_bytes(written)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    answer = command("sync")
    assert answer.code == 0, answer.err
    assert (home / "dagster.yaml").read_bytes() == written
    assert list(base.rglob("*.db")), "the events are where the file says"
    assert not list((home / "history" / "runs").glob("*.db"))
    with DagsterInstance.get() as instance:
        (run,) = instance.get_runs()
        assert run.status is DagsterRunStatus.SUCCESS
        assert instance.get_records_for_run(run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION).records


def test_one_process_at_a_time_creates_the_history_and_the_others_wait_no_longer_than_a_bound(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_module, "LONGEST_WAIT_SECONDS", 0.2)
    with (
        FileLock(home / "clockify_dagster.lock"),
        pytest.raises(HistoryUnusableError, match=r"Another process has been opening .* for 0.2 s.*End it"),
        history(),
    ):
        pass
    with history():
        pass


@contextmanager
def multiprocess_run(project: Project) -> Iterator[subprocess.Popen[bytes]]:
    """A run with a process for each step: that of the clients waits for an answer, the others end."""
    project.set(executor="multiprocess", timeout_seconds=120)
    project.sandbox.faults.add(Fault("/clients", faults.Stall(120), times=None))
    with subprocess.Popen(MATERIALIZE, stdout=-1, stderr=-1, start_new_session=True) as process:  # noqa: S603
        yield process
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(happens: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


def latest_pids(instance: DagsterInstance, run: DagsterRun) -> list[int]:
    """The processes of the run's events, the newest event first."""
    records = instance.get_records_for_run(run.run_id, ascending=False).records
    events = [record.event_log_entry.dagster_event for record in records]
    return [event.pid for event in events if event is not None and event.pid is not None]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.usefixtures("home")
def test_a_run_with_a_process_for_each_step_is_marked_as_failed_when_it_is_killed_and_not_before(
    project: Project,
) -> None:
    with DagsterInstance.get() as instance:
        with multiprocess_run(project) as process:
            wait_for(lambda: project.asked("/clients") and project.asked("/tags"))
            (run,) = instance.get_runs()
            wait_for(lambda: not is_running(latest_pids(instance, run)[0]))
            assert end_dead_runs(instance) == []
            assert process.poll() is None
        assert end_dead_runs(instance) == [run.run_id]
        (run,) = instance.get_runs()
        assert run.status is DagsterRunStatus.FAILURE
        assert end_dead_runs(instance) == []
