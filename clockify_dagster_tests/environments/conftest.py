"""The command as the world starts it: a process of its own, with an environment that holds what a test says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clockify_dagster.sandbox import Sandbox
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.leaving_out import leave_out

COMMAND = [sys.executable, "-c", "from clockify_dagster.cli import main; main()"]
SOMEBODY = 23456  # a user without name, home and rights, as containers have them


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(small_account(days=3)) as sandbox:
        yield sandbox


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may look into, which is not so of the test's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def variables(sandbox: Sandbox, place: Path) -> dict[str, str]:
    """The whole environment: what cron gives, the settings, and nothing else. There is no HOME."""
    return {
        "PATH": "/usr/bin:/bin",
        "CLOCKIFY_API_URL": sandbox.api_url,
        "CLOCKIFY_API_KEY": sandbox.api_key,
        "CLOCKIFY_START_DATE": days_before_today(3)[0].isoformat(),
        "CLOCKIFY_REQUESTS_PER_SECOND": "50",
        "CLOCKIFY_DATABASE": str(place / "data" / "clockify.duckdb"),
        "DAGSTER_HOME": str(place / "data" / "home"),
    }


Said = subprocess.CompletedProcess[str]
Run = Callable[..., Said]


@pytest.fixture
def run(variables: dict[str, str]) -> Run:
    """Run the command; `before` stands before it, keywords are further variables, None takes one away."""

    def start(*arguments: str, before: list[str] | None = None, cwd: Path | str = "/", **more: str | None) -> Said:
        environment = {name: value for name, value in {**variables, **more}.items() if value is not None}
        said = subprocess.run(  # noqa: S603 - our own command
            [*(before or []), *COMMAND, *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in said.stdout + said.stderr
        return said

    return start


@pytest.fixture(scope="session")
def somebody() -> list[str]:
    """What stands before a command so that a user without rights runs it; nothing where we are one.

    May they read where they could not write: the project and its Python may be in root's own folder.
    """
    if os.geteuid() != 0:
        return []
    prefix = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups"]
    reading = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    for each in ([*prefix, *reading], prefix) if shutil.which("setpriv") else ():
        if not subprocess.run([*each, *COMMAND, "--version"], cwd="/", capture_output=True, check=False).returncode:  # noqa: S603
            return each
    return leave_out("we are root, and cannot become somebody else who may read this project")


@pytest.fixture
def data(place: Path) -> Path:
    """The folder for the data, which belongs to them."""
    folder = place / "data"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, SOMEBODY, SOMEBODY)
    return folder
