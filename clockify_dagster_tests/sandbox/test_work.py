from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account

Get = Callable[..., requests.Response]
Document = dict[str, Any]


def ids(response: requests.Response) -> list[str]:
    return [each["id"] for each in response.json()]


@pytest.mark.parametrize("listing", ["clients", "projects", "tags"])
def test_archived_ones_come_along_unless_they_are_filtered_out(
    account: Account, workspace: Document, get: Get, listing: str
) -> None:
    add: Any = {"clients": account.add_client, "projects": account.add_project, "tags": account.add_tag}[listing]
    kept, shelved = add(workspace, "a"), account.archive(add(workspace, "b"))
    assert ids(get(listing)) == [kept["id"], shelved["id"]]
    assert ids(get(listing, {"archived": "false"})) == [kept["id"]]
    assert ids(get(listing, {"archived": "true"})) == [shelved["id"]]


def test_hydrated_projects_carry_tasks_and_custom_fields(account: Account, workspace: Document, get: Get) -> None:
    project = account.add_project(workspace)
    task = account.add_task(workspace, project)
    plain, hydrated = get("projects").json()[0], get("projects", {"hydrated": "true"}).json()[0]
    assert "tasks" not in plain
    assert "customFields" not in plain
    assert hydrated["tasks"] == [task]
    assert hydrated["customFields"] == []


def test_hydrated_projects_can_be_made_to_lack_tasks(account: Account, workspace: Document, get: Get) -> None:
    account.add_task(workspace, account.add_project(workspace))
    account.hydrated_tasks = False
    assert "tasks" not in get("projects", {"hydrated": "true"}).json()[0]


def test_tasks_are_active_and_done_ones_unless_asked(account: Account, workspace: Document, get: Get) -> None:
    project = account.add_project(workspace)
    active = account.add_task(workspace, project, "a")
    done = account.add_task(workspace, project, "b", status="DONE")
    path = f"projects/{project['id']}/tasks"
    assert ids(get(path)) == [active["id"], done["id"]]
    assert ids(get(path, {"is-active": "true"})) == [active["id"]]
    assert ids(get(path, {"is-active": "false"})) == [done["id"]]


def test_a_task_has_several_assignees_and_a_first_one(account: Account, workspace: Document, user: Document) -> None:
    other = account.add_user(workspace, "Max")
    task = account.add_task(workspace, account.add_project(workspace), assignees=[other, user])
    assert task["assigneeIds"] == [other["id"], user["id"]]
    assert task["assigneeId"] == other["id"]


def test_tasks_of_a_missing_project_are_refused_with_501(get: Get) -> None:
    answer = get("projects/64a687e29ae1f428e7ebe303/tasks")
    assert (answer.status_code, answer.json()["code"]) == (400, 501)


def test_a_project_without_client_has_an_empty_client_id(account: Account, workspace: Document, get: Get) -> None:
    client = account.add_client(workspace, "Contoso")
    account.add_project(workspace, "a")
    account.add_project(workspace, "b", client)
    assert [each["clientId"] for each in get("projects").json()] == ["", client["id"]]


def test_what_is_deleted_is_gone_and_a_project_takes_its_tasks_along(
    account: Account, workspace: Document, get: Get
) -> None:
    client, tag = account.add_client(workspace), account.add_tag(workspace)
    project = account.add_project(workspace, client=client)
    account.add_task(workspace, project)
    account.delete_client(client)
    account.delete_tag(tag)
    assert get("clients").json() == get("tags").json() == []
    assert get("projects").json()[0]["clientId"] == client["id"]
    account.delete_project(project)
    assert get("projects").json() == []
    assert account.workspace(workspace).tasks == {}


def test_fields_are_laid_over_the_defaults_within_objects_too(account: Account, get: Get) -> None:
    other = account.add_workspace("Other", "FREE", workspaceSettings={"round": {"minutes": "6"}})
    settings = get(f"/workspaces/{other['id']}").json()["workspaceSettings"]
    assert settings["round"] == {"round": "Round to nearest", "minutes": "6"}
    assert settings["timeTrackingMode"] == "DEFAULT"


def test_a_document_may_be_given_any_value_or_lose_a_key(account: Account, workspace: Document, get: Get) -> None:
    client = account.add_client(workspace)
    client["archived"] = "perhaps"
    del client["note"]
    (served,) = get("clients").json()
    assert served["archived"] == "perhaps"
    assert "note" not in served


def test_lists_are_found_by_name_or_by_the_whole_name(account: Account, workspace: Document, get: Get) -> None:
    account.add_project(workspace, "Web")
    account.add_project(workspace, "Website")
    assert len(get("projects", {"name": "web"}).json()) == 2
    assert len(get("projects", {"name": "Web", "strict-name-search": "true"}).json()) == 1


def test_ids_are_24_hexadecimal_characters_and_alike_in_every_run() -> None:
    first, second = Account().add_workspace(), Account().add_workspace()
    assert first["id"] == second["id"]
    assert len(first["id"]) == 24
    assert int(first["id"], 16)


def test_projects_and_tasks_say_how_long_their_entries_lasted(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    project, other = account.add_project(workspace, "a"), account.add_project(workspace, "b")
    task = account.add_task(workspace, project)
    about = {"projectId": project["id"], "taskId": task["id"]}
    first = account.add_entry(workspace, user, "2026-03-02T08:00:00Z", "2026-03-02T09:30:00Z", **about)
    second = account.add_entry(workspace, user, "2026-03-03T08:00:00Z", projectId=project["id"])
    timer = account.add_entry(workspace, user, "2026-03-04T08:00:00Z", None, **about)

    def said() -> list[str | None]:
        listed = get("projects", {"hydrated": "true"}).json()
        return [*(each["duration"] for each in listed), listed[0]["tasks"][0]["duration"]]

    assert said() == ["PT2H30M", "PT0S", "PT1H30M"]
    account.edit_entry(second, projectId=other["id"])
    account.delete_entry(first)
    assert said() == ["PT0S", "PT1H", None]
    account.stop_timer(timer, "2026-03-04T08:00:30Z")
    assert said() == ["PT30S", "PT1H", "PT30S"]
    assert get(f"projects/{project['id']}/tasks").json()[0]["duration"] == "PT30S"


def test_an_account_gives_its_documents_as_its_lists_do(account: Account, workspace: Document, user: Document) -> None:
    project = account.add_project(workspace)
    entry = account.add_entry(workspace, user, "2026-03-02T08:00:00Z", projectId=project["id"])
    assert account.documents(workspace, "projects")[0]["duration"] == "PT1H"
    assert account.documents(workspace, "entries") == [entry]
    (member,) = account.documents(workspace, "users")
    assert [each["membershipType"] for each in member["memberships"]] == ["WORKSPACE"]
