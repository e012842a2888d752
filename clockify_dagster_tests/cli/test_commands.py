"""What the command says about itself, and to arguments and settings that it cannot use."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from clockify_dagster.version import __version__
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.conftest import Project

LIGHT = """
import sys
sys.argv = ["clockify-dagster", sys.argv[1]]
from clockify_dagster import cli
try:
    cli.main()
except SystemExit as ended:
    assert ended.code == 0
heavy = {"dagster", "pandas", "duckdb", "requests"} & set(sys.modules)
assert not heavy, heavy
"""

PROGRAM = "from clockify_dagster import cli; cli.main()"
LAST = f"import atexit; atexit.register(print, 'last'); {PROGRAM}"


def test_it_prints_its_version(command: Command) -> None:
    assert __version__ in command("--version").out


@pytest.mark.parametrize("name", ["", "sync", "doctor", "sandbox", "check"])
def test_the_help_of_each_command_has_an_example(command: Command, name: str) -> None:
    said = command(*filter(None, [name]), "--help")
    assert said.code == 0
    assert "Example: " in said.out
    assert f"clockify-dagster {name}".strip() in said.out.replace("\n  ", " ")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_needs_no_dagster_does_not_wait_for_it(option: str) -> None:
    run = subprocess.run([sys.executable, "-c", LIGHT, option], capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["synch"], "No such command 'synch'"),
        (["sync", "--from"], "requires an argument"),
        (["sync", "--from", "2026-13-01"], "'2026-13-01' is not a date; write it like 2026-01-31"),
        (["sync", "--from", "2026-1-1"], "is not a date"),
        (["sync", "--to", "20260101"], "is not a date"),
        (["sync", "--to", ""], "is not a date"),
        (["sync", "--from", "1999-01-01"], "1999-01-01 is before the first day there is"),
        (["sync", "--to", "1999-01-01"], "1999-01-01 is before the first day there is"),
        (["sync", "--from", "2999-01-01"], "2999-01-01 is in the future"),
        (["sync", "--to", "2999-01-01"], "2999-01-01 is in the future"),
        (["sandbox", "--port", "99999"], "not in the range"),
        (["doctor", "me"], "unexpected extra argument"),
    ],
    ids=" ".join,
)
def test_a_wrong_argument_is_refused_with_the_reason(
    command: Command, project: Project, arguments: list[str], said: str
) -> None:
    answer = command(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert said in answer.err
    assert not project.database.exists()


def test_days_in_the_wrong_order_are_refused(command: Command, project: Project) -> None:
    first, last = project.settings.start_date, project.settings.start_date + timedelta(days=1)
    answer = command("sync", "--from", str(last), "--to", str(first))
    assert answer.code == 2
    assert f"wrong way round: it begins on {last} and ends on {first}. Write {first} first." in answer.err


@pytest.mark.parametrize("name", ["sync", "doctor"])
def test_a_broken_setting_is_named(command: Command, project: Project, name: str) -> None:
    project.set(region="moon", concurrency="many")
    answer = command(name)
    assert answer.code == 2
    assert "CLOCKIFY_REGION cannot be used" in answer.err
    assert "CLOCKIFY_CONCURRENCY cannot be used" in answer.err


@pytest.mark.parametrize("name", ["sync", "doctor"])
def test_without_a_key_it_says_where_one_is_made_and_put(
    command: Command, project: Project, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOCKIFY_API_KEY")
    answer = command(name)
    assert answer.code != 0
    assert "CLOCKIFY_API_KEY is not set. Make a key in Clockify (Profile settings, API" in answer.all
    assert not project.database.exists()


def test_a_variable_that_is_no_setting_is_pointed_out(command: Command, project: Project) -> None:
    project.set(regon="euc1")
    answer = command("doctor")
    assert answer.code == 0
    assert (
        "Warning: there is no setting CLOCKIFY_REGON, so it has no effect. Did you mean CLOCKIFY_REGION?" in answer.err
    )


@pytest.mark.parametrize(
    ("argument", "code", "said"), [("--version", 0, __version__), ("nonsense", 2, "No such command")]
)
def test_everything_is_printed_before_the_process_ends(argument: str, code: int, said: str) -> None:
    run = subprocess.run([sys.executable, "-c", LAST, argument], capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == code
    assert said in run.stdout + run.stderr
    assert run.stdout.endswith("last\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")
def test_output_that_cannot_be_written_is_one_message() -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(  # noqa: S603
            [sys.executable, "-c", PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert run.returncode == 1
    assert run.stderr == "Error: The output cannot be written: No space left on device.\n"


def test_where_nobody_reads_the_output_the_exit_code_says_it() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", PROGRAM, "--help"]
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603
    os.close(writer)
    assert run.returncode == 1
    assert run.stderr == "", "as other programs do, whose output goes into `head`"


def test_where_nobody_reads_the_errors_the_exit_code_says_it() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", PROGRAM, "nonsense"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=writer, text=True, check=False)  # noqa: S603
    os.close(writer)
    assert run.returncode == 1
    assert run.stdout == ""
