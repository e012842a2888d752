"""Several workspaces: what `sync` and `doctor` say and do where the key may not read some, or sees others."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone

import pytest
from dagster import DagsterInstance

from clockify_dagster.contract import CONTRACT
from clockify_dagster.defs.partitions import days_to_load, missing_days
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.cli.conftest import Command, Said
from clockify_dagster_tests.conftest import Document, Project
from clockify_dagster_tests.defs.accounts import days_before_today
from clockify_dagster_tests.faults.conftest import everything

MEMBERS = "/(users|user-groups|user/.*|reports/.*|entities/.*)$"  # what a plain member is refused


def add_place(project: Project, name: str = "Studio") -> Document:
    """Another workspace with a person, a tag and an entry."""
    place = project.account.add_workspace(name)
    project.account.add_tag(place, f"tag of {name}")
    user = project.account.add_user(place, f"Person of {name}")
    start = datetime.combine(days_before_today(5)[0], time(9), timezone.utc)
    project.account.add_entry(place, user, start, start + timedelta(hours=1))
    return place


def load(project: Project, *, integral: bool = False) -> None:
    """Load everything, as `sync` does, in a third of its time."""
    job = "clockify_everything" if integral else "clockify_daily"
    project.run(job, days_to_load(project.calendar, project.warehouse), checks=False)


def held(project: Project, table: str, place: Document, *columns: str) -> list[dict[str, object]]:
    return [row for row in project.rows(table, "workspaceid", *columns) if row["workspaceid"] == place["id"]]


def lines(said: Said, name: str) -> list[str]:
    """The lines on stderr that name a workspace, but for progress."""
    return [line for line in said.err.splitlines() if name in line and f" {name}: " not in line]


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
    kept = {table.name: project.rows(table.name) for table in CONTRACT}
    if path == MEMBERS:
        project.account.refused.add(studio["id"] + path)
    else:
        project.sandbox.faults.add(Fault(studio["id"] + path, faults.Status(503), times=None))
    said = command("sync", "--integral")
    assert said.code == 1
    assert f"Studio ({studio['id']})" in said.err
    assert [table.name for table in CONTRACT if f"\n{table.name} " not in said.out] == [], "all others are loaded"
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
    for table in CONTRACT:
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
    rows = {table.name: project.rows(table.name) for table in CONTRACT}
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


def test_the_doctor_tells_workspaces_that_are_left_out_from_those_that_are_missed(
    command: Command, project: Project
) -> None:
    studio = add_place(project)
    project.account.refused.add(studio["id"] + MEMBERS)
    said = command("doctor")
    assert said.code == 0, said.out
    (line,) = [line for line in said.out.splitlines() if "Studio" in line]
    assert line.lstrip().startswith("left out")
    assert "CLOCKIFY_WORKSPACES" in line
    project.account.refused.clear()
    project.run("clockify_reference", checks=False)
    project.account.refused.add(studio["id"] + MEMBERS)
    said = command("doctor")
    assert said.code == 1
    (line,) = [line for line in said.out.splitlines() if "Studio" in line]
    assert line.lstrip().startswith("problem")
