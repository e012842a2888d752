"""`dagster dev` as `make dev` starts it, driven as its UI drives it: through GraphQL."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clockify_dagster.cli.home import ensure_home
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.running import select
from clockify_dagster_tests.faults.conftest import everything
from clockify_dagster_tests.test_every_table import assert_equal

ROOT = Path(__file__).parents[2]
TABLES = ("clockify_timeentries", "clockify_timeentries__tags")
DAYS = [day.isoformat() for day in days_before_today(20)]
EARLIER = [day.isoformat() for day in days_before_today(25)[:5]]
ENDED = ("SUCCESS", "FAILURE", "CANCELED")

LAUNCH = """
mutation ($backfill: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $backfill) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"
START = """
mutation ($run: ExecutionParams!) {
  launchRun(executionParams: $run) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}"""
TERMINATE = """
mutation ($run: String!) {
  terminateRun(runId: $run, terminatePolicy: SAFE_TERMINATE) { __typename }
}"""
STATUSES = """
query ($assets: [AssetKeyInput!]) {
  assetNodes(assetKeys: $assets) {
    assetPartitionStatuses { ... on TimePartitionStatuses { ranges { status startKey endKey } } }
  }
}"""
WORKSPACE = """
{
  workspaceOrError {
    ... on Workspace {
      locationEntries {
        loadStatus
        locationOrLoadError {
          ... on RepositoryLocation { name repositories { name jobs { name } schedules { name } } }
          ... on PythonError { message }
        }
      }
    }
  }
}"""


@dataclass
class Dev:
    """A `dagster dev`: where it is, what it has printed so far, and the session of all its processes."""

    url: str
    log: Path
    session: int

    def ask(self, query: str, **variables: Any) -> Any:
        """The data that a query gives."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server on loopback
            given = json.load(answer)
        assert "errors" not in given, given["errors"]
        return given["data"]

    def wait(self, what: Callable[[], Any], seconds: float) -> Any:
        """What is given as soon as it is something; fails when that takes too long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                found = what()
            except (urllib.error.URLError, ConnectionError):
                found = None
            if found:
                return found
            time.sleep(0.25)
        raise AssertionError(f"not within {seconds} s; the log says:\n{self.log.read_text()[-3000:]}")


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(small_account(days=25), start_date=days_before_today(25)[0])


@pytest.fixture
def dev(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dev]:
    """`dagster dev` with our workspace and our dagster.yaml, gone with all its processes at the end."""
    monkeypatch.setenv(
        "PYTHONWARNINGS", re.findall(r"export PYTHONWARNINGS \?= (.*)", (ROOT / "Makefile").read_text())[0]
    )
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    ensure_home()
    select(project, "clockify_workspaces")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    log = tmp_path / "dev.log"
    command = [str(Path(sys.executable).parent / "dagster"), "dev", "--workspace", "workspace.yaml"]
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Dev(f"http://127.0.0.1:{port}/graphql", log, process.pid)
    finally:
        # the servers and the daemon are its children, in its group; asked politely they would take their time
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def listening(session: int) -> set[str]:
    """The addresses, as the kernel writes them, on which the processes of a session take connections over TCP."""
    sockets = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if int((process / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                sockets |= {str(file.readlink()) for file in (process / "fd").iterdir()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in (Path("/proc/net") / table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                found.add(words[1].partition(":")[0])
    return found


def repository_of(dev: Dev) -> dict[str, str]:
    """The repository with the jobs and schedules that the UI shows, as GraphQL selects it."""
    (entry,) = dev.wait(lambda: dev.ask(WORKSPACE)["workspaceOrError"]["locationEntries"], 90)
    location = entry["locationOrLoadError"]
    (repository,) = location["repositories"]
    assert {"clockify_daily", "clockify_reference"} <= {job["name"] for job in repository["jobs"]}
    assert {"clockify_daily_refresh", "clockify_weekly_integral"} <= {each["name"] for each in repository["schedules"]}
    return {"repositoryName": repository["name"], "repositoryLocationName": location["name"]}


def status_of(dev: Dev, run: str) -> str:
    """The status of a run that has ended, else nothing."""
    (status,) = [each["status"] for each in dev.ask(RUNS)["runsOrError"]["results"] if each["runId"] == run]
    return status if status in ENDED else ""


def green_days(dev: Dev) -> list[Any]:
    """For each of the tables, the ranges of days that the UI shows in green: the first and the last day of each."""
    nodes = dev.ask(STATUSES, assets=[{"path": [table]} for table in TABLES])["assetNodes"]
    ranges = [node["assetPartitionStatuses"]["ranges"] for node in nodes]
    return [[(each["startKey"], each["endKey"]) for each in of if each["status"] == "MATERIALIZED"] for of in ranges]


def launch_backfill(dev: Dev) -> str:
    """Choose twenty days and press Launch; gives the id. Dagster's daemon takes it up within half a minute."""
    chosen = {"assetSelection": [{"path": [table]} for table in TABLES], "partitionNames": DAYS, "title": "last days"}
    launched = dev.ask(LAUNCH, backfill=chosen)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    return str(launched["backfillId"])


def run_of(dev: Dev, backfill: str) -> str:
    """The one run of a backfill, when it has ended, else nothing."""
    tag = {"key": "dagster/backfill", "value": backfill}
    runs = [run for run in dev.ask(RUNS)["runsOrError"]["results"] if tag in run["tags"]]
    assert len(runs) <= 1, "a range of days is one run"
    return str(runs[0]["status"]) if runs and runs[0]["status"] in ENDED else ""


def start(dev: Dev, repository: dict[str, str], first: str, last: str) -> str:
    """Start a run for a range of days; gives its id."""
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    run = {
        "selector": {**repository, "jobName": "clockify_time_entries"},
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
    }
    launched = dev.ask(START, run=run)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    return str(launched["run"]["runId"])


def terminate_and_start_again(dev: Dev, project: Project, repository: dict[str, str]) -> None:
    """Press Terminate while a listing waits for its answer: nothing has changed. The next run loads the days."""
    before = everything(project.database)
    project.sandbox.faults.add(Fault("/time-entries", faults.Stall(300), times=None))
    run = start(dev, repository, EARLIER[0], EARLIER[-1])
    dev.wait(lambda: project.asked("/time-entries"), 60)
    assert dev.ask(TERMINATE, run=run)["terminateRun"]["__typename"] == "TerminateRunSuccess"
    pressed = time.monotonic()
    assert dev.wait(lambda: status_of(dev, run), 60) == "CANCELED"
    assert time.monotonic() - pressed < 20
    assert everything(project.database) == before
    assert green_days(dev) == [[], []], "no day is shown that is not there"
    name = project.database.name
    beside = {path.name for path in project.database.parent.iterdir() if name in path.name}
    assert beside <= {name, f".{name}.lock"}, "no staged page is left"

    project.sandbox.faults.clear()
    run = start(dev, repository, EARLIER[0], EARLIER[-1])
    assert dev.wait(lambda: status_of(dev, run), 60) == "SUCCESS"


@pytest.mark.long
def test_the_ui_loads_a_backfill_by_one_run_and_a_run_that_it_terminates_leaves_all_as_it_was(
    dev: Dev, project: Project
) -> None:
    repository = repository_of(dev)
    if Path("/proc/net/tcp").exists():
        assert listening(dev.session) == {"0100007F"}, "it listens on loopback alone"
    backfill = launch_backfill(dev)
    terminate_and_start_again(dev, project, repository)
    assert dev.wait(lambda: run_of(dev, backfill), 120) == "SUCCESS"
    assert_equal(project, "clockify_timeentries")
    assert green_days(dev) == [[(EARLIER[0], DAYS[-1])]] * 2

    assert not re.search("Traceback|Warning", dev.log.read_text())
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert [path for path in files if project.sandbox.api_key.encode() in path.read_bytes()] == []
