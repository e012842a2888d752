from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox
from clockify_dagster.sandbox.__main__ import serve


def test_a_port_in_use_is_one_clear_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox(Account()) as other:
        port = int(other.origin.rsplit(":", 1)[1])
        assert serve(port) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert str(port) in err


def test_it_serves_until_ctrl_c_and_prints_the_environment_to_use() -> None:
    command = [sys.executable, "-m", "clockify_dagster.sandbox", "--port", "0", "--latency", "0.01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(5)]
        variables = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
        headers = {"X-Api-Key": variables["CLOCKIFY_API_KEY"]}
        answer = requests.get(f"{variables['CLOCKIFY_API_URL']}/user", headers=headers, timeout=5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=5)
    assert answer.json()["name"] == "Ana Petrović"
    assert variables["CLOCKIFY_REPORTS_URL"].endswith("/v1")
    assert (process.returncode, err) == (0, "")
