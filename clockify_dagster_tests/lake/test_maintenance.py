"""Maintenance of a lake: fewer files, the same rows, and nothing that somebody may still read is gone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from clockify_dagster.definitions import project_definitions
from clockify_dagster.errors import SettingsError
from clockify_dagster.warehouse import Database, Destination
from clockify_dagster.warehouse.lake import Lake
from clockify_dagster.warehouse.lake_maintenance import UNUSED_DAYS, maintain
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.lake.conftest import LakeProject
from clockify_dagster_tests.lake.servers import Postgres

LONG_AGO = time.time() - (UNUSED_DAYS + 1) * 86400


@pytest.fixture
def written(destination: Destination) -> Lake:
    """A table that was written often, and one file that nothing refers to."""
    assert isinstance(destination, Lake)
    for number in range(8):
        with destination.writing() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS it (workspaceid VARCHAR, number INTEGER)")
            connection.execute("INSERT INTO it SELECT 'w', unnest(range(?, ?))", [number * 10, number * 10 + 10])
            connection.execute("DELETE FROM it WHERE number % 10 < 5")
    return destination


def rows(lake: Destination, at: str = "") -> list[tuple[object, ...]]:
    with lake.reading() as connection:
        return connection.execute(f"SELECT number FROM it {at} ORDER BY number").fetchall()


def files(lake: Lake) -> set[Path]:
    return set(Path(lake.data_path).rglob("*.parquet"))


def test_files_become_fewer_and_the_rows_stay_as_they_are_and_as_they_were(written: Lake) -> None:
    before = rows(written)
    with written.reading() as connection:
        ((version,),) = connection.execute("SELECT max(snapshot_id) - 6 FROM lake.snapshots()").fetchall()
        then = connection.execute(f"SELECT number FROM it AT (VERSION => {version}) ORDER BY number").fetchall()
    there = files(written)
    done = maintain(written, 1)
    assert done["files rewritten"] + done["files merged"] > 4
    assert (done["snapshots expired"], done["old files deleted"], done["orphaned files deleted"]) == (0, 0, 0)
    assert rows(written) == before
    assert rows(written, f"AT (VERSION => {version})") == then
    assert there <= files(written), "nothing is deleted before days have passed"


def test_when_days_have_passed_snapshots_and_their_files_go_and_what_is_kept_can_be_read_as_it_was(
    written: Lake, postgres: Postgres
) -> None:
    catalog = written.catalog.rpartition("dbname=")[2]
    maintain(written, 90)  # which writes the files anew, so that the old ones are those of old snapshots alone
    version = int(postgres.run("SELECT max(snapshot_id) FROM ducklake_snapshot", catalog))
    kept, then = f"AT (VERSION => {version})", rows(written)
    with written.writing() as connection:
        connection.execute("DELETE FROM it WHERE number % 10 = 9")
    now = rows(written)
    assert now != then
    postgres.run(
        "UPDATE ducklake_snapshot SET snapshot_time = snapshot_time - INTERVAL '91 days' "
        f"WHERE snapshot_id < {version}",
        catalog,
    )
    there = files(written)
    done = maintain(written, 90)
    assert (done["snapshots expired"], done["old files deleted"]) == (version, 0), "they begin with 0"
    assert there <= files(written), "somebody may still be reading them"
    scheduled = int(postgres.run("SELECT count(*) FROM ducklake_files_scheduled_for_deletion", catalog))
    assert scheduled > 4
    postgres.run(
        "UPDATE ducklake_files_scheduled_for_deletion "
        f"SET schedule_start = schedule_start - INTERVAL '{UNUSED_DAYS + 1} days'",
        catalog,
    )
    before = files(written)
    assert maintain(written, 90)["old files deleted"] == scheduled
    assert len(before - files(written)) == scheduled
    assert rows(written) == now
    assert rows(written, kept) == then
    with pytest.raises(duckdb.Error, match="No snapshot found"):
        rows(written, "AT (VERSION => 2)")


def test_what_a_killed_writer_left_is_deleted_when_days_have_passed(written: Lake) -> None:
    young, old = (Path(written.data_path) / "main" / "it" / f"ducklake-{n}-delete.parquet" for n in range(2))
    some = next(iter(files(written)))
    for orphan in (young, old):
        orphan.write_bytes(some.read_bytes())
    os.utime(old, (LONG_AGO, LONG_AGO))
    before = rows(written)
    assert maintain(written, 30)["orphaned files deleted"] == 1
    assert young.exists()
    assert not old.exists()
    assert rows(written) == before


@pytest.mark.parametrize("days", [0, -1])
def test_less_than_a_day_is_refused(written: Lake, days: int) -> None:
    with pytest.raises(SettingsError, match="at least a day"):
        maintain(written, days)


def test_a_file_is_no_lake(tmp_path: Path) -> None:
    database = Database(tmp_path / "it.duckdb")
    with database.writing() as connection:
        connection.execute("CREATE TABLE it AS SELECT 1 AS number")
    with pytest.raises(SettingsError, match="is no lake"):
        maintain(database, 30)


def test_it_is_a_job_with_a_schedule_where_there_is_a_lake(
    make_lake_project: Callable[..., LakeProject], tmp_path: Path
) -> None:
    start = days_before_today(3)[0]
    project = make_lake_project(small_account(3), f"{tmp_path}/lake/", start_date=start)
    project.sync()
    definitions = project_definitions(project.settings)
    result = definitions.resolve_job_def("clockify_lake_maintenance").execute_in_process(instance=project.instance)
    assert result.success
    schedule = definitions.resolve_schedule_def("clockify_nightly_lake_maintenance")
    assert schedule.job_name == "clockify_lake_maintenance"
