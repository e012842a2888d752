"""A sync that is stopped by a signal ends at once, and what it leaves is old or new. (`test_kills.py`: by SIGKILL.)"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clockify_dagster_tests.conftest import CORE_TABLES, Project
from clockify_dagster_tests.faults.conftest import Loaded, Tables, everything
from clockify_dagster_tests.faults.expected import as_expected, expected

ENTRIES = "clockify_timeentries"
COMMAND = [sys.executable, "-c", "from clockify_dagster.cli import main; main()"]
ROOTS = [root.name for root in CORE_TABLES.roots if "integral" not in root.name]


@pytest.fixture
def command(loaded: Loaded, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the real command with arguments, in a folder and with temporary files of its own."""
    running = []
    (tmp_path / "tmp").mkdir()
    loaded.set(requests_per_second=50)

    def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "TMPDIR": str(tmp_path / "tmp"),
            "DAGSTER_HOME": str(tmp_path / "home"),
            **variables,
        }
        process = subprocess.Popen(  # noqa: S603
            [*COMMAND, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def wait_for(happens: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.002)


def assert_old_or_new(project: Loaded, before: Tables) -> set[str]:
    """Assert that each family of tables is as before, or as the account is. Gives those that are new."""
    now, new = everything(project.database), set()
    for root in ROOTS:
        family = [table.name for table in CORE_TABLES.family(root)]
        if all(now[f"main.{name}"] == before[f"main.{name}"] for name in family):
            continue
        project.assert_exact(root)
        new.add(root)
    return new


def change_everything(project: Loaded) -> None:
    """Let every table of the account differ from what is loaded."""
    with project.account.lock:
        place = next(iter(project.account.workspaces.values()))
        place.document["name"] = f"{place.document['name']} again"
        for shelf in (place.clients, place.projects, place.tasks, place.tags, place.groups, project.account.users):
            for document in shelf.values():
                document["name"] = f"{document['name']} again"
        entry = next(iter(place.entries.by_id.values()))
        project.account.edit_entry(entry, description="again")


def leftovers(project: Project) -> list[str]:
    """Files beside the database, and temporary ones; the writer lock's file is always there."""
    beside = [path.name for path in project.folder.iterdir() if path.name.startswith((".", project.database.name))]
    temporary = [path.name for path in (project.folder / "tmp").iterdir()]
    return sorted({*beside, *temporary} - {project.database.name, f".{project.database.name}.lock", ".dagster"})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_sync_that_is_stopped_ends_at_once_and_leaves_nothing_behind(
    loaded: Loaded, command: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    change_everything(loaded)
    before = everything(loaded.database)
    loaded.account.latency_seconds = 0.1
    process = command("sync")
    wait_for(lambda: any("/user/" in path for path in loaded.asked()) or len(loaded.sandbox.requests) >= 6)
    loaded.account.latency_seconds = 120
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=100)
    assert time.monotonic() - began < 30
    assert process.returncode == 128 + number
    assert "Stopped" in said
    assert "Traceback" not in said
    assert "Stack Trace" not in said
    assert ENTRIES not in assert_old_or_new(loaded, before)
    assert leftovers(loaded) == []


def test_the_account_differs_from_what_is_loaded_in_every_table(loaded: Loaded) -> None:
    """Else the tests above could not fail."""
    change_everything(loaded)
    tables = everything(loaded.database)
    for root in ROOTS:
        assert as_expected(root, *tables[f"main.{root}"]) != expected(loaded.account, root)[root], root
