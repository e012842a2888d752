"""Maintenance while others are at work: two syncs of different workspaces, and somebody who reads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from clockify_dagster.definitions import project_definitions
from clockify_dagster.sandbox import Account
from clockify_dagster_tests.conftest import CORE_TABLES
from clockify_dagster_tests.lake.conftest import LakeProject, days_ago
from clockify_dagster_tests.lake.programs import BEGIN, program
from clockify_dagster_tests.small import add_everything
from clockify_dagster_tests.test_every_table import assert_equal

SYNCS = 1
# the entries of each workspace with their tags, in one transaction but by two statements
LOOK = """
SELECT workspaceid, md5(string_agg(id || description, ',' ORDER BY id)), count(*) FROM clockify_timeentries GROUP BY 1
"""
LOOK_AT_TAGS = """
SELECT workspaceid, md5(string_agg(timeentry_id || tag_id, ',' ORDER BY timeentry_id, tag_id)), count(*)
FROM clockify_timeentries__tags GROUP BY 1
"""
READER = f"""{BEGIN}
import threading
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
print("reading", flush=True)
seen = set()
while not ended.is_set():
    with database.reading() as connection:
        entries = dict((one, rest) for one, *rest in connection.execute('''{LOOK}''').fetchall())
        time.sleep(0.05)
        tags = dict((one, rest) for one, *rest in connection.execute('''{LOOK_AT_TAGS}''').fetchall())
        seen |= {{(one, *entries[one], *tags[one]) for one in entries}}
for each in sorted(seen):
    print(*each)
"""


def change(account: Account, number: int) -> None:
    """Each entry, and its tags, of each workspace."""
    with account.lock:
        for place in account.workspaces.values():
            tag = account.add_tag(place.document, f"tag of state {number}")
            for entry in list(place.entries.by_id.values()):
                account.edit_entry(entry, description=f"state {number}", tagIds=[tag["id"]])


def looked_at(project: LakeProject) -> set[str]:
    """What the reader prints of the tables as they are, a line for each workspace."""
    with project.warehouse.database.reading() as connection:
        entries = {one: rest for one, *rest in connection.execute(LOOK).fetchall()}
        tags = {one: rest for one, *rest in connection.execute(LOOK_AT_TAGS).fetchall()}
    return {" ".join(map(str, (one, *entries[one], *tags[one]))) for one in entries}


def sync(project: LakeProject, number: int, workspace: str) -> subprocess.Popen[bytes]:
    """Start one, with a history of its own."""
    command = [str(Path(sys.executable).with_name("clockify-dagster")), "sync", "--workspace", workspace]
    environment = {**os.environ, "DAGSTER_HOME": str(project.folder / f"home of {number}")}
    with (project.folder / f"{number}.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603


@pytest.mark.long
def test_maintenance_goes_on_beside_two_syncs_and_a_reader_who_sees_whole_snapshots(
    make_lake_project: Callable[..., LakeProject], tmp_path: Path
) -> None:
    account = Account()
    for _ in range(2):
        add_everything(account, people=2, days=6)
    project = make_lake_project(account, f"{tmp_path}/lake/", tables="core", start_date=days_ago(10))
    project.sync()
    job = project_definitions(project.settings).resolve_job_def("clockify_lake_maintenance")
    states, maintained = looked_at(project), 0
    with program(READER) as reader:
        for state in range(SYNCS):
            change(account, state)
            with ExitStack() as stack:
                syncs = [
                    stack.enter_context(sync(project, number, each)) for number, each in enumerate(account.workspaces)
                ]
                while any(each.poll() is None for each in syncs):
                    assert job.execute_in_process(instance=project.instance).success
                    maintained += 1
                logs = [(project.folder / f"{number}.log").read_text()[-3000:] for number in range(2)]
                assert [each.wait() for each in syncs] == [0, 0], logs
            states |= looked_at(project)
        said, _ = reader.communicate(timeout=60)
    assert maintained >= SYNCS
    assert len(states) == 2 * (SYNCS + 1)
    assert set(said.splitlines()) <= states, "the reader saw a state that no load had left"
    for root in CORE_TABLES.roots:
        if "integral" not in root.name:
            assert_equal(project, root.name)
