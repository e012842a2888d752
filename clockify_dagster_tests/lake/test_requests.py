"""What a sync of one workspace among many asks of S3: for its own files, and for few of those that all share."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from clockify_dagster.contract import CONTRACT, WORKSPACES
from clockify_dagster.contract.account import USERS
from clockify_dagster.days import Days
from clockify_dagster.sandbox import Account
from clockify_dagster.warehouse import Destination, Load, Warehouse
from clockify_dagster_tests.lake.conftest import LakeProject, days_ago, place_of
from clockify_dagster_tests.lake.servers import S3

MANY, DAYS = 12, 3
_REQUEST = re.compile(r"(?:GET|HEAD|PUT|POST|DELETE) /\S+ HTTP")


def account_of(workspaces: int) -> Account:
    account = Account()
    for number in range(workspaces):
        place = account.add_workspace(f"Agency {number}")
        project, tag = account.add_project(place, client=account.add_client(place)), account.add_tag(place)
        user = account.add_user(place)
        for back in range(DAYS):
            start = account.now() - timedelta(days=back, hours=1)
            account.add_entry(place, user, start, projectId=project["id"], tagIds=[tag["id"]])
    return account


def requests_of_a_sync(project: LakeProject, s3: S3) -> int:
    """The requests of a sync of the first workspace, all of which was loaded before."""
    before = s3.log.stat().st_size
    command = [str(Path(sys.executable).with_name("clockify-dagster")), "sync"]
    done = subprocess.run(  # noqa: S603
        [*command, "--workspace", next(iter(project.account.workspaces))], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with s3.log.open() as log:
        log.seek(before)
        return len(_REQUEST.findall(log.read()))


def test_one_workspace_among_many_costs_no_more_than_twice_the_requests_of_one_alone(
    make_lake_project: Callable[..., LakeProject], s3: S3, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    asked, place = {}, place_of(request, "S3", tmp_path)
    for number in (1, MANY):
        schema = f"of_{number}"
        project = make_lake_project(account_of(number), place, start_date=days_ago(DAYS), database_schema=schema)
        project.run("clockify_daily", Days(days_ago(DAYS), project.calendar.today), checks=False)
        asked[number] = requests_of_a_sync(project, s3)
    # some more, since the rows that all share are not written as a whole; but not for each workspace
    assert asked[MANY] - asked[1] < 5 * MANY
    assert asked[MANY] < 1.5 * asked[1]


def load(warehouse: Warehouse, *workspaces: str, is_about_all: bool = False) -> None:
    """A run of these workspaces: themselves, and a user whom they share."""
    memberships = [{"userId": "u", "targetId": each, "membershipType": "WORKSPACE"} for each in workspaces]
    documents: dict[str, list[dict[str, object]]] = {
        WORKSPACES: [{"id": each, "name": each} for each in workspaces],
        USERS.name: [{"id": "u", "name": "Ada", "memberships": memberships}],
    }
    for root, listed in documents.items():
        family = CONTRACT.family(root)
        staging, among = warehouse.staging(family), None if is_about_all else frozenset(workspaces)
        staging.add_documents(listed)
        load = Load(staging, datetime.now(timezone.utc), workspaces, among=among)
        warehouse.write(load)
        counts = warehouse.row_counts()
        assert load.held == {table.name: counts[table.name] for table in family}


def test_what_all_workspaces_share_is_in_few_files_however_many_are_loaded_one_by_one(destination: Destination) -> None:
    warehouse, loaded = Warehouse(destination), [f"w{number:02}" for number in range(12)]
    most = 0
    for each in [*loaded, *loaded[:3]]:
        load(warehouse, each)
        with destination.reading() as connection:
            for table in ("clockify_workspaces", "clockify_users_memberships", "clockify_users"):
                sql = f"SELECT count(data_file) + count(delete_file) FROM ducklake_list_files('lake', '{table}')"
                most = max(most, *(number for (number,) in connection.execute(sql).fetchall()))
            for state in ("loads", "workspace_loads"):
                sql = f"FROM ducklake_list_files('lake', '{state}', schema => 'clockify_state')"
                about = f"SELECT DISTINCT table_name FROM clockify_state.{state}"
                assert len(connection.execute(sql).fetchall()) == len(connection.execute(about).fetchall())
    assert most <= 12
    with destination.reading() as connection:
        for table, column in (("clockify_workspaces", "id"), ("clockify_users_memberships", "targetid")):
            assert connection.execute(f"SELECT {column} FROM {table} ORDER BY 1").fetchall() == [
                (each,) for each in loaded
            ]
    load(warehouse, *loaded[:5], is_about_all=True)
    assert warehouse.row_counts()["clockify_workspaces"] == 5
