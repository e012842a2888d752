"""Whatever ends the process, and whenever: the file opens, and holds old or new, parent and children together."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, DagsterInstance

from clockify_dagster.contract import CONTRACT
from clockify_dagster_tests.faults.conftest import Loaded, Tables, everything
from clockify_dagster_tests.test_every_table import expected

KILLS = 32
ENTRIES = "clockify_timeentries"
COMMAND = [sys.executable, "-c", "from clockify_dagster.cli import main; main()"]
ROOTS = [root.name for root in CONTRACT.roots if "integral" not in root.name]


def test_a_writer_that_is_killed_leaves_old_or_new(tmp_path: Path) -> None:
    seed = random.randrange(1000)  # noqa: S311 - moments, no secrets
    database = tmp_path / "data" / "killed.duckdb"
    database.parent.mkdir()
    program = Path(__file__).with_name("killing.py")
    done = subprocess.run(  # noqa: S603
        [sys.executable, program, database, str(KILLS), str(seed)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
    told = json.loads(done.stdout)["told"]
    assert len(told) == KILLS
    inside = sum(said.endswith("(") for said in told)
    assert inside >= 5, f"seed {seed}: too few kills were inside of a write: {told}"
    assert any(said.startswith(("1", "2", "3")) for said in told)


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
        family = [table.name for table in CONTRACT.family(root)]
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


def leftovers(project: Loaded) -> list[str]:
    """Files beside the database, and temporary ones."""
    beside = [path.name for path in project.folder.iterdir() if path.name.startswith((".", project.database.name))]
    temporary = [path.name for path in (project.folder / "tmp").iterdir()]
    return sorted({*beside, *temporary} - {project.database.name, ".dagster"})


def is_written(project: Loaded, since: float) -> bool:
    """Whether somebody writes to the database."""
    log = project.database.with_name(project.database.name + ".wal")
    return log.exists() or project.database.stat().st_mtime > since


MOMENTS: dict[str, Callable[[Loaded, float], bool]] = {
    "while it asks for entries": lambda project, _: any("/user/" in path for path in project.asked()),
    "at its first write": is_written,
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_sync_that_is_killed_leaves_each_table_old_or_new_and_the_next_one_heals(
    loaded: Loaded,
    command: Callable[..., subprocess.Popen[str]],
    moment: Callable[[Loaded, float], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change_everything(loaded)
    before, since = everything(loaded.database), loaded.database.stat().st_mtime
    loaded.account.latency_seconds = 0.1
    process = command("sync")
    wait_for(lambda: moment(loaded, since))
    process.kill()
    process.communicate()
    new = assert_old_or_new(loaded, before)
    monkeypatch.setenv("DAGSTER_HOME", str(loaded.folder / "home"))
    with DagsterInstance.get() as instance:
        shown = {root for root in ROOTS if instance.get_latest_materialization_event(AssetKey(root))}
    assert shown <= new, "a table is shown as materialized that is not"
    loaded.account.latency_seconds = 0
    loaded.load()
    loaded.assert_exact(*ROOTS)
    assert leftovers(loaded) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
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
    for root in ROOTS:
        held: dict[str, Any] = {table.name: loaded.rows(table.name) for table in CONTRACT.family(root)}
        assert held[root] != expected(loaded.account, root)[root], root
