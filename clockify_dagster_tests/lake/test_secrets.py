"""Neither what Dagster keeps of syncs into a lake on S3, nor what the command prints, has a secret in it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.lake.conftest import LakeProject, place_of
from clockify_dagster_tests.lake.servers import PASSWORD, SECRET, free_port


@pytest.fixture
def project(
    make_lake_project: Callable[..., LakeProject],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> LakeProject:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    place = place_of(request, "S3", tmp_path)
    return make_lake_project(small_account(3), place, start_date=days_before_today(3)[0])


def sync(**variables: str) -> str:
    """What a sync prints, whether it succeeds or fails."""
    command = [str(Path(sys.executable).with_name("clockify-dagster")), "sync"]
    environment = {**os.environ, **variables}
    ended = subprocess.run(  # noqa: S603
        command, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    return ended.stdout + ended.stderr


def kept(folder: Path) -> str:
    """All that is in the files of a folder; of SQLite's row by row, since a long text is on several pages there."""
    texts = []
    for file in folder.rglob("*"):
        if file.is_file() and file.read_bytes().startswith(b"SQLite format 3"):
            with closing(sqlite3.connect(file)) as connection:
                names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                texts += [str(row) for (name,) in names for row in connection.execute(f'SELECT * FROM "{name}"')]
        elif file.is_file():
            texts.append(file.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(texts)


def test_no_secret_is_in_the_history_of_syncs_that_succeed_or_fail_nor_printed(project: LakeProject) -> None:
    printed = sync(AWS_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}") + sync()
    with DagsterInstance.get() as instance:
        runs = instance.get_runs()
        assert [run.status for run in runs] == [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE], printed
    history = kept(project.folder / "home")
    assert all(run.run_id in history and str(project.settings.lake_path) in history for run in runs)
    assert "STEP_FAILURE" in history
    assert "DatabaseUnreachableError" in history
    for secret in (SECRET, PASSWORD, project.sandbox.api_key):
        assert secret not in history
        assert secret not in printed
