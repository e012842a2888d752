"""`dagster dev` as `make dev` starts it, driven as its UI drives it: through GraphQL."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance

from clockify_dagster.cli.home import history
from clockify_dagster.cli.runs import Outcome, run_job
from clockify_dagster.defs.executors import PROCESS
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.dagster_dev import ROOT, Dev, dagster_dev
from clockify_dagster_tests.faults.conftest import everything
from clockify_dagster_tests.test_every_table import assert_equal

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
HISTORY = """
query ($job: PipelineSelector!, $filter: RunsFilter!) {
  pipelineOrError(params: $job) { ... on Pipeline { runs { runId } } }
  runsFeedOrError(limit: 9, view: RUNS, filter: $filter) {
    ... on RunsFeedConnection {
      results {
        id runStatus tags { key value } ... on Run { repositoryOrigin { repositoryName repositoryLocationName } }
      }
    }
  }
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


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(small_account(days=25), start_date=days_before_today(25)[0])


@pytest.fixture
def dev(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dev]:
    """`dagster dev` with our dagster.yaml, after the command has loaded all but the entries."""
    del project
    monkeypatch.setenv(
        "PYTHONWARNINGS", re.findall(r"export PYTHONWARNINGS \?= (.*)", (ROOT / "Makefile").read_text())[0]
    )
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "hôme #1 of Ana's"))
    for proxy in ("HTTP_PROXY", "http_proxy", "https_proxy"):  # which nobody needs: all of it is on this machine
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    with history() as instance:
        run_job(Outcome(), "clockify_reference", instance, {})
    with dagster_dev(tmp_path / "dev.log") as dev:
        yield dev


def listening(session: int) -> set[str]:
    """The addresses, as the kernel writes them, on which the processes of a session take connections over TCP."""
    sockets = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if int((process / "stat").read_text().rpartition(")")[2].split()[3]) != session:
                continue
            for file in (process / "fd").iterdir():
                with suppress(FileNotFoundError):  # it was closed meanwhile
                    sockets.add(str(file.readlink()))
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


def assert_filed(dev: Dev, repository: dict[str, str], job: str) -> None:
    """Assert that the UI shows the one run of the command under its job: in the job's history and in the Timeline.

    The history is by the tag, the Timeline by the origin.
    """
    names = f"{repository['repositoryName']}@{repository['repositoryLocationName']}"
    labelled = {"pipelineName": job, "tags": [{"key": ".dagster/repository", "value": names}]}
    found = dev.ask(HISTORY, job={**repository, "pipelineName": job}, filter=labelled)
    (run,) = found["runsFeedOrError"]["results"]
    assert found["pipelineOrError"]["runs"] == [{"runId": run["id"]}]
    assert run["repositoryOrigin"] == repository
    assert run["runStatus"] == "SUCCESS"
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert tags["clockify/launched_by"] == "sync"
    assert not any("process" in name for name in tags), "that is not shown"


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
def test_the_ui_files_the_commands_runs_loads_a_backfill_by_one_and_a_run_it_terminates_leaves_all_as_it_was(
    dev: Dev, project: Project
) -> None:
    repository = repository_of(dev)
    if Path("/proc/net/tcp").exists():
        assert listening(dev.session) == {"0100007F"}, "it listens on loopback alone"
    assert_filed(dev, repository, "clockify_reference")
    backfill = launch_backfill(dev)
    terminate_and_start_again(dev, project, repository)
    assert dev.wait(lambda: run_of(dev, backfill), 120) == "SUCCESS"
    assert_equal(project, "clockify_timeentries")
    assert green_days(dev) == [[(EARLIER[0], DAYS[-1])]] * 2

    with DagsterInstance.get() as instance:
        assert all(PROCESS in run.tags for run in instance.get_runs()), "whoever has started it"
    assert not re.search("Traceback|Warning", dev.log.read_text())
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert [path for path in files if project.sandbox.api_key.encode() in path.read_bytes()] == []
