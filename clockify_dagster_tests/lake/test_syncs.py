"""Whole syncs into a lake, by the command: killed at any moment, and side by side."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.sandbox import Account
from clockify_dagster.warehouse.lake_maintenance import UNUSED_DAYS, maintain
from clockify_dagster_tests.conftest import CORE_TABLES
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.faults.expected import as_expected, expected
from clockify_dagster_tests.faults.moments import used
from clockify_dagster_tests.faults.syncs import Syncs
from clockify_dagster_tests.faults.test_kills import change_everything
from clockify_dagster_tests.lake.conftest import LakeProject, days_ago
from clockify_dagster_tests.lake.servers import wait_until
from clockify_dagster_tests.small import add_everything
from clockify_dagster_tests.test_every_table import assert_equal

DAYS, ANYWHERE, IN_WRITES = 8, 4, 4
ROOTS = [root.name for root in CORE_TABLES.roots if "integral" not in root.name]
Tables = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


@pytest.fixture
def project(
    make_lake_project: Callable[..., LakeProject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LakeProject:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    start = days_before_today(DAYS)[0]
    return make_lake_project(small_account(DAYS, people=3), f"{tmp_path}/lake/", start_date=start)


@pytest.fixture
def syncs(project: LakeProject) -> Iterator[Syncs]:
    syncs = Syncs(project.folder)
    yield syncs
    syncs.close()


def held(project: LakeProject) -> Tables:
    found: Tables = {}
    with project.warehouse.database.reading() as connection:
        for table in CORE_TABLES:
            if "integral" not in table.name:
                rows = connection.execute(f"FROM {table.name} ORDER BY ALL")
                found[table.name] = ([column[0] for column in rows.description or []], rows.fetchall())
    return found


def assert_exact(project: LakeProject, tables: Tables, root: str) -> None:
    for name, rows in expected(project.account, root, project.settings.contract).items():
        assert as_expected(name, *tables[name]) == rows, name


def complete(project: LakeProject, syncs: Syncs) -> float:
    syncs.begin()
    code, seconds = syncs.end()
    assert code == 0, syncs.log.read_text()[-3000:]
    for root in ROOTS:
        assert_exact(project, held(project), root)
    return seconds


def is_writing(project: LakeProject) -> bool:
    """Whether somebody holds the writer lock."""
    sql = "SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database WHERE locktype = 'advisory' "
    conninfo = str(project.settings.database).removeprefix("ducklake:postgres:")
    session = psycopg2.connect(conninfo)
    try:
        with session.cursor() as cursor:
            cursor.execute(sql + "AND datname = current_database()")
            return cursor.fetchone() is not None
    finally:
        session.close()


def test_a_sync_that_is_killed_leaves_each_family_old_or_new_and_the_next_one_heals(
    project: LakeProject, syncs: Syncs
) -> None:
    seed = int(os.environ.get("KILLS_SEED") or random.randrange(10_000))  # noqa: S311 - moments, no secrets
    chance = random.Random(seed)  # noqa: S311 - likewise
    length = complete(project, syncs)
    killed = 0
    for number in range(1, ANYWHERE + IN_WRITES + 1):
        change_everything(project, number)
        before = held(project)
        pid = syncs.begin()
        if number <= ANYWHERE:
            part = (number - chance.random()) / ANYWHERE * length
            _wait_for_work(pid, part)
        else:
            for _ in range(chance.randint(1, len(ROOTS))):
                wait_until(lambda: not is_writing(project), "the sync writes for ever")
                _wait_for_write(project, pid)
            time.sleep(chance.uniform(0, 0.15))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        code, _ = syncs.end()
        killed += code == -signal.SIGKILL
        now = held(project)
        for root in ROOTS:
            family = [table.name for table in CORE_TABLES.family(root)]
            if any(now[name] != before[name] for name in family):
                assert_exact(project, now, root)
    assert killed >= (ANYWHERE + IN_WRITES) // 2, f"with seed {seed} too many came too late"
    change_everything(project, 0)
    complete(project, syncs)
    assert_cleaned_up(project)


def assert_cleaned_up(project: LakeProject) -> None:
    """When days have passed, maintenance deletes what the kills left, and nothing else."""
    lake = project.warehouse.database
    with lake.reading() as connection:
        known = set()
        for schema, table in connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall():
            sql = f"FROM ducklake_list_files('lake', '{table}', schema => '{schema}') SELECT data_file, delete_file"
            known |= {Path(str(path)) for files in connection.execute(sql).fetchall() for path in files if path}
    there = set(Path(str(project.settings.lake_path)).rglob("*.parquet"))
    assert known < there
    long_ago = time.time() - (UNUSED_DAYS + 1) * 86400
    for path in there:
        os.utime(path, (long_ago, long_ago))
    before = held(project)
    done = maintain(lake, 90)
    gone = there - set(Path(str(project.settings.lake_path)).rglob("*.parquet"))
    assert len(gone) == done["orphaned files deleted"], "files of old snapshots stay"
    assert not gone & known
    assert held(project) == before


def _wait_for_work(pid: int, seconds: float) -> None:
    wait_until(lambda: used(pid) >= seconds, "the sync does not get as far as that")


def _wait_for_write(project: LakeProject, pid: int) -> None:
    wait_until(lambda: is_writing(project) or used(pid) == float("inf"), "it never writes")


def test_two_syncs_at_once_both_succeed_and_the_tables_equal_the_account(project: LakeProject) -> None:
    run_at_once(project, [["sync"], ["sync"]])
    for root in ROOTS:
        assert_exact(project, held(project), root)


def run_at_once(project: LakeProject, commands: list[list[str]]) -> None:
    """Run commands side by side, each with a history of its own; all of them succeed."""
    running = []
    for number, arguments in enumerate(commands):
        home = project.folder / f"home of {number}"
        command = [str(Path(sys.executable).with_name("clockify-dagster")), *arguments]
        log = (project.folder / f"{number}.log").open("w")
        environment = {**os.environ, "DAGSTER_HOME": str(home)}
        running.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))  # noqa: S603
        log.close()
    codes = [each.wait(timeout=300) for each in running]
    logs = [(project.folder / f"{number}.log").read_text()[-3000:] for number in range(len(commands))]
    assert codes == [0] * len(commands), logs


def test_syncs_of_four_workspaces_and_two_of_one_go_side_by_side(
    make_lake_project: Callable[..., LakeProject], tmp_path: Path
) -> None:
    account = Account()
    for _ in range(4):
        add_everything(account, people=2, days=5)
    shared = account.add_user(next(iter(account.workspaces)), "Everywhere")
    for each in list(account.workspaces)[1:]:
        account.add_to_workspace(shared, each)
    project = make_lake_project(account, f"{tmp_path}/lake/", tables="all", start_date=days_ago(10))
    first, *others = account.workspaces
    run_at_once(project, [["sync", "--workspace", each] for each in (first, first, *others)])
    for root in CONTRACT.roots:
        if "integral" not in root.name:
            assert_equal(project, root.name)
