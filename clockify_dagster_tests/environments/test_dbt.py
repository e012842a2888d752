"""dbt, in an environment of its own, reads the sources that `clockify-dagster dbt-sources` writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from clockify_dagster.cli import commands
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.marts.conftest import Load, Office, load, office

pytestmark = pytest.mark.world
__all__ = ["load", "office"]

# dbt-core 1.12 needs a file that is in no package index
PACKAGES = ("dbt-core>=1.10.6,<1.12", "dbt-duckdb>=1.9", f"duckdb=={duckdb.__version__}")


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dbt")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603 - our own
    install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile", *PACKAGES]
    subprocess.run(install, check=True)  # noqa: S603 - our own
    return folder / "bin" / "dbt"


@pytest.fixture
def project(office: Office, load: Load, tmp_path: Path) -> Project:
    """A loaded file, and a dbt project with its sources beside it."""
    office.work(3, 9, 2, **office.billable())
    loaded = load(office)
    (tmp_path / "models").mkdir()
    said = CliRunner().invoke(commands, ["dbt-sources", "--out", str(tmp_path / "models" / "sources.yml")])
    assert said.exit_code == 0, said.output
    (tmp_path / "models" / "hours.sql").write_text(
        "SELECT sum(work_hours) AS hours FROM {{ source('clockify_marts', 'fct_time_entry') }}", encoding="utf-8"
    )
    (tmp_path / "dbt_project.yml").write_text("name: own\nprofile: own\nversion: '1.0'\n", encoding="utf-8")
    (tmp_path / "profiles.yml").write_text(
        "own:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n"
        f"      path: {loaded.database}\n      schema: own\n      settings: {{TimeZone: UTC}}\n",
        encoding="utf-8",
    )
    return loaded


def run(dbt: Path, folder: Path, *command: str) -> str:
    ended = subprocess.run(  # noqa: S603 - our own
        [str(dbt), "--no-use-colors", "--no-send-anonymous-usage-stats", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout


def test_dbt_parses_tests_and_reads_the_sources(dbt: Path, project: Project) -> None:
    folder = project.folder
    assert "deprecat" not in run(dbt, folder, "parse").lower()
    said = run(dbt, folder, "test", "--select", "source:*")
    assert "Completed successfully" in said
    assert "ERROR=0" in said
    assert "PASS=0" not in said
    assert "ERROR" not in run(dbt, folder, "source", "freshness").replace("ERROR=0", "")
    run(dbt, folder, "run")
    assert project.execute("SELECT hours FROM own.hours") == [(2,)]
