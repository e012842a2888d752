"""The examples, with the project installed from its wheel into an environment of their own: no clone, no test tools."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clockify_dagster.contract import CORE
from clockify_dagster.sandbox import Sandbox
from clockify_dagster_tests.conftest import opened
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.faults.expected import COMPARED, assert_schema_holds

pytestmark = pytest.mark.world

ROOT = Path(__file__).parents[2]
DAYS = days_before_today(4)
ACCOUNTS = ("acme", "globex")
CORE_COMPARED = [table for table in COMPARED if table in CORE]
JOB = ("dagster", "job", "execute", "-m", "agency.definitions", "-j")


class Installed:
    """An environment with the wheel in it, and the example project beside it."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.bin = folder / "venv" / "bin"
        self.project = folder / "existing_project"
        self.own = folder / "own_asset"
        self.variables = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(folder), **variables}

    @property
    def database(self) -> Path:
        return Path(self.variables["AGENCY_DATABASE"])

    def run(self, *command: str, check: bool = True, folder: Path | None = None) -> str:
        ended = subprocess.run(  # noqa: S603 - our own command
            [str(self.bin / command[0]), *command[1:]],
            cwd=folder or self.project,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0 or not check, ended.stdout[-3000:] + ended.stderr[-3000:]
        return ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    running = {name: Sandbox(small_account(len(DAYS), key=f"{name}-key")).start() for name in ACCOUNTS}
    account = running["globex"].account
    account.add_tag(next(iter(account.workspaces.values())).document, "only here")
    yield running
    for sandbox in running.values():
        sandbox.stop()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, sandboxes: dict[str, Sandbox]) -> Installed:
    folder = tmp_path_factory.mktemp("world")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _call([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)])
    _call([sys.executable, "-m", "venv", str(folder / "venv")])
    (wheel,) = folder.glob("*.whl")
    examples = ("existing_project", "own_asset")
    for example in examples:
        shutil.copytree(ROOT / "examples" / example, folder / example)
    python = str(folder / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    own = (part for example in examples for part in ("--editable", str(folder / example)))
    _call([*install, str(wheel), "dagster-dg-cli", *own])
    (folder / "home").mkdir()
    variables = {
        "DAGSTER_HOME": str(folder / "home"),
        "AGENCY_START_DATE": DAYS[0].isoformat(),
        "AGENCY_DATABASE": str(folder / "both.duckdb"),
        "AGENCY_FILES": str(folder / "files"),
    }
    for name, sandbox in sandboxes.items():
        variables[f"{name.upper()}_CLOCKIFY_KEY"] = sandbox.api_key
        variables[f"{name.upper()}_CLOCKIFY_URL"] = sandbox.api_url
        variables[f"{name.upper()}_CLOCKIFY_REPORTS_URL"] = sandbox.reports_url
    return Installed(folder, variables)


def _call(command: list[str]) -> None:
    subprocess.run(command, check=True)  # noqa: S603 - our own command


# Runs jobs as their own processes would, in a single one: a process for each step of each job takes minutes.
EACH_JOB = """
import json, sys
from dagster import DagsterInstance
from agency.definitions import defs

repository, tags = defs().get_repository_def(), json.loads(sys.argv[1])
with DagsterInstance.get() as instance:
    for name in sys.argv[2:]:
        job = repository.get_job(name)
        by_day = any(each.partitions_def for each in job.asset_layer.asset_graph.asset_nodes)
        assert job.execute_in_process(instance=instance, tags=tags if by_day else {}).success, name
"""
SPAN = {"dagster/asset_partition_range_start": str(DAYS[0]), "dagster/asset_partition_range_end": str(DAYS[-1])}
JOBS = ("daily", "reference", "time_entries", "time_entries_integral", "everything", "checks")


def test_a_dg_project_takes_two_accounts_as_components(installed: Installed) -> None:
    assert "All definitions loaded successfully" in installed.run("dg", "check", "defs")
    listed = installed.run("dg", "list", "defs", "--json")
    assert all(name in listed for name in ("project_names", "acme/clockify_tags", "globex/clockify_tags"))
    said = installed.run("dg", "list", "components", "--json", "--package", "clockify_dagster")
    (ours,) = json.JSONDecoder().raw_decode(said)[0]["items"]
    assert ours["key"] == "clockify_dagster.ClockifyComponent"
    assert ours["summary"] == "A Clockify account: every table an asset in DuckDB, with checks, jobs and schedules."


@pytest.mark.long
def test_each_job_runs_and_none_runs_what_is_not_its_own(installed: Installed, sandboxes: dict[str, Sandbox]) -> None:
    # once as their own executor does it, with a process for each step
    installed.run(*JOB, "acme_daily", "--tags", json.dumps(SPAN))
    assert_schema_holds(installed.database, "acme", sandboxes["acme"].account, CORE_COMPARED)
    for name in ACCOUNTS:
        installed.run("python", "-c", EACH_JOB, json.dumps(SPAN), *(f"{name}_{job}" for job in JOBS))
    for name, tables in (("acme", CORE_COMPARED), ("globex", COMPARED)):
        assert_schema_holds(installed.database, name, sandboxes[name].account, tables)
    assert not Path(installed.variables["AGENCY_FILES"]).exists(), "our jobs run none of their assets"
    before = {name: len(sandbox.requests) for name, sandbox in sandboxes.items()}
    installed.run("python", "-c", EACH_JOB, "{}", "reference")
    files = {path.name for path in Path(installed.variables["AGENCY_FILES"]).iterdir()}
    assert files == {"countries", "offices"}, "their job runs none of ours"
    assert before == {name: len(sandbox.requests) for name, sandbox in sandboxes.items()}
    installed.run("dagster", "asset", "materialize", "-m", "agency.definitions", "--select", "acme/project_names")
    with opened(installed.database) as connection:
        assert connection.execute("SELECT name FROM acme.project_names").fetchall() == [("Website",)]


def test_a_range_of_days_is_one_run_of_the_embedded_assets(installed: Installed, sandboxes: dict[str, Sandbox]) -> None:
    select = ["--select", "globex/clockify_workspaces,globex/clockify_timeentries,globex/clockify_timeentries__tags"]
    span = f"{DAYS[0]}...{DAYS[-1]}"
    if installed.database.exists():
        with opened(installed.database, "READ_WRITE") as connection:
            connection.execute("DROP TABLE IF EXISTS globex.clockify_timeentries")
    installed.run("dagster", "asset", "materialize", "-m", "agency.definitions", *select, "--partition-range", span)
    place = next(iter(sandboxes["globex"].account.workspaces.values()))
    with opened(installed.database) as connection:
        ((rows,),) = connection.execute("SELECT count(*) FROM globex.clockify_timeentries").fetchall()
    assert rows == len(place.entries.by_id)


def test_a_new_component_is_scaffolded_and_a_wrong_value_is_told(installed: Installed) -> None:
    made = installed.project / "src" / "agency" / "defs" / "clockify"
    try:
        installed.run("dg", "scaffold", "defs", "clockify_dagster.ClockifyComponent", "clockify")
        assert "CLOCKIFY_API_KEY" in (made / "defs.yaml").read_text()
        installed.run("dg", "check", "yaml")
        (made / "defs.yaml").write_text("type: clockify_dagster.ClockifyComponent\nattributes:\n  zone: UTC\n")
        # of several files of one component dg checks a single one, unless it is told which
        said = installed.run("dg", "check", "yaml", str(made), check=False)
        assert "Additional properties are not allowed ('zone' was unexpected)" in said
    finally:
        shutil.rmtree(made, ignore_errors=True)


def test_the_wheel_brings_the_command_and_the_sandbox(installed: Installed) -> None:
    assert "clockify-dagster, version" in installed.run("clockify-dagster", "--version")
    assert "Serve a made-up Clockify account" in installed.run("clockify-dagster", "sandbox", "--help")


def test_the_wheel_brings_the_pages_and_each_of_their_links_leads_somewhere(installed: Installed) -> None:
    pages = installed.bin.parent / "share" / "doc" / "clockify_dagster"
    found = {page: re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text()) for page in pages.rglob("*.md")}
    assert {page.name for page in found} >= {"README.md", "embedding.md", "marts.md", "metrics.md", "operations.md"}
    dead = [(page.name, link) for page in found for link in found[page] if not (page.parent / link).exists()]
    assert dead == []


def test_an_asset_of_ones_own_reads_clockify_through_the_resource(
    installed: Installed, sandboxes: dict[str, Sandbox]
) -> None:
    program = (
        "import sys\n"
        "from dagster import materialize\n"
        "from clockify_dagster import ClockifyResource\n"
        "from own_asset.definitions import client_emails\n"
        "resource = ClockifyResource(api_key=sys.argv[1], api_url=sys.argv[2])\n"
        "print(materialize([client_emails], resources={'clockify': resource}).output_for_node('client_emails'))\n"
    )
    sandbox = sandboxes["acme"]
    place = next(iter(sandbox.account.workspaces.values()))
    emails = sorted(str(each["email"]) for each in place.clients.values() if each.get("email"))
    assert "All definitions loaded successfully" in installed.run("dg", "check", "defs", folder=installed.own)
    said = installed.run("dg", "list", "defs", "--json", folder=installed.own)
    (listed,) = json.JSONDecoder().raw_decode(said)[0]["assets"]
    assert listed["asset_key"] == "client_emails"
    said = installed.run("python", "-c", program, sandbox.api_key, sandbox.api_url, folder=installed.own)
    assert str(emails) in said
