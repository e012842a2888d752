"""`dagster dev` as `make dev` starts it, driven as its UI drives it: through GraphQL."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clockify_dagster.cli.home import ensure_home
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.running import select

ROOT = Path(__file__).parents[2]
TABLES = ("clockify_timeentries", "clockify_timeentries__tags")
DAYS = [day.isoformat() for day in days_before_today(20)]

LAUNCH = """
mutation ($backfill: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $backfill) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"
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
          ... on RepositoryLocation { repositories { jobs { name } schedules { name } } }
          ... on PythonError { message }
        }
      }
    }
  }
}"""


@dataclass
class Dev:
    """A `dagster dev`: where it is, and what it has printed so far."""

    url: str
    log: Path

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
    return make_project(small_account(days=20), start_date=days_before_today(25)[0])


@pytest.fixture
def dev(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dev]:
    """`dagster dev` with our workspace and our dagster.yaml, gone with all its processes at the end."""
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
        yield Dev(f"http://127.0.0.1:{port}/graphql", log)
    finally:
        # the servers and the daemon are its children, in its group; asked politely they would take their time
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_backfill_of_twenty_days_is_one_run_and_all_its_days_are_green(dev: Dev, project: Project) -> None:
    (entry,) = dev.wait(lambda: dev.ask(WORKSPACE)["workspaceOrError"]["locationEntries"], 90)
    (repository,) = entry["locationOrLoadError"]["repositories"]
    assert {"clockify_daily", "clockify_reference"} <= {job["name"] for job in repository["jobs"]}
    assert {"clockify_daily_refresh", "clockify_weekly_integral"} <= {each["name"] for each in repository["schedules"]}

    assets = [{"path": [table]} for table in TABLES]
    backfill = {"assetSelection": assets, "partitionNames": DAYS, "title": "the last days"}
    launched = dev.ask(LAUNCH, backfill=backfill)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched

    def ended() -> list[Any]:
        runs = dev.ask(RUNS)["runsOrError"]["results"]
        return runs if runs and all(run["status"] in ("SUCCESS", "FAILURE", "CANCELED") for run in runs) else []

    (run,) = dev.wait(ended, 120)
    assert run["status"] == "SUCCESS"
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert tags["dagster/backfill"] == launched["backfillId"]
    for node in dev.ask(STATUSES, assets=assets)["assetNodes"]:
        (materialized,) = node["assetPartitionStatuses"]["ranges"]
        assert materialized == {"status": "MATERIALIZED", "startKey": DAYS[0], "endKey": DAYS[-1]}
    assert len(project.rows("clockify_timeentries")) == 40
    assert len(project.asked("/time-entries")) == 2, "one listing for each of two users"

    log = dev.log.read_text()
    assert "Traceback" not in log
    warnings = [line for line in log.splitlines() if "Warning" in line]
    assert [line for line in warnings if "`dev_command` is superseded" not in line] == []
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert [path for path in files if project.sandbox.api_key.encode() in path.read_bytes()] == []
