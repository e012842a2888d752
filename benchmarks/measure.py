"""What is measured, each once: our whole command, the plain script, the sandbox alone, requests, where time goes."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

from clockify_dagster.sandbox import Account, Sandbox
from clockify_dagster.sandbox.fast import KEY, STEP

HERE = Path(__file__).parent
PAGE = 5000


@dataclass(frozen=True)
class Shape:
    """An account: how many users with how many entries each."""

    users: int
    entries: int

    @property
    def rows(self) -> int:
        """Entries in all."""
        return self.users * self.entries

    @property
    def start(self) -> date:
        """A day before the first entry."""
        return datetime.now(timezone.utc).date() - self.entries * STEP - timedelta(days=2)

    @property
    def least_requests(self) -> int:
        """1 for the workspaces, 5 for what is listed once, and one for each user and page."""
        return 6 + self.users * max(1, -(-self.entries // PAGE))


@dataclass(frozen=True)
class Taken:
    """What a command took: seconds and memory of the process, and seconds of the Dagster run within it."""

    seconds: float
    peak_mb: float
    run_seconds: float = 0.0
    phases: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Checkout:
    """A working copy of the project: it is run with its own `.venv` where it has one, else with this interpreter."""

    root: Path

    @property
    def python(self) -> Path:
        """The interpreter."""
        own = self.root / ".venv" / "bin" / "python"
        return own if own.exists() else Path(sys.executable)

    @property
    def command(self) -> list[str]:
        """The command that loads."""
        return [str(self.python), str(self.python.parent / "clockify-dagster")]

    @property
    def environment(self) -> dict[str, str]:
        """The environment without settings of ours, in which this copy's code is imported."""
        others = ("CLOCKIFY_", "DAGSTER_")
        given = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        return {**given, "PYTHONPATH": str(self.root)}


THIS = Checkout(HERE.parent)


@contextmanager
def served(shape: Shape, latency: float) -> Iterator[str]:
    """The address of a fast sandbox, in a process of its own."""
    arguments = ["--users", str(shape.users), "--entries", str(shape.entries), "--latency", str(latency)]
    command = [sys.executable, "-m", "clockify_dagster.sandbox.fast", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            assert server.stdout is not None  # noqa: S101
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def ours(api: str, start: date, *, tables: str = "all", checkout: Checkout = THIS, instrumented: bool = False) -> Taken:
    """`clockify-dagster sync` of these tables into a new database, in a new process. Raises where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(checkout.python), str(HERE / "phases.py")] if instrumented else checkout.command
        seconds, peak, output = sync(api, start, Path(folder), tables=tables, checkout=checkout, command=command)
        with sqlite3.connect(Path(folder) / "home" / "history" / "runs.db") as runs:
            ((run_seconds,),) = runs.execute("SELECT sum(end_time - start_time) FROM runs").fetchall()
        phases = json.loads(output.strip().splitlines()[-1]) if instrumented else None
        return Taken(seconds, peak, run_seconds, phases)


def sync(
    api: str,
    start: date,
    folder: Path,
    *,
    tables: str = "all",
    checkout: Checkout = THIS,
    command: list[str] | None = None,
) -> tuple[float, float, str]:
    """Load into the folder's database. Gives seconds, peak memory in MB and the output. Raises where it fails."""
    environment = {
        **checkout.environment, "CLOCKIFY_API_URL": api, "CLOCKIFY_REPORTS_URL": api.replace("/api/v1", "/v1"),
        "CLOCKIFY_API_KEY": KEY, "CLOCKIFY_START_DATE": str(start), "CLOCKIFY_REQUESTS_PER_SECOND": "1000",
        "CLOCKIFY_DATABASE": str(folder / "it.duckdb"), "DAGSTER_HOME": str(folder / "home"),
        "CLOCKIFY_TABLES": tables,
    }  # fmt: skip
    return _timed([*(command or checkout.command), "sync"], environment, folder)


def floor(api: str) -> Taken:
    """The plain script into a new database, in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(HERE / "floor.py"), api, f"{folder}/it.duckdb"]
        seconds, peak, _ = _timed(command, dict(os.environ), Path(folder))
        return Taken(seconds, peak)


def _timed(command: list[str], environment: dict[str, str], folder: Path) -> tuple[float, float, str]:
    """Seconds, peak memory in MB and output of a command. Raises where it fails."""
    output, errors = folder / "output", folder / "errors"
    with output.open("w") as out, errors.open("w") as err:
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=err)  # noqa: S603
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    if status:
        raise RuntimeError(f"{command} failed: {output.read_text()[-2000:]} {errors.read_text()[-2000:]}")
    return seconds, used.ru_maxrss / 1024, output.read_text()


def ceiling(api: str, shape: Shape, threads: int = 8) -> float:
    """Entries a second that the sandbox serves to a client that throws them away."""
    address = urlsplit(api)
    users = [f"64c0ffee{number:016d}" for number in range(shape.users)]

    def drain(user: str) -> None:
        connection = http.client.HTTPConnection(address.hostname or "", address.port)
        for page in range(1, -(-shape.entries // PAGE) + 1):
            path = f"{address.path}/workspaces/w/user/{user}/time-entries?page={page}&page-size={PAGE}"
            connection.request("GET", path)
            connection.getresponse().read()
        connection.close()

    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(drain, users))
    return shape.rows / (time.monotonic() - began)


def requests_of_first_sync(shape: Shape) -> int:
    """How many requests a first sync of an account on the free plan sends, as the server counts them."""
    account = Account()
    place = account.add_workspace("Agency", "FREE")
    first = account.now() - shape.entries * STEP
    for number in range(shape.users):
        user = account.add_user(place, f"User {number}")
        for each in range(shape.entries):
            account.add_entry(place, user, first + each * STEP)
    with Sandbox(account) as sandbox:
        ours(sandbox.api_url, shape.start)
        return len(sandbox.requests)
