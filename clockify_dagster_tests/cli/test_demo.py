"""`make demo`, stopped in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "demo.py"


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
