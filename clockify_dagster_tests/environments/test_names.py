"""Names of folders, the folder of a `.env`, and `make` beside the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dagster import DagsterInstance
from sqlalchemy.engine import make_url

from clockify_dagster.cli.home import ensure_home, prepare_for_dev
from clockify_dagster.errors import SettingsError
from clockify_dagster_tests.cli.conftest import Command, command, empty_home, home, project
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.environments.conftest import Run
from clockify_dagster_tests.test_every_table import assert_equal

__all__ = ["command", "empty_home", "home", "project"]  # the fixtures of the command in this process

ROOT = Path(__file__).parents[2]
ANY = "a #1 'of' \"two\" žćš 漢字 🙂 {x} ;&=@~!$HOME ` -n"


def test_folders_of_any_name_serve(
    command: Command, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ANY / "co:lon\nline"
    project.folder = folder / "100% [of*] data"  # which DuckDB can use, and Dagster cannot
    project.set(database=project.database)
    monkeypatch.setenv("DAGSTER_HOME", str(folder / "back\\slash"))
    for _ in range(2):
        answer = command("sync")
        assert answer.code == 0, answer.all
    assert_equal(project, "clockify_timeentries")
    assert_equal(project, "clockify_tags")
    with DagsterInstance.get() as instance:
        assert len(instance.get_runs()) == 2
        assert type(instance.event_log_storage).__name__ == "BatchingEventLogStorage", "our dagster.yaml is read"
    assert sorted(path.name for path in folder.iterdir()) == ["100% [of*] data", "back\\slash"]
    assert sorted(path.name for path in project.folder.iterdir()) == [".clockify.duckdb.lock", "clockify.duckdb"]


@pytest.mark.parametrize("name", ["what?", "what?mode=memory", "back\\slash", "caf\udce9"])
def test_a_folder_that_duckdb_cannot_use_is_named_before_anything_is_touched(
    command: Command, project: Project, tmp_path: Path, name: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    project.set(database=tmp_path / name / "clockify.duckdb")
    answer = command("sync")
    assert answer.code == 2
    assert answer.err.startswith("Error: CLOCKIFY_DATABASE cannot be used: DuckDB cannot use a path ")
    assert len(answer.err.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before
    assert project.asked() == []


def test_so_is_the_folder_of_the_project_itself(
    command: Command, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "what?").mkdir()
    monkeypatch.chdir(tmp_path / "what?")
    monkeypatch.delenv("CLOCKIFY_DATABASE")
    answer = command("sync")
    assert answer.code == 2
    assert (
        "CLOCKIFY_DATABASE cannot be used: DuckDB cannot use a path with ? in it, and the whole path is" in answer.err
    )
    assert list(Path().iterdir()) == []
    assert project.asked() == []


@pytest.mark.parametrize("name", ["per%cent", "50%25", "what?", "what?mode=memory", "*", "[a]"])
def test_a_folder_that_dagster_cannot_use_is_named_before_anything_is_touched(
    command: Command, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    if make_url(f"sqlite:////{name}/h").database == f"/{name}/h" and "%" in name:
        pytest.skip("this SQLAlchemy takes the path as it is")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / name / "home"))
    answer = command("sync")
    assert answer.code == 2
    assert "Dagster cannot use a path with %, ?, * or [ in it, and the whole path is" in answer.err
    assert len(answer.err.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before
    assert project.asked() == []


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_history_in_literal_quotes_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quote: str) -> None:
    monkeypatch.setenv("DAGSTER_HOME", f"{quote}{tmp_path}/home{quote}")
    with pytest.raises(SettingsError, match=r"it stands in quotes .* leave them out"):
        ensure_home()
    assert list(tmp_path.iterdir()) == []


def test_cron_starts_it_with_nothing_but_a_path_and_all_else_is_in_the_env_file(
    run: Run, variables: dict[str, str], place: Path, data: Path
) -> None:
    settings = {name: value for name, value in variables.items() if name != "PATH"}
    settings |= {"CLOCKIFY_DATABASE": "data/clockify.duckdb", "DAGSTER_HOME": "data/home"}
    (place / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    said = run("sync", cwd=place, **dict.fromkeys(settings))
    assert said.returncode == 0, said.stderr
    assert {path.name for path in data.iterdir()} == {"clockify.duckdb", ".clockify.duckdb.lock", "home"}


def test_without_a_key_it_says_in_which_folder_it_looked_for_the_env_file(run: Run, place: Path) -> None:
    said = run("sync", cwd=place, CLOCKIFY_API_KEY=None)
    assert said.returncode == 2
    assert f"into a file .env in {place.resolve()}." in said.stderr


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], list[str]]:
    """Run a target of the Makefile in the test's folder; gives what it prints. Of Dagster only the home is printed."""
    programs = tmp_path / "the programs"
    programs.mkdir()
    for name, does in {
        "python": f'exec "{sys.executable}" "$@"',
        "dagster": 'echo "$1 $DAGSTER_HOME"',
        "clockify-dagster": 'echo "$1 ${DAGSTER_HOME-by itself}"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)
    installed = ["-o", "install"]

    def start(target: str) -> list[str]:
        said = subprocess.run(  # noqa: S603
            ["make", "--silent", "-f", str(ROOT / "Makefile"), *installed, f"BIN='{programs}'", target],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
        return (said.stdout + said.stderr).splitlines()

    return start


@pytest.mark.parametrize("written", ["DAGSTER_HOME={folder}/the history\n", ""], ids=["in the .env", "nowhere"])
def test_make_and_the_command_agree_where_the_history_is(
    make: Callable[[str], list[str]], tmp_path: Path, written: str
) -> None:
    Path(".env").write_text(written.format(folder=tmp_path))
    assert make("sync") == ["sync by itself"]
    started = make("dev")
    assert started == [f"dev {ensure_home()}"]
    assert started == [f"dev {tmp_path / ('the history' if written else '.dagster')}"]


@pytest.mark.parametrize("written", ["relative", "~/home", "/somewhere/else"])
def test_a_history_that_dagster_would_look_for_elsewhere_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str
) -> None:
    """Dagster's own programs read the `.env` before the environment, and what is written there as it is."""
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home") if written.startswith("/") else "")
    Path(".env").write_text(f"DAGSTER_HOME={written}\n")
    with pytest.raises(
        SettingsError, match=f"which says DAGSTER_HOME={written}. Write DAGSTER_HOME=/.* there, or take"
    ):
        prepare_for_dev()
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_make_says_so_without_a_traceback_and_starts_nothing(make: Callable[[str], list[str]]) -> None:
    Path(".env").write_text("DAGSTER_HOME=relative\n")
    said = make("dev")
    assert said[0].startswith("Error: Dagster's history is kept in ")
    assert len(said) == 2, "the sentence, and make's own"
