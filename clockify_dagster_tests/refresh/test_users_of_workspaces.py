"""Users have one row for all workspaces. Where one of those cannot be read, what belongs to it stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clockify_dagster.api import ClockifyClient
from clockify_dagster.refresh import (
    RefreshContext,
    RefreshResult,
    choose_workspaces,
    read_listed_table,
    read_projects,
    read_users,
)
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.refresh.conftest import Office

USERS, MEMBERSHIPS = "clockify_users", "clockify_users_memberships"
Read = Callable[[RefreshContext], RefreshResult]


def load(office: Office, table: str, read: Read = read_listed_table) -> list[str]:
    """Load a table as its asset does; gives what is wrong in the end."""
    with office.transport() as transport:
        result = read(office.context(ClockifyClient(transport, office.sandbox.api_url), table, None))
    for each in result.loads:
        office.warehouse.write(each)
    return [str(fault) for fault in result.faults]


def column(office: Office, table: str, *columns: str) -> set[tuple[str, ...]]:
    with office.warehouse.database.reading() as connection:
        rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    return set(rows)


@pytest.fixture
def studio(office: Office) -> str:
    """Another workspace, with its own project and group."""
    return str(office.account.add_workspace("Studio")["id"])


def test_users_and_memberships_of_a_workspace_that_cannot_be_read_stay(office: Office, studio: str) -> None:
    account = office.account
    here, there, both, left = (
        account.add_user(place, name)
        for place, name in ((office.place, "Here"), (studio, "There"), (office.place, "Both"), (office.place, "Left"))
    )
    account.add_to_workspace(both, studio)
    for place in (office.place, studio):
        project = account.add_project(place, "Website")
        account.add_to_project(both, project)
        account.add_group(place, "Everybody", [both])
    load(office, "clockify_projects", read_projects)
    load(office, "clockify_usergroups")
    load(office, USERS, read_users)
    before = {row for row in column(office, MEMBERSHIPS, "user_id", "targetid") if row[0] == both["id"]}
    both["name"] = "Renamed"
    account.remove_user(office.place, left)
    new = account.add_user(office.place, "New")
    office.sandbox.faults.add(Fault(f"{studio}/users", faults.Status(403), times=None))
    (said,) = load(office, USERS, read_users)
    assert f"Studio ({studio})" in said
    assert column(office, USERS, "id") == {(each["id"],) for each in (here, there, both, new)}
    assert (both["id"], "Renamed") in column(office, USERS, "id", "name")
    held = column(office, MEMBERSHIPS, "user_id", "targetid")
    assert {row for row in held if row[0] == both["id"]} == before
    with office.warehouse.database.reading() as connection:
        ((double,),) = connection.execute(
            f"SELECT count(*) - count(DISTINCT (user_id, targetid)) FROM {MEMBERSHIPS}"
        ).fetchall()
    assert double == 0
    assert (there["id"], studio) in held
    assert (new["id"], office.place) in held
    assert left["id"] not in {user for user, _ in held}


def test_who_left_a_workspace_that_was_read_keeps_only_what_belongs_to_the_other_one(
    office: Office, studio: str
) -> None:
    account = office.account
    account.add_user(office.place)
    user = account.add_user(office.place)
    account.add_to_workspace(user, studio)
    ours, theirs = (account.add_project(place, "Website") for place in (office.place, studio))
    for project in (ours, theirs):
        account.add_to_project(user, project)
    load(office, "clockify_projects", read_projects)
    load(office, USERS, read_users)
    account.remove_user(office.place, user)
    office.sandbox.faults.add(Fault(f"{studio}/users", faults.Status(403), times=None))
    load(office, USERS, read_users)
    held = column(office, MEMBERSHIPS, "user_id", "targetid")
    assert {target for each, target in held if each == user["id"]} == {studio, theirs["id"]}
    office.sandbox.faults.clear()
    account.remove_user(studio, user)
    assert load(office, USERS, read_users) == []
    assert (user["id"],) not in column(office, USERS, "id")


@pytest.mark.parametrize("kind", [faults.Status(500), faults.Body(), faults.Body([{"id": None}])])
def test_a_listing_that_breaks_in_one_workspace_is_replaced_in_the_others(
    office: Office, studio: str, kind: faults.Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)
    tags = [office.account.add_tag(place, "old") for place in (office.place, studio)]
    assert load(office, "clockify_tags") == []
    for tag in tags:
        tag["name"] = "new"
    office.sandbox.faults.add(Fault(f"{studio}/tags", kind, times=None))
    (said,) = load(office, "clockify_tags")
    assert f"The rows of Studio ({studio}) stay as they are" in said
    assert column(office, "clockify_tags", "name", "workspaceid") == {("new", office.place), ("old", studio)}
    office.sandbox.faults.clear()
    assert load(office, "clockify_tags") == []
    assert column(office, "clockify_tags", "name") == {("new",)}


def test_tasks_that_break_in_one_workspace_cost_neither_its_projects_nor_the_tasks_of_others(
    office: Office, studio: str
) -> None:
    tasks = [
        office.account.add_task(place, office.account.add_project(place, "old"), "old")
        for place in (office.place, studio)
    ]
    load(office, "clockify_projects", read_projects)
    for place in office.account.workspaces.values():
        for document in (*place.projects.values(), *place.tasks.values()):
            document["name"] = "new"
    tasks[1]["id"] = None
    (said,) = load(office, "clockify_projects", read_projects)
    assert studio in said
    assert column(office, "clockify_projects", "name", "workspaceid") == {("new", office.place), ("new", studio)}
    assert column(office, "clockify_tasks", "name", "workspaceid") == {("new", office.place), ("old", studio)}


def test_a_users_list_that_breaks_in_one_of_two_hundred_workspaces_costs_that_one_alone(office: Office) -> None:
    places = [str(office.account.add_workspace(f"Client {number}")["id"]) for number in range(199)]
    office.concurrency = 8
    office.sandbox.faults.add(Fault(f"{places[77]}/users", faults.Status(400), times=None))
    with office.transport() as transport:
        context = office.context(ClockifyClient(transport, office.sandbox.api_url), USERS, None)
        new = choose_workspaces(context, {})
        loaded = choose_workspaces(context, context.workspaces)
    assert set(new.read) == {office.place, *places} - {places[77]}
    assert new.unread == {places[77]: "BadRequestError"}
    assert len(loaded.read) == 200, "its other tables can be read; the step of the users reports it"
    (said,) = office.said
    assert f"Client 77 ({places[77]})" in said
    assert len(office.asked("/users")) == 201, "each list once, and the one that failed again"


@pytest.mark.parametrize("is_older_file", [False, True])
def test_memberships_that_stay_as_they_were_keep_when_they_changed(
    office: Office, studio: str, is_older_file: bool
) -> None:
    for place in (office.place, studio):
        office.account.add_user(place, "Somebody")
    load(office, USERS, read_users)
    times = f"SELECT user_id, targetid, _changed_at FROM {MEMBERSHIPS} ORDER BY ALL"
    with office.warehouse.database.writing() as connection:
        before = connection.execute(times).fetchall()
        if is_older_file:
            connection.execute(f"ALTER TABLE {MEMBERSHIPS} DROP COLUMN _changed_at")
    office.sandbox.faults.add(Fault(f"{studio}/users", faults.Status(403), times=None))
    load(office, USERS, read_users)
    with office.warehouse.database.reading() as connection:
        assert connection.execute(times).fetchall() == before


def test_memberships_of_a_workspace_that_was_not_read_are_not_written_anew(office: Office, studio: str) -> None:
    leaving = office.account.add_user(office.place, "Leaving")
    for _ in range(3):
        office.account.add_user(studio)
    load(office, USERS, read_users)
    places = f"SELECT rowid, * FROM {MEMBERSHIPS} WHERE targetid = ? ORDER BY ALL"
    with office.warehouse.database.reading() as connection:
        before = connection.execute(places, [studio]).fetchall()
    office.account.remove_user(office.place, leaving)
    office.sandbox.faults.add(Fault(f"{studio}/users", faults.Status(403), times=None))
    load(office, USERS, read_users)
    assert (leaving["id"],) not in column(office, USERS, "id"), "nobody was listed at all"
    with office.warehouse.database.reading() as connection:
        assert connection.execute(places, [studio]).fetchall() == before
        assert connection.execute(places, [office.place]).fetchall() == []


@pytest.mark.parametrize("is_about_some", [True, False])
def test_users_that_were_listed_before_a_load_of_another_workspace_do_not_undo_what_that_said_of_them(
    office: Office, studio: str, is_about_some: bool
) -> None:
    account = office.account
    both, left, here = (account.add_user(office.place, name) for name in ("Both", "Left", "Here"))
    for user in (both, left):
        account.add_to_workspace(user, studio)
    load(office, USERS, read_users)
    here["name"] = "Changed before"
    with office.transport() as transport:
        client = ClockifyClient(transport, office.sandbox.api_url)
        if not is_about_some:
            office.sandbox.faults.add(Fault(f"{studio}/users", faults.Status(403), times=None))
        office.chosen = [office.place] if is_about_some else None
        (early,) = read_users(office.context(client, USERS, None)).loads
        office.sandbox.faults.clear()
        both["name"] = left["name"] = "Renamed"
        account.membership(studio, both)["membershipStatus"] = "INACTIVE"
        account.remove_user(studio, left)
        office.chosen = [studio]
        (late,) = read_users(office.context(ClockifyClient(transport, office.sandbox.api_url), USERS, None)).loads
    late.among = frozenset([studio])
    early.among = frozenset([office.place]) if is_about_some else None
    office.warehouse.write(late)
    office.warehouse.write(early)
    names = {(both["id"], "Renamed"), (left["id"], "Left"), (here["id"], "Changed before")}
    assert column(office, USERS, "id", "name") == names, "of who has left there nothing younger was listed"
    held = column(office, MEMBERSHIPS, "user_id", "targetid", "membershipstatus")
    assert held == {(each["id"], office.place, "ACTIVE") for each in (both, left, here)} | {
        (both["id"], studio, "INACTIVE")
    }
    office.chosen = None
    load(office, USERS, read_users)
    assert (left["id"], "Renamed") in column(office, USERS, "id", "name")


@pytest.mark.parametrize("overtaken", ["there", "here"])
def test_a_list_that_an_earlier_step_asked_for_is_as_old_as_that_and_none_where_another_run_has_loaded_since(
    office: Office, studio: str, overtaken: str
) -> None:
    user = office.account.add_user(office.place, "Old")
    office.account.add_to_workspace(user, studio)
    with office.transport() as transport:
        client = ClockifyClient(transport, office.sandbox.api_url)
        client.users(office.place)
        user["name"] = "New"
        office.chosen = [studio if overtaken == "there" else office.place]
        load(office, USERS, read_users)
        asked = len(office.asked("/users"))
        office.chosen = [office.place]
        (late,) = read_users(office.context(client, USERS, None)).loads
    assert len(office.asked("/users")) - asked == (overtaken == "here")
    late.among = frozenset([office.place])
    office.warehouse.write(late)
    assert column(office, USERS, "id", "name") == {(user["id"], "New")}
    assert {target for _, target in column(office, MEMBERSHIPS, "user_id", "targetid")} == {office.place, studio}
