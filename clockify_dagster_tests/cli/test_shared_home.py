"""A DAGSTER_HOME that other projects use as well: their files, runs and schedules stay as they are.

`test_run_process.py` has whether a process is known to have ended.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    JobDefinition,
    job,
    op,
)
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from clockify_dagster.cli.home import end_dead_runs, ensure_home, history, prepare_for_dev
from clockify_dagster.cli.runs import job_named
from clockify_dagster.defs.dagster_internals import _repository_origin
from clockify_dagster.defs.executors import PROCESS
from clockify_dagster.defs.run_process import RunProcess
from clockify_dagster.errors import HistoryUnusableError
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.faults.programs import THEIR_JOB, program

DAILY = "clockify_daily"
NOBODY = 2**22 + 1  # no process has such a number

THEIR_FILES = {
    "dagster.yaml": "# theirs\ntelemetry: {enabled: false}\nstorage: {sqlite: {base_dir: BASE}}\n",
    "workspace.yaml": "load_from: [{python_module: their.definitions}]\n",
}
THEIR_SCHEDULE = """
INSERT INTO instigators (selector_id, repository_selector_id, status, instigator_type, instigator_body)
VALUES ('theirs', 'theirs', 'RUNNING', 'SCHEDULE', 'theirs')
"""


def rows_of(folder: Path) -> dict[str, set[tuple[object, ...]]]:
    """All that the databases below a folder hold, by file and table."""
    found = {}
    for file in folder.rglob("*.db"):
        connection = sqlite3.connect(file)
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            found[f"{file} {table}"] = set(connection.execute(f'SELECT * FROM "{table}"').fetchall())
        connection.close()
    return found


@pytest.mark.usefixtures("project")
def test_with_a_dagster_yaml_code_locations_runs_and_schedules_of_others_nothing_of_theirs_is_changed(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, base, stop = tmp_path / "shared", tmp_path / "base", tmp_path / "stop"
    home.mkdir()
    base.mkdir()
    written = {home / name: text.replace("BASE", str(base)) for name, text in THEIR_FILES.items()}
    for path, text in written.items():
        path.write_text(text)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with program(tmp_path, "theirs.py", THEIR_JOB, stop) as process:
        with closing(sqlite3.connect(next(base.rglob("schedules.db")))) as schedules, schedules:
            schedules.execute(THEIR_SCHEDULE)
        before = rows_of(base)
        assert command("sync").code == 0
        subprocess.run([sys.executable, "-m", "clockify_dagster.cli.home"], check=True)
        after = rows_of(base)
        assert {table: rows - after[table] for table, rows in before.items() if rows - after[table]} == {}
        assert {path: path.read_text() for path in written} == written
        stop.touch()
        assert process.wait(timeout=60) == 0
    with DagsterInstance.get() as instance:
        runs = {run.job_name: run.status for run in instance.get_runs()}
    assert runs == {"somebody_elses": DagsterRunStatus.SUCCESS, DAILY: DagsterRunStatus.SUCCESS}


@pytest.mark.parametrize("theirs", ["history", "schedules", "storage"])
def test_a_home_that_dagster_uses_without_a_dagster_yaml_gets_none(
    theirs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home" / theirs).mkdir(parents=True)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    assert [path.name for path in ensure_home().iterdir()] == [theirs]


def test_a_dagster_yaml_that_is_a_link_stays_one_also_where_it_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").symlink_to("not-mounted-yet.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    assert (ensure_home() / "dagster.yaml").is_symlink()


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ("storage: {custom: {module: their_postgres, class: Storage}}", "Couldn't import module their_postgres"),
        ("nonsense: 1", "Errors whilst loading dagster instance config"),
        ("storage: [", "expected the node content"),
    ],
)
def test_a_dagster_yaml_that_dagster_cannot_use_here_is_named_with_the_reason_and_stays(
    theirs: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagster.yaml").write_text(theirs)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(HistoryUnusableError, match=f"Dagster cannot use .*dagster.yaml.*{said}"), history():
        pass
    assert (tmp_path / "dagster.yaml").read_text() == theirs


@op
def nothing() -> None:
    pass


@job
def somebody_elses() -> None:
    nothing()


def test_make_dev_does_not_start_where_runs_of_another_project_wait_which_its_daemon_would_fail(home: Path) -> None:
    with DagsterInstance.from_config(str(home)) as instance:
        for of in (somebody_elses, job_named(DAILY)):
            origin = _repository_origin().get_job_origin(of.name)
            instance.create_run_for_job(of, status=DagsterRunStatus.QUEUED, remote_job_origin=origin)
        with pytest.raises(HistoryUnusableError, match=r"wait to be started: somebody_elses\. The daemon"):
            prepare_for_dev()
        assert {run.status for run in instance.get_runs()} == {DagsterRunStatus.QUEUED}


def request_backfill(instance: DagsterInstance, status: BulkActionStatus, of: str) -> None:
    """Put a backfill of an asset into the history."""
    instance.add_backfill(
        PartitionBackfill(
            backfill_id=of,
            status=status,
            from_failure=False,
            tags={},
            backfill_timestamp=time.time(),
            asset_selection=[AssetKey(of)],
            serialized_asset_backfill_data="{}",
        )
    )


@pytest.mark.parametrize("status", [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING])
def test_make_dev_does_not_start_where_a_backfill_of_another_project_is_under_way_which_its_daemon_would_fail(
    home: Path, status: BulkActionStatus
) -> None:
    with DagsterInstance.from_config(str(home)) as instance:
        request_backfill(instance, status, "clockify_timeentries")
        request_backfill(instance, status, "their_hours")
        with pytest.raises(HistoryUnusableError, match=r"another project are under way: their_hours\. The daemon"):
            prepare_for_dev()
        assert {backfill.status for backfill in instance.get_backfills()} == {status}


def test_backfills_of_ours_and_finished_ones_of_others_keep_make_dev_from_nothing(home: Path) -> None:
    with DagsterInstance.from_config(str(home)) as instance:
        request_backfill(instance, BulkActionStatus.REQUESTED, "clockify_timeentries")
        request_backfill(instance, BulkActionStatus.COMPLETED_FAILED, "their_hours")
        assert prepare_for_dev() == home


@pytest.fixture
def started(home: Path) -> Callable[..., DagsterRun]:
    """A run that counts as started: of the daily job, executed by a process that has ended, but for what is given."""

    def start(of: JobDefinition | None = None, **recorded: object) -> DagsterRun:
        with DagsterInstance.from_config(str(home)) as instance:
            run = instance.create_run_for_job(of or job_named(DAILY), status=DagsterRunStatus.STARTED)
            process = RunProcess.current(run.run_id)
            assert process is not None
            tag = process.model_copy(update={"pid": NOBODY, **recorded}).model_dump_json()
            instance.add_run_tags(run.run_id, {PROCESS: tag})
        return run

    return start


def ended(home: Path) -> list[str]:
    """The runs that are ended because their process has."""
    with DagsterInstance.from_config(str(home)) as instance:
        return end_dead_runs(instance)


def test_a_run_of_ours_whose_process_has_ended_has_failed(home: Path, started: Callable[..., DagsterRun]) -> None:
    run = started()
    assert ended(home) == [run.run_id]
    with DagsterInstance.from_config(str(home)) as instance:
        assert [each.status for each in instance.get_runs()] == [DagsterRunStatus.FAILURE]
    assert ended(home) == []


def test_a_run_that_was_being_canceled_when_its_process_ended_is_canceled(
    home: Path, started: Callable[..., DagsterRun]
) -> None:
    run = started()
    with DagsterInstance.from_config(str(home)) as instance:
        instance.report_run_canceling(run)
        assert end_dead_runs(instance) == [run.run_id]
        assert [each.status for each in instance.get_runs()] == [DagsterRunStatus.CANCELED]


@pytest.mark.parametrize(
    "recorded",
    [{"host": "another"}, {"boot": "another"}, {"namespace": "pid:[1]"}, {"run_id": "another"}],
    ids=["on another host", "before the last boot", "in another container", "of the run that it repeats"],
)
def test_a_run_of_whose_process_it_is_not_certain_is_left_alone(
    home: Path, started: Callable[..., DagsterRun], recorded: dict[str, object]
) -> None:
    started(**recorded)
    assert ended(home) == []


@pytest.mark.parametrize("tag", ["", "{}", "null", "not JSON"])
def test_a_run_that_does_not_say_which_process_executes_it_is_left_alone(
    home: Path, started: Callable[..., DagsterRun], tag: str
) -> None:
    run = started()
    with DagsterInstance.from_config(str(home)) as instance:
        instance.add_run_tags(run.run_id, {PROCESS: tag})
    assert ended(home) == []


def test_a_run_of_another_project_is_left_alone_whatever_it_says(
    home: Path, started: Callable[..., DagsterRun]
) -> None:
    started(of=somebody_elses)
    assert ended(home) == []
