"""`make demo`: whole, beside settings of one's own, and stopped in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "demo.py"


def test_the_demo_loads_and_answers_whatever_the_env_file_and_the_environment_say_of_ones_own_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"KEY_PREFIX": "acme", "DATABASE_SCHEMA": "hours", "TABLES": "clockify_tags", "NAME": "other"}
    wrong = {"LAKE_PATH": "s3://nothing/here", "REGION": "nowhere", "WORKSPACES": "64a687e29ae1f428e7ebe303"}
    (tmp_path / ".env").write_text("".join(f"CLOCKIFY_{name}={value}\n" for name, value in {**names, **wrong}.items()))
    monkeypatch.setenv("CLOCKIFY_GROUP_NAME", "not a name")
    monkeypatch.setenv("clockify_timeout_seconds", "never")
    said = subprocess.run([sys.executable, DEMO], capture_output=True, text=True, check=False)  # noqa: S603
    assert said.returncode == 0, said.stderr
    assert "Traceback" not in said.stdout + said.stderr
    assert "All of it is in data/demo.duckdb" in said.stdout
    assert {path.name for path in (tmp_path / "data").glob("demo*")} == {"demo.duckdb", "demo_report.html"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_demo_stops_its_sync_in_order_whose_run_is_canceled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    with subprocess.Popen([sys.executable, DEMO], stdout=-1, stderr=-1, text=True) as process:  # noqa: S603
        assert process.stderr is not None
        while "documents of" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Stopped. Not loaded, and as before: " in err
    assert "Traceback" not in out + err
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster-demo"))
    with DagsterInstance.get() as instance:
        (run,) = instance.get_runs()
    assert run.status is DagsterRunStatus.CANCELED
    assert run.tags["clockify/launched_by"] == "demo"
