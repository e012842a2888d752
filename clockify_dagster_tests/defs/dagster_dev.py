"""A `dagster dev` in a process of its own, and a client that asks it what the UI asks: by GraphQL."""

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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine


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
        with DIRECTLY.open(request, timeout=30) as answer:
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


@contextmanager
def dagster_dev(log: Path) -> Iterator[Dev]:
    """`dagster dev` with our workspace, gone with all its processes at the end. It writes into the log."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
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
