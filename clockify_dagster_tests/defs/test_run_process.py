"""Whether the process of a run is known to have ended. Where it is not known, it counts as alive."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clockify_dagster.defs import run_process
from clockify_dagster.defs.run_process import RunProcess

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux shows processes in /proc")
RECORD = "from clockify_dagster.defs.run_process import RunProcess; print(RunProcess.current('run').model_dump_json())"


@pytest.fixture
def other() -> Iterator[tuple[subprocess.Popen[str], RunProcess]]:
    """Another process that lives, as it has recorded itself."""
    command = [sys.executable, "-c", f"{RECORD}; import sys; sys.stdout.flush(); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        yield process, RunProcess.model_validate_json(process.stdout.readline())
        process.kill()


def test_a_process_that_lives_has_not_ended_and_one_that_was_killed_has(
    other: tuple[subprocess.Popen[str], RunProcess],
) -> None:
    process, recorded = other
    assert recorded.pid == process.pid
    assert not recorded.has_ended()
    process.kill()
    until = time.monotonic() + 20
    while not recorded.has_ended():  # already before its parent asks for it
        assert time.monotonic() < until
        time.sleep(0.01)
    process.wait()
    assert recorded.has_ended()


def test_a_process_by_the_same_number_that_started_later_is_another_one() -> None:
    here = RunProcess.current("run")
    assert here is not None
    assert here.model_copy(update={"started": here.started - 1}).has_ended()
    assert not here.has_ended()


@pytest.mark.parametrize("changed", [{"host": "another"}, {"boot": "another"}, {"namespace": "pid:[1]"}])
def test_nothing_is_known_of_a_process_on_another_host_before_the_last_boot_or_in_another_container(
    changed: dict[str, str],
) -> None:
    here = RunProcess.current("run")
    assert here is not None
    assert not here.model_copy(update={"pid": 2**22 + 1, **changed}).has_ended()


def test_a_process_that_is_hidden_from_this_user_has_not_ended_for_all_that_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = RunProcess.current("run")
    assert here is not None

    def not_permitted(pid: int, number: int) -> None:
        raise PermissionError(pid, number)

    monkeypatch.setattr(os, "kill", not_permitted)
    assert not here.model_copy(update={"pid": 2**22 + 1}).has_ended()


def test_where_the_system_does_not_show_processes_nothing_is_recorded_and_nothing_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = RunProcess.current("run")
    assert here is not None
    monkeypatch.setattr(run_process, "_PROC", tmp_path)
    assert RunProcess.current("run") is None
    assert not here.model_copy(update={"pid": 2**22 + 1}).has_ended()
    # a container may show the processes of the host, which has other numbers for them
    (tmp_path / "self").symlink_to("1")
    assert RunProcess.current("run") is None
