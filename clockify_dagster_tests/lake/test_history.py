"""Dagster's history in Postgres: the command writes it, and `dagster dev` shows it and runs by it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance

from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.dagster_dev import ROOT, dagster_dev
from clockify_dagster_tests.lake.servers import PASSWORD, Postgres

DAYS = 20
RUNS = "{ runsOrError { ... on Runs { results { status jobName } } } }"
START = """
mutation ($run: ExecutionParams!) {
  launchRun(executionParams: $run) { __typename ... on PythonError { message } }
}"""


@pytest.fixture
def project(make_project: Callable[..., Project], postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = make_project(small_account(DAYS), start_date=days_before_today(DAYS)[0])
    home = project.folder / "home"
    home.mkdir()
    shutil.copyfile(ROOT / "deploy" / "dagster.yaml", home / "dagster.yaml")
    address = f"postgresql+psycopg2://lake:{PASSWORD}@127.0.0.1:{postgres.port}/{postgres.new_database()}"
    for name, value in {
        "DAGSTER_HOME": str(home),
        "DAGSTER_POSTGRES_URL": address,
        "DAGSTER_EVENT_BATCH_SIZE": "1000",
    }.items():
        monkeypatch.setenv(name, value)
    return project


def sync() -> str:
    command = [str(Path(sys.executable).with_name("clockify-dagster")), "sync"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout + ended.stderr


def test_a_sync_notes_each_day_and_dev_shows_the_run_and_runs_another(project: Project) -> None:
    assert PASSWORD not in sync()
    days = {str(day) for day in days_before_today(DAYS)}
    entries = AssetKey("clockify_timeentries")
    with DagsterInstance.get() as instance:
        assert instance.get_materialized_partitions(entries) >= days
        (run,) = instance.get_runs()
        planned = instance.all_logs(run.run_id)
        names = [each.dagster_event_type.name for each in planned if each.dagster_event_type]
        assert names.count("ASSET_MATERIALIZATION_PLANNED") == names.count("ASSET_MATERIALIZATION")
    with dagster_dev(project.folder / "dev.log") as dev:
        dev.wait(lambda: dev.ask(RUNS)["runsOrError"]["results"], 90)
        location = {"repositoryLocationName": "clockify_dagster.definitions", "repositoryName": "__repository__"}
        job = {**location, "pipelineName": "clockify_reference"}
        asked = {"selector": job, "mode": "default", "runConfigData": {}}
        started = dev.ask(START, run=asked)
        assert started["launchRun"]["__typename"] == "LaunchRunSuccess", started

        def ended() -> bool:
            runs = dev.ask(RUNS)["runsOrError"]["results"]
            assert "FAILURE" not in [each["status"] for each in runs]
            return [each["status"] for each in runs] == ["SUCCESS", "SUCCESS"]

        dev.wait(ended, 180)
