"""A sync that is stopped by a signal, and one that is killed: what it says, its exit code and its run in Dagster."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.cli.test_sync import COMMAND, DAILY, printed
from clockify_dagster_tests.conftest import Project


@contextmanager
def started(project: Project, *before: str) -> Iterator[subprocess.Popen[str]]:
    """A sync in a process of its own that is in the middle of listing entries: the answer does not come.

    `before` stands before the command.
    """
    stall = project.sandbox.faults.add(Fault("time-entries", faults.Stall(60), times=None))
    with subprocess.Popen([*before, COMMAND, "sync"], stdout=-1, stderr=-1, text=True) as process:  # noqa: S603
        deadline = monotonic() + 60
        while not stall.matched and monotonic() < deadline:
            assert process.poll() is None
            sleep(0.05)
        yield process
        process.kill()
    project.sandbox.faults.clear()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_stopped_sync_ends_soon_in_order_says_what_is_not_loaded_and_its_run_is_canceled(
    project: Project, home: Path, number: signal.Signals, code: int
) -> None:
    with started(project) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Stopped. Not loaded, and as before: clockify_timeentries, clockify_timeentries__tags." in err
    assert "Traceback" not in out + err
    assert "Stack Trace" not in out + err
    assert set(printed(out)) == set(DAILY) - {"clockify_timeentries", "clockify_timeentries__tags"}
    with DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs()
    assert (run.status, run.tags["clockify/launched_by"]) == (DagsterRunStatus.CANCELED, "sync")


def test_below_nohup_a_terminal_that_is_closed_stops_no_sync(project: Project) -> None:
    with started(project, "nohup") as process:
        process.send_signal(signal.SIGHUP)
        sleep(1)
        assert process.poll() is None
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 143


def test_a_sync_whose_terminal_is_closed_is_canceled(project: Project, home: Path) -> None:
    stall = project.sandbox.faults.add(Fault("time-entries", faults.Stall(60), times=None))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(COMMAND, [COMMAND, "sync"])  # noqa: S606 - our own
    while not stall.matched and os.read(terminal, 65536):
        pass
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 129
    with DagsterInstance.from_config(str(home)) as instance:
        assert [run.status for run in instance.get_runs()] == [DagsterRunStatus.CANCELED]


def children_of(pid: int) -> list[bytes]:
    """The command lines of a process's children."""
    numbers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [Path(f"/proc/{number}/cmdline").read_bytes() for number in numbers]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are looked up in Linux's /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_to_all_processes_while_a_step_is_still_importing_cancels_the_run(
    project: Project, home: Path, number: signal.Signals, code: int
) -> None:
    project.set(executor="multiprocess")
    with subprocess.Popen([COMMAND, "sync"], stdout=-1, stderr=-1, text=True, start_new_session=True) as process:  # noqa: S603
        deadline = monotonic() + 60
        while not any(b"spawn_main" in line for line in children_of(process.pid)) and monotonic() < deadline:
            sleep(0.01)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in out + err
    assert "Stopped. Not loaded, and as before: " in err
    with DagsterInstance.from_config(str(home)) as instance:
        assert [run.status for run in instance.get_runs()] == [DagsterRunStatus.CANCELED]


def test_a_killed_sync_leaves_whole_tables_and_its_place_in_dagsters_queue_is_freed(
    command: Command, project: Project, home: Path
) -> None:
    with started(project) as process:
        process.kill()
        process.communicate(timeout=30)
    answer = command("sync")
    assert answer.code == 0, answer.err
    assert len(project.rows("clockify_timeentries")) == 20
    with DagsterInstance.from_config(str(home)) as instance:
        statuses = [run.status for run in instance.get_runs()]
    assert statuses == [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE]
    left = {path.name for path in project.database.parent.iterdir() if "clockify" in path.name}
    assert left <= {project.database.name, f".{project.database.name}.lock"}
