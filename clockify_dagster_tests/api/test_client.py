from __future__ import annotations

import threading
from typing import Any

import pytest

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.transport import MAX_TRIES
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults


def test_me_is_the_keys_user(client: ClockifyClient, user: str) -> None:
    assert client.me()["id"] == user


def test_workspaces_are_one_request(client: ClockifyClient, sandbox: Sandbox, workspace: str) -> None:
    assert [each["id"] for each in client.workspaces()] == [workspace]
    assert len(sandbox.requests) == 1


def test_archived_clients_tags_and_projects_are_listed(
    account: Account, client: ClockifyClient, workspace: str
) -> None:
    things = [account.add_client(workspace), account.add_tag(workspace), account.add_project(workspace)]
    for thing in things:
        account.archive(thing)
    for listing in (client.clients, client.tags, client.projects):
        assert [row["archived"] for page in listing(workspace) for row in page] == [True]


def test_users_of_every_status_are_listed_with_their_memberships_in_one_request(
    account: Account, sandbox: Sandbox, client: ClockifyClient, workspace: str
) -> None:
    for status in ("LIMITED", "DELETED", "PENDING_EMAIL_VERIFICATION"):
        account.add_user(workspace, status, status=status)
    account.add_user(workspace, "gone", membership_status="INACTIVE")
    found = client.users(workspace)
    assert len(found) == 5
    assert all(user["memberships"] for user in found)
    assert client.users(workspace) is found
    assert len(sandbox.requests) == 1


def test_a_list_of_users_that_clockify_fails_to_give_is_tried_for_once_and_a_minute_later_again(
    client: ClockifyClient, workspace: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.faults.add(Fault("/users", faults.Status(503), times=MAX_TRIES))
    for _ in range(3):
        with pytest.raises(errors.ServerFaultError, match=f"We tried {MAX_TRIES} times"):
            client.users(workspace)
    assert len(sandbox.requests) == MAX_TRIES
    monkeypatch.setattr("clockify_dagster.api.kept._FAULT_KEPT_SECONDS", 0)
    assert client.users(workspace)


def test_threads_that_ask_for_users_at_once_share_one_request(
    sandbox: Sandbox, client: ClockifyClient, workspace: str
) -> None:
    sandbox.account.latency_seconds = 0.02
    threads = [threading.Thread(target=client.users, args=(workspace,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(("hydrated", "requests"), [(True, 1), (False, 2)])
def test_tasks_come_with_their_project_or_are_asked_for(
    account: Account, sandbox: Sandbox, client: ClockifyClient, workspace: str, hydrated: bool, requests: int
) -> None:
    account.hydrated_tasks = hydrated
    project = account.add_project(workspace)
    task = account.add_task(workspace, project, status="DONE")
    ((found,),) = client.projects(workspace)
    assert client.tasks(workspace, found) == [task]
    assert len(sandbox.requests) == requests


def test_groups_and_running_timers_are_listed(
    account: Account, client: ClockifyClient, workspace: str, user: str, sandbox: Sandbox
) -> None:
    group = account.add_group(workspace, "Designers", [user])
    timer = account.add_entry(workspace, user, "2026-03-31T08:00:00Z", None)
    account.add_entry(workspace, user, "2026-03-30T08:00:00Z")
    assert list(client.user_groups(workspace)) == [[group]]
    assert list(client.in_progress(workspace)) == [[timer]]
    assert sandbox.requests[-1].query["page-size"] == ["1000"]


def test_an_entry_is_found_or_is_none(account: Account, client: ClockifyClient, workspace: str, user: str) -> None:
    entry = account.add_entry(workspace, user, "2026-03-30T08:00:00Z")
    assert client.time_entry(workspace, entry["id"]) == entry
    account.delete_entry(entry)
    assert client.time_entry(workspace, entry["id"]) is None


def test_ids_are_escaped_in_addresses(client: ClockifyClient, sandbox: Sandbox, workspace: str) -> None:
    with pytest.raises(errors.ApiError):
        list(client.tags("../user?a=b#c/d"))
    with pytest.raises(errors.NotThereError, match=r"'\.\.' is no id"):
        list(client.tags(".."))
    assert [request.path for request in sandbox.requests] == [
        "/api/v1/workspaces/..%2Fuser%3Fa%3Db%23c%2Fd/tags",
    ]
    assert client.time_entry(workspace, "a/b") is None


def test_a_plain_members_key_is_told_what_it_lacks(account: Account, client: ClockifyClient, workspace: str) -> None:
    account.keys[account.key].role = "MEMBER"
    with pytest.raises(errors.NotAllowedError, match=r"member's key cannot list .* owner or an admin") as caught:
        client.users(workspace)
    assert caught.value.facts() == {
        "workspace": workspace,
        "endpoint": f"GET /api/v1/workspaces/{workspace}/users",
        "status": "403",
        "code": "403",
    }


def test_a_user_who_left_is_not_there_where_clockify_refuses_them(
    account: Account, client: ClockifyClient, workspace: str, user: str
) -> None:
    account.remove_user(workspace, user)
    account.removed_users = "refused"
    account.add_key("other", account.add_user(workspace, "Max"))
    account.keys[account.key].user_id = None
    account.users.pop(user)
    with pytest.raises(errors.NotThereError) as caught:
        list(client.time_entries(workspace, user))
    assert (caught.value.workspace, caught.value.user) == (workspace, user)


@pytest.mark.parametrize("body", [None, [], 7, "text"])
def test_a_user_of_another_shape_is_an_error(sandbox: Sandbox, client: ClockifyClient, body: Any) -> None:
    sandbox.faults.add(Fault("user", faults.Body(body), times=None))
    with pytest.raises(errors.UnreadableAnswerError):
        client.me()
