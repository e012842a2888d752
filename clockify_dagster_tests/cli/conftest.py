"""The command as a person types it, in this process; what it printed; and a project with an account to load."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from clockify_dagster import cli
from clockify_dagster.cli.home import history
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Both streams."""
        return self.out + self.err


Command = Callable[..., Said]


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(small_account(), start_date=days_before_today(10)[0])


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history without runs, to be copied: to make one takes a second."""
    home = tmp_path_factory.mktemp("template") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        with history():
            pass
    return home


@pytest.fixture
def home(empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The history of a test's commands, in its environment: one of its own."""
    home = shutil.copytree(empty_home, tmp_path / "home")
    # so that it is put back: set before the command does
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return home


@pytest.fixture
def command(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run `clockify-dagster` with arguments, in a folder of its own."""
    del home

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["clockify-dagster", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capfd.readouterr()
        assert "Traceback" not in printed.out + printed.err
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, printed.out, printed.err)

    return run
