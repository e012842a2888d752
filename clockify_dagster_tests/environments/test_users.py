"""A user who is not root, without a name or a home; folders that are not theirs; a system that is read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from clockify_dagster.sandbox import Sandbox
from clockify_dagster_tests.environments.conftest import Run
from clockify_dagster_tests.leaving_out import leave_out

READ_ONLY = """
mount --make-rprivate / && mount --bind "$DATA" "$DATA" || exit 99
for place in $(awk '$2 !~ "^/(proc|sys)" {print $2}' /proc/mounts | sort -u); do
  [ "$place" = "$DATA" ] || mount -o remount,bind,ro "$place" || true
done
if touch /ours /tmp/ours 2>/dev/null; then exit 99; fi
exec "$@"
"""


def rows_of(database: Path) -> int:
    with duckdb.connect(str(database), read_only=True) as connection:
        return int(connection.sql("SELECT count(*) FROM clockify_timeentries").fetchall()[0][0])


def test_a_user_who_is_not_root_and_has_neither_name_nor_home_loads(run: Run, somebody: list[str], data: Path) -> None:
    said = run("sync", before=somebody)
    assert said.returncode == 0, said.stderr
    assert rows_of(data / "clockify.duckdb") > 0
    assert {path.stat().st_uid for path in data.rglob("*")} == {data.stat().st_uid}


@pytest.mark.parametrize("where", ["clockify.duckdb", "new/folder/clockify.duckdb"])
def test_a_database_that_may_not_be_written_is_one_sentence_before_anything_is_asked(
    run: Run, somebody: list[str], data: Path, place: Path, sandbox: Sandbox, where: str
) -> None:
    place.chmod(0o555)  # for those who run the tests without being root
    said = run("sync", before=somebody, CLOCKIFY_DATABASE=str(place / where))
    place.chmod(0o755)
    assert said.returncode == 1
    assert said.stderr.startswith(f"Error: {place / where} or its folder may not be written by this user. Change the")
    assert len(said.stderr.splitlines()) == 1
    assert sandbox.requests == []
    assert list(place.iterdir()) == [data]
    assert list(data.iterdir()) == []


def test_the_doctor_says_so_too(run: Run, somebody: list[str], data: Path, place: Path) -> None:
    del data
    place.chmod(0o555)
    said = run("doctor", before=somebody, CLOCKIFY_DATABASE=str(place / "clockify.duckdb"))
    place.chmod(0o755)
    assert said.returncode == 1
    assert "problem  " in said.stdout
    assert "may not be written by this user" in said.stdout


@pytest.mark.parametrize("home", ["/elsewhere/home", "~/home", None])
def test_a_history_that_may_not_be_written_is_one_sentence_before_anything_is_asked(
    run: Run, somebody: list[str], data: Path, sandbox: Sandbox, home: str | None
) -> None:
    del data
    said = run("sync", before=somebody, DAGSTER_HOME=home)  # without any it is in the working directory, which is /
    assert said.returncode == 2
    assert said.stderr.startswith(f"Error: Dagster's history cannot be kept in {home or '.dagster'}: ")
    assert len(said.stderr.splitlines()) == 1
    assert sandbox.requests == []


@pytest.fixture
def read_only(somebody: list[str], data: Path) -> list[str]:
    """What stands before a command so that all there is, but for the data, is read-only for it."""
    before = ["env", f"DATA={data}", "unshare", "--mount", "sh", "-c", READ_ONLY, "sh", *somebody]
    if os.geteuid() != 0 or not shutil.which("unshare") or subprocess.run([*before, "true"], check=False).returncode:  # noqa: S603
        leave_out("no mounts can be made here")
    return before


@pytest.mark.world
def test_a_system_that_is_read_only_but_for_the_data_loads_again_and_again(
    run: Run, read_only: list[str], data: Path
) -> None:
    for _ in range(2):
        said = run("sync", before=read_only)
        assert said.returncode == 0, said.stderr
    said = run("check", before=read_only)
    assert said.returncode == 0, said.stdout
    assert {path.name for path in data.iterdir()} == {"clockify.duckdb", ".clockify.duckdb.lock", "home"}
    assert rows_of(data / "clockify.duckdb") > 0


@pytest.mark.world
def test_on_such_a_system_dagsters_own_programs_are_told_to_have_a_folder_for_temporary_files(
    variables: dict[str, str], read_only: list[str], data: Path
) -> None:
    def prepare(**more: str) -> subprocess.CompletedProcess[str]:
        command = [*read_only, sys.executable, "-m", "clockify_dagster.cli.home"]
        return subprocess.run(  # noqa: S603
            command, env={**variables, **more}, cwd="/", capture_output=True, text=True, check=False
        )

    refused = prepare()
    assert refused.stderr == (
        "Error: Dagster's own programs need a folder for temporary files, and there is none that can be written. Set "
        "TMPDIR to a folder that this user may write.\n"
    )
    assert list(data.iterdir()) == []
    assert prepare(TMPDIR=str(data)).stdout == str(data / "home")


@pytest.mark.world
def test_steps_in_processes_of_their_own_are_refused_where_there_is_no_memory_to_share(
    run: Run, read_only: list[str], data: Path, sandbox: Sandbox
) -> None:
    if not Path("/dev/shm").is_dir():  # noqa: S108
        pytest.skip("this system shares its memory otherwise")
    said = run("sync", before=read_only, CLOCKIFY_EXECUTOR="multiprocess")
    assert said.returncode == 2
    assert said.stderr.startswith("Error: CLOCKIFY_EXECUTOR cannot be used: its processes need /dev/shm, which cannot")
    assert sandbox.requests == []
    assert list(data.iterdir()) == []


WITHOUT_FCNTL = "import sys, warnings; sys.modules['fcntl'] = None; warnings.simplefilter('ignore');"


def test_a_system_without_file_locks_is_refused_in_one_sentence(
    variables: dict[str, str], data: Path, sandbox: Sandbox
) -> None:
    program = f"{WITHOUT_FCNTL} sys.argv = ['', 'sync']; from clockify_dagster.cli import main; main()"
    said = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], env=variables, cwd="/", capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert said.stderr.startswith("Error: This system has no file locks (Python's module fcntl is missing)")
    assert len(said.stderr.splitlines()) == 1
    assert sandbox.requests == []
    assert list(data.iterdir()) == []
