"""The key is nowhere but in the header of requests to Clockify."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clockify_dagster.sandbox import Account, Sandbox, faults
from clockify_dagster_tests.faults.conftest import Command, Loaded

KEY = "NzUxMjM0NTYtYWJjZC00ZTVmLTk4NzYtZmVkY2JhOTg3NjU0"
PIECES = [KEY.encode(), *(KEY[n : n + 12].encode() for n in range(len(KEY) - 11)), base64.b64encode(KEY.encode())]
COMMAND = [sys.executable, "-c", "from clockify_dagster.cli import main; main()"]


def assert_clean(where: str, content: bytes) -> None:
    assert not [piece for piece in PIECES if piece in content], f"{where} holds the key or a piece of it"


def test_nothing_that_a_run_leaves_behind_holds_the_key(loaded: Loaded, tmp_path: Path) -> None:
    """A run in which the server repeats the key in errors, some that pass and some that last."""
    loaded.account.add_key(KEY, loaded.people.users[0])
    loaded.set(api_key=KEY)
    loaded.account.latency_seconds = 0.02
    loaded.fault(r"/clients\?", faults.EchoKey(500))
    loaded.fault(r"/tags\?", faults.EchoKey(400), times=None)
    folder = tmp_path / "run"
    (folder / "tmp").mkdir(parents=True)
    environment = {**os.environ, "DAGSTER_HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    process = subprocess.Popen(  # noqa: S603
        [*COMMAND, "sync"], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    seen = set()
    while process.poll() is None:
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(each.read_bytes())
            except OSError:  # noqa: PERF203 - it has ended meanwhile
                continue
        time.sleep(0.2)
    out, err = process.communicate()
    assert process.returncode == 1
    assert b"cannot serve key ***" in err
    assert len(loaded.asked("/tags")) >= 1
    for number, content in enumerate([out, err, *seen]):
        assert_clean(f"output or process {number}", content)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert loaded.database in files
    for path in files:
        assert_clean(str(path), path.read_bytes())


def test_doctor_does_not_show_the_key(command: Command, loaded: Loaded) -> None:
    loaded.account.add_key(KEY, loaded.people.users[0])
    said = command("doctor", api_key=KEY)
    assert said.code == 0
    assert_clean("the doctor's output", f"{said.out}{said.err}".encode())


def test_the_sandbox_serves_this_machine_only() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        Sandbox(Account(), host="0.0.0.0")  # noqa: S104 - that is what must be refused
    with Sandbox(Account()) as sandbox:
        assert sandbox._server is not None
        address = sandbox._server.socket.getsockname()
        assert (sandbox._server.socket.family, address[0]) == (socket.AF_INET, "127.0.0.1")


def test_the_web_interface_is_started_for_this_machine_only() -> None:
    lines = (Path(__file__).parents[2] / "Makefile").read_text().splitlines()
    (started,) = [line for line in lines if "dagster dev" in line]
    assert "--host 127.0.0.1" in started
