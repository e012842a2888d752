"""A key that sees none, or not all, of the loaded workspaces: nothing is emptied, and the way out is explicit."""

from __future__ import annotations

import re

import pytest

from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.cli.several import add_place, held, lines, load
from clockify_dagster_tests.conftest import CORE_TABLES, Document, Project
from clockify_dagster_tests.faults.conftest import everything


@pytest.fixture
def first(project: Project) -> Document:
    """The workspace that is loaded."""
    return next(iter(project.account.workspaces.values())).document


@pytest.fixture
def other(project: Project) -> Document:
    """The workspace of another account, whose key is set after the first account was loaded."""
    other = add_place(project, "Other")
    stranger = project.account.add_user(other, "Stranger")
    project.account.add_key("other-key", stranger, "OWNER")
    owner = next(iter(project.account.users))
    project.account.add_key("first-key", owner, "OWNER")
    project.set(api_key="first-key")
    return other


def test_a_key_that_sees_none_of_the_loaded_workspaces_is_refused_before_anything_is_written(
    command: Command, project: Project, first: Document, other: Document
) -> None:
    load(project, integral=True)
    before = everything(project.database)
    project.set(api_key="other-key")
    project.sandbox.reset_requests()
    sync = command("sync")
    assert everything(project.database) == before
    assert len(project.asked()) == 1
    for said in (sync, command("doctor")):
        assert said.code == 1
        for expected in (
            f"It holds Agency ({first['id']}); the key sees Other ({other['id']})",
            "another file or schema for this account (CLOCKIFY_DATABASE, CLOCKIFY_DATABASE_SCHEMA)",
            "`clockify-dagster sync --drop-unseen` (in Dagster's UI: the config `drop_unseen: true` of the step",
            f"removes all rows of Agency ({first['id']})",
        ):
            assert expected in said.all


def test_asked_to_it_drops_what_the_key_does_not_see_from_every_table(
    command: Command, project: Project, first: Document, other: Document
) -> None:
    load(project, integral=True)
    project.set(api_key="other-key")
    said = command("sync", "--drop-unseen")
    assert said.code == 0, said.err
    assert f"Removed, since this key does not see it: Agency ({first['id']})" in said.err
    for table in CORE_TABLES:
        rows = project.rows(table.name)
        assert {row["workspaceid"] for row in rows if "workspaceid" in row} <= {other["id"]}, table.name
    assert {row["id"] for row in project.rows("clockify_workspaces")} == {other["id"]}
    assert len(project.rows("clockify_users")) == 2
    for name in ("clockify_timeentries__tags", "clockify_timeentries_integral", "clockify_tasks__assignees"):
        assert project.rows(name) == []
    assert "rows_did_not_drop" not in said.out, "what was to be dropped is no sudden loss"
    assert project.execute("SELECT DISTINCT workspaceid FROM clockify_state.loaded_ranges") == [(other["id"],)]


def test_the_same_is_a_runs_configuration(project: Project, other: Document) -> None:
    project.run("clockify_reference", checks=False)
    project.set(api_key="other-key")
    job = "clockify_reference"
    failed = project.run(job, expect=False, checks=False)
    assert "sees none of the workspaces" in project.failures(failed)["clockify_workspaces"]
    config = {"ops": {"clockify_workspaces": {"config": {"drop_unseen": True}}}}
    project.run(job, checks=False, config=config)
    assert {row["id"] for row in project.rows("clockify_workspaces")} == {other["id"]}


def test_a_key_that_sees_some_leaves_the_rows_of_the_others_and_says_so_once(
    command: Command, project: Project, first: Document, other: Document
) -> None:
    project.account.add_to_workspace(next(iter(project.account.users)), other)
    project.set(update_window_days=2)
    load(project, integral=True)
    rows = {table.name: project.rows(table.name) for table in CORE_TABLES}
    project.set(api_key="other-key")
    project.account.add_tag(other, "new")
    load(project, integral=True)
    said = command("sync")
    assert said.code == 0, said.err
    (warning,) = lines(said, "Agency")
    assert f"Agency ({first['id']}): in the database, but this key does not see it. Its rows stay" in warning
    assert "--drop-unseen" in warning
    assert re.findall(r"^Loading .* of (\S+) to", said.err, re.MULTILINE) == [str(project.calendar.window.first)]
    for name, before in rows.items():
        now = project.rows(name)
        assert all(row in now for row in before if name != "clockify_workspaces"), name
    assert len(held(project, "clockify_tags", other)) == 2
    said = command("doctor")
    assert said.code == 0
    assert f"Agency ({first['id']}): in the database, but this key does not see it." in said.out


def test_one_that_the_setting_names_and_the_key_does_not_see_any_more_is_missed(
    command: Command, project: Project, first: Document, other: Document
) -> None:
    project.account.add_to_workspace(next(iter(project.account.users)), other)
    project.set(workspaces=f"{first['id']},{other['id']}")
    load(project)
    project.set(api_key="other-key")
    project.account.add_tag(other, "new")
    said = command("sync")
    assert said.code == 1
    assert f"The rows of Agency ({first['id']}) stay as they are; the other workspaces are loaded." in said.err
    assert len(held(project, "clockify_tags", other)) == 2
    assert len(held(project, "clockify_timeentries", first)) == 20
