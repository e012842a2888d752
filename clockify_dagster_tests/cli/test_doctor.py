"""`doctor`: what is well, what is not, and what to do about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.warehouse.database import STORAGE_VERSION
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.test_schedules import held_open


def test_all_is_well(command: Command, project: Project) -> None:
    answer = command("doctor")
    assert answer.code == 0, answer.all
    workspace = next(iter(project.account.workspaces))
    assert project.sandbox.api_url in answer.out
    assert f"Agency ({workspace}): plan PRO" in answer.out
    assert "2 users" in answer.out
    assert "the first sync makes it" in answer.out
    assert not project.database.exists()


def test_it_names_the_person_whose_key_it_is_and_their_role(command: Command, project: Project) -> None:
    person = next(iter(project.account.users.values()))
    project.account.add_role(next(iter(project.account.workspaces)), person, "WORKSPACE_ADMIN")
    answer = command("doctor")
    assert f"accepted; it is that of {person['name']} ({person['email']})\n" in answer.out
    assert "role WORKSPACE_ADMIN, 2 users" in answer.out
    assert f"user {person['id']}" not in answer.out
    person["name"] = ""
    assert f"accepted; it is that of {person['email']}\n" in command("doctor").out


def test_it_says_which_duckdb_can_open_the_file(command: Command, project: Project) -> None:
    project.warehouse.write_frame("mine", pd.DataFrame({"n": [1]}))
    answer = command("doctor")
    assert answer.code == 0, answer.all
    assert f"DuckDB {STORAGE_VERSION.strip('v')} and later can open it" in answer.out


def test_it_takes_few_requests(command: Command, project: Project) -> None:
    command("doctor")
    assert len(project.asked()) == 4, "the user, the workspaces, the users, and an entry of somebody else's"


def test_an_unknown_key_is_named_by_its_setting(command: Command, project: Project) -> None:
    project.set(api_key="unknown")
    answer = command("doctor")
    assert answer.code == 1
    assert "CLOCKIFY_API_KEY" in answer.all
    assert "each region, and each subdomain, knows only its own keys" in answer.all


def test_a_plain_members_key_is_not_enough(command: Command, project: Project) -> None:
    member = list(project.account.users.values())[1]
    project.account.add_key("member", member, "MEMBER")
    project.set(api_key="member")
    answer = command("doctor")
    assert answer.code == 1
    assert "Use the key of the workspace's owner or an admin" in answer.all


def test_a_key_that_may_list_people_but_not_their_entries_is_not_enough(command: Command, project: Project) -> None:
    project.sandbox.faults.add(Fault("/time-entries", faults.Status(403), times=None))
    answer = command("doctor")
    assert answer.code == 1
    assert "Use the key of the workspace's owner or an admin" in answer.all


def test_an_address_where_nobody_listens(command: Command, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.001)
    project.set(api_url="http://127.0.0.1:9/api/v1")
    answer = command("doctor")
    assert answer.code == 1
    assert "nobody listens at that address. Check the network and CLOCKIFY_REGION or CLOCKIFY_API_URL" in answer.out


def test_the_free_plan_has_few_requests(command: Command, project: Project) -> None:
    next(iter(project.account.workspaces.values())).document["featureSubscriptionType"] = "FREE"
    answer = command("doctor")
    assert answer.code == 0
    assert "30 requests an hour" in answer.out


def test_a_workspace_that_the_key_does_not_see(command: Command, project: Project) -> None:
    project.set(workspaces="64a687e29ae1f428e7ebe303")
    answer = command("doctor")
    assert answer.code == 1
    assert "CLOCKIFY_WORKSPACES names 64a687e29ae1f428e7ebe303, which this key does not see. It sees: " in answer.all


def test_a_database_that_somebody_has_open(command: Command, project: Project) -> None:
    project.execute("CREATE TABLE something (id INTEGER)")
    project.set(lock_timeout_seconds=0)
    with held_open(project.database):
        answer = command("doctor")
    assert answer.code == 1
    assert "is open in another program" in answer.out
    assert "accepted" in answer.out, "the account is looked at all the same"


def test_another_kind_of_file_for_a_database(command: Command, project: Project) -> None:
    project.database.write_text("not a database, but a letter to my aunt\n" * 100)
    answer = command("doctor")
    assert answer.code == 1
    assert str(project.database) in answer.out


def test_it_can_be_piped_into_a_program_that_stops_reading(project: Project) -> None:
    del project
    line = f"{Path(sys.executable).parent / 'clockify-dagster'} --help | head -1"
    run = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert run.stderr == ""
