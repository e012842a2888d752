"""Dagster's history in Postgres: the command writes it, and `dagster dev` shows it and runs by it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest
from dagster import AssetKey, DagsterInstance, DagsterRunStatus

from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.dagster_dev import ROOT, dagster_dev
from clockify_dagster_tests.faults.programs import THEIR_JOB, program
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


def rows_of(address: str) -> dict[str, set[tuple[object, ...]]]:
    """All that a history holds, by table."""
    connection = psycopg2.connect(address.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = {}
        for name in tables:
            cursor.execute(f'SELECT "{name}"::text FROM "{name}"')
            found[name] = set(cursor.fetchall())
    connection.close()
    return found


def test_of_a_history_that_another_project_uses_too_nothing_of_theirs_is_changed(
    project: Project, tmp_path: Path
) -> None:
    address, stop, file = (
        os.environ["DAGSTER_POSTGRES_URL"],
        tmp_path / "stop",
        project.folder / "home" / "dagster.yaml",
    )
    written = file.read_text()
    with program(tmp_path, "theirs.py", THEIR_JOB, stop) as process:
        before = rows_of(address)
        sync()
        subprocess.run([sys.executable, "-m", "clockify_dagster.cli.home"], check=True)
        after = rows_of(address)
        assert before["runs"]
        assert {table: rows - after[table] for table, rows in before.items() if rows - after[table]} == {}
        stop.touch()
        assert process.wait(timeout=60) == 0
    assert file.read_text() == written
    with DagsterInstance.get() as instance:
        runs = {run.job_name: run.status for run in instance.get_runs()}
    assert runs == {"somebody_elses": DagsterRunStatus.SUCCESS, "clockify_daily": DagsterRunStatus.SUCCESS}


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
