"""Several workspaces: what `sync` and `doctor` say and do where some cannot be read."""

from __future__ import annotations

import pytest
from dagster import DagsterInstance

from clockify_dagster.defs.partitions import days_to_load, missing_days
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.cli.several import add_place, held, lines, load
from clockify_dagster_tests.conftest import CORE_TABLES, Document, Project
from clockify_dagster_tests.faults.conftest import everything

MEMBERS = "/(users|user-groups|user/.*|reports/.*|entities/.*)$"  # what a plain member is refused


@pytest.fixture
def first(project: Project) -> Document:
    """The workspace that can be read."""
    return next(iter(project.account.workspaces.values())).document


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow one another at once."""
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)


def test_a_workspace_in_which_the_key_is_a_plain_member_is_left_out_with_one_warning_each_time(
    command: Command, project: Project
) -> None:
    studio = add_place(project)
    project.account.refused.add(studio["id"] + MEMBERS)
    project.set(update_window_days=2)
    load(project)
    said = command("sync")
    assert said.code == 0, said.err
    (warning,) = lines(said, "Studio")
    assert f"The account is loaded without Studio ({studio['id']})" in warning
    assert "CLOCKIFY_WORKSPACES=" in warning
    assert len(project.rows("clockify_timeentries")) == 20
    assert held(project, "clockify_tags", studio) == []
    assert missing_days(project.calendar, project.warehouse) == []
    assert said.err.count("Loading ") == 1
    assert len(project.asked(f"{studio['id']}/")) == 2, "asked once by each run"
    project.account.refused.clear()
    assert command("sync").code == 0
    assert len(held(project, "clockify_timeentries", studio)) == 1, "also the days before the window"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("path", [MEMBERS, "/"])
def test_one_that_was_loaded_before_keeps_its_rows_and_fails_the_sync_after_all_else_is_done(
    command: Command, project: Project, first: Document, home: str, path: str
) -> None:
    studio = add_place(project)
    load(project, integral=True)
    for place in (first, studio):
        project.account.add_tag(place, "new")
        entry = next(iter(project.account.workspace(place).entries.by_id.values()))
        project.account.edit_entry(entry, description="new")
    kept = {table.name: project.rows(table.name) for table in CORE_TABLES}
    if path == MEMBERS:
        project.account.refused.add(studio["id"] + path)
    else:
        project.sandbox.faults.add(Fault(studio["id"] + path, faults.Status(503), times=None))
    said = command("sync", "--integral")
    assert said.code == 1
    assert f"Studio ({studio['id']})" in said.err
    assert [table.name for table in CORE_TABLES if f"\n{table.name} " not in said.out] == [], "all others are loaded"
    for name in ("clockify_timeentries", "clockify_timeentries_integral"):
        assert [row["description"] for row in held(project, name, first, "description")].count("new") == 1
        assert [row["description"] for row in held(project, name, studio, "description")] == [""]
    assert len(held(project, "clockify_tags", first)) == 2
    assert len(held(project, "clockify_tags", studio)) == 1, "what a plain member sees is not loaded"
    for name, rows in kept.items():
        assert all(row in project.rows(name) for row in rows if row.get("workspaceid") == studio["id"]), name
    assert len(project.rows("clockify_users")) == 3
    assert len(project.rows("clockify_workspaces")) == 2
    with DagsterInstance.from_config(str(home)) as instance:
        (run, *_) = instance.get_runs()
        assert run.status.value == "FAILURE"
    project.account.refused.clear()
    project.sandbox.faults.clear()
    load(project)
    assert len(held(project, "clockify_tags", studio)) == 2
    assert [row["description"] for row in held(project, "clockify_timeentries", studio, "description")] == ["new"]


@pytest.mark.usefixtures("quick")
def test_a_change_feed_that_fails_in_a_loaded_workspace_fails_the_sync_after_all_else_is_done(
    command: Command, project: Project
) -> None:
    studio = add_place(project)
    project.set(update_window_days=2)
    load(project)
    (old,) = project.account.workspace(studio).entries.by_id
    project.account.edit_entry(old, description="new")
    project.account.add_tag(studio, "new")
    project.sandbox.faults.add(Fault(f"{studio['id']}/entities/", faults.Status(503), times=None))
    said = command("sync")
    assert said.code == 1
    assert f"Studio ({studio['id']}): the change feed cannot be read" in said.err
    assert [
        table.name for table in CORE_TABLES if f"\n{table.name} " not in said.out and "integral" not in table.name
    ] == []
    assert len(held(project, "clockify_tags", studio)) == 2
    assert [row["description"] for row in held(project, "clockify_timeentries", studio, "description")] == [""]
    project.sandbox.faults.clear()
    assert command("sync").code == 0
    assert [row["description"] for row in held(project, "clockify_timeentries", studio, "description")] == ["new"]


def test_where_the_key_is_a_plain_member_everywhere_nothing_is_changed(
    command: Command, project: Project, first: Document
) -> None:
    studio = add_place(project)
    load(project)
    before = everything(project.database)
    project.account.refused.add("/users")
    said = command("sync")
    assert said.code == 1
    assert everything(project.database) == before
    for place in (first, studio):
        assert f"{place['name']} ({place['id']})" in said.err
    assert "cannot list the workspace's users. Put the key of the workspace's owner or an admin" in said.err


def test_a_workspace_of_which_only_the_hours_are_refused_is_no_error_until_they_were_loaded_once(
    command: Command, project: Project
) -> None:
    studio = add_place(project)
    project.account.refused.add(f"{studio['id']}/user/")
    load(project)
    said = command("sync")
    assert said.code == 0, said.err
    assert len(lines(said, "Studio")) == 1
    assert days_to_load(project.calendar, project.warehouse) == project.calendar.window
    project.account.refused.clear()
    load(project)
    project.account.refused.add(f"{studio['id']}/user/")
    assert command("sync").code == 1
    assert len(held(project, "clockify_timeentries", studio)) == 1


def test_the_doctor_tells_workspaces_that_are_left_out_from_those_that_are_missed(
    command: Command, project: Project
) -> None:
    studio = add_place(project)
    project.account.refused.add(studio["id"] + MEMBERS)
    said = command("doctor")
    assert said.code == 0, said.out
    (line,) = [line for line in said.out.splitlines() if "(Studio)" in line]
    assert line.lstrip().startswith("left out")
    assert "CLOCKIFY_WORKSPACES" in line
    project.account.refused.clear()
    project.run("clockify_reference", checks=False)
    project.account.refused.add(studio["id"] + MEMBERS)
    said = command("doctor")
    assert said.code == 1
    (line,) = [line for line in said.out.splitlines() if "(Studio)" in line]
    assert line.lstrip().startswith("problem")
