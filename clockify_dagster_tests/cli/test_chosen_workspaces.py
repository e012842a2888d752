"""Loaded workspaces that CLOCKIFY_WORKSPACES leaves out: their rows stay, it is said, and the way out is explicit."""

from __future__ import annotations

import re

import pytest
from dagster import AssetKey

from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs.partitions import days_to_load
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.cli.several import add_place, held, lines, load
from clockify_dagster_tests.conftest import CORE_TABLES, Document, Project, Row


@pytest.fixture
def agency(project: Project) -> Document:
    """The workspace that is taken out of the setting."""
    return next(iter(project.account.workspaces.values())).document


@pytest.fixture
def studio(project: Project, agency: Document) -> Document:
    """The workspace that stays in the setting. Both are loaded, and have changed since."""
    studio = add_place(project)
    project.set(update_window_days=2, workspaces=f"{agency['id']},{studio['id']}")
    load(project, integral=True)
    for place in (agency, studio):
        project.account.add_tag(place, "new")
    return studio


def rows_of(project: Project) -> dict[str, list[Row]]:
    return {table.name: project.rows(table.name) for table in CORE_TABLES}


def test_a_workspace_that_is_taken_out_of_the_setting_keeps_its_rows_and_one_line_says_so(
    command: Command, project: Project, agency: Document, studio: Document
) -> None:
    before = rows_of(project)
    project.set(workspaces=studio["id"])
    said = command("sync", "--integral")
    assert said.code == 0, said.err
    (warning,) = lines(said, "Agency")
    assert f"Agency ({agency['id']}): in the database, but CLOCKIFY_WORKSPACES leaves it out. Its rows stay" in warning
    assert "--drop-unseen" in warning
    for name, rows in rows_of(project).items():
        assert all(row in rows for row in before[name] if row.get("workspaceid") != studio["id"]), name
    assert len(held(project, "clockify_tags", studio)) == 2
    assert len(held(project, "clockify_tags", agency)) == len(held(project, "clockify_tags", studio)) - 1
    assert "clockify_timeentries" not in said.out.partition("Checks:")[2], "no check misses anything"
    doctor = command("doctor")
    assert doctor.code == 0
    assert f"Agency ({agency['id']}): in the database, but CLOCKIFY_WORKSPACES leaves it out." in doctor.out
    checked = command("check")
    assert checked.code == 0, checked.out


def test_the_only_loaded_workspace_may_be_left_out(command: Command, project: Project, agency: Document) -> None:
    project.set(workspaces=agency["id"])
    load(project)
    before = project.rows("clockify_timeentries")
    studio = add_place(project)
    project.set(workspaces=studio["id"])
    said = command("sync")
    assert said.code == 0, said.err
    assert len(lines(said, "Agency")) == 1
    assert [row for row in project.rows("clockify_timeentries") if row in before] == before
    assert len(held(project, "clockify_timeentries", studio)) == 1


@pytest.mark.parametrize("is_named", [True, False])
def test_a_workspace_that_is_added_again_is_loaded_from_where_it_was_left_out(
    command: Command, project: Project, agency: Document, studio: Document, *, is_named: bool
) -> None:
    project.set(workspaces=studio["id"])
    assert command("sync").code == 0
    project.execute("DELETE FROM clockify_state.loaded_ranges WHERE workspaceid = $1", agency["id"])
    assert days_to_load(project.calendar, project.warehouse, (studio["id"],)) == project.calendar.window
    project.set(workspaces=f"{agency['id']},{studio['id']}" if is_named else "")
    said = command("sync")
    assert said.code == 0, said.err
    assert lines(said, "Agency") == []
    assert re.findall(r"^Loading .* of (\S+) to", said.err, re.MULTILINE) == [str(project.calendar.start_date)]
    assert len(held(project, "clockify_tags", agency)) == 2


def test_asked_to_a_sync_drops_what_the_setting_leaves_out(
    command: Command, project: Project, agency: Document, studio: Document
) -> None:
    project.set(workspaces=studio["id"])
    said = command("sync", "--drop-unseen")
    assert said.code == 0, said.err
    assert f"Removed, since CLOCKIFY_WORKSPACES leaves it out: Agency ({agency['id']})" in said.err
    for name, rows in rows_of(project).items():
        assert {row["workspaceid"] for row in rows if "workspaceid" in row} <= {studio["id"]}, name
    assert {row["id"] for row in project.rows("clockify_workspaces")} == {studio["id"]}
    assert lines(command("sync"), "Agency") == []


def test_a_run_of_some_workspaces_still_refuses_one_that_the_setting_leaves_out(
    command: Command, project: Project, agency: Document, studio: Document
) -> None:
    project.set(workspaces=studio["id"])
    before = rows_of(project)
    said = command("sync", "--workspace", agency["id"], "--workspace", studio["id"])
    assert said.code == 1
    assert f"names {agency['id']}, which this key does not see" in said.err
    assert rows_of(project) == before
    assert command("sync", "--workspace", studio["id"]).code == 0
    assert len(held(project, "clockify_tags", agency)) == 1


def test_a_table_that_is_loaded_alone_goes_by_the_setting_as_it_is_now(
    project: Project, agency: Document, studio: Document
) -> None:
    def load_tags() -> None:
        job = project_definitions(project.settings).resolve_job_def("clockify_reference")
        tags = job.get_subset(asset_selection={AssetKey("clockify_tags")}, asset_check_selection=set())
        assert tags.execute_in_process(instance=project.instance).success

    project.set(workspaces=studio["id"])
    load_tags()
    assert [len(held(project, "clockify_tags", place)) for place in (agency, studio)] == [1, 2]
    project.run("clockify_reference", checks=False)
    project.set(workspaces="")
    load_tags()
    assert [len(held(project, "clockify_tags", place)) for place in (agency, studio)] == [2, 2]
