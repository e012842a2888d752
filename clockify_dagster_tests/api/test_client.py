from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.transport import MAX_TRIES
from clockify_dagster.contract.listing import Listing
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import CLIENTS, NOW, TAGS


def test_me_is_the_keys_user(client: ClockifyClient, user: str) -> None:
    assert client.me()["id"] == user


def test_workspaces_are_one_request(client: ClockifyClient, sandbox: Sandbox, workspace: str) -> None:
    page = client.workspaces()
    assert [each["id"] for each in page.documents] == [workspace]
    assert page.answer.body.startswith(b"[{")
    assert [request.query for request in sandbox.requests] == [{}]


def test_a_key_without_workspaces_sees_an_empty_page(sandbox: Sandbox, client: ClockifyClient) -> None:
    sandbox.faults.add(Fault("workspaces", faults.Body([])))
    assert client.workspaces().documents == []


def test_archived_clients_tags_and_projects_are_listed(
    account: Account, client: ClockifyClient, workspace: str
) -> None:
    things = [account.add_client(workspace), account.add_tag(workspace), account.add_project(workspace)]
    for thing in things:
        account.archive(thing)
    for listing in (CLIENTS, TAGS, Listing("workspaces/{workspace}/projects")):
        (page,) = client.pages(listing, workspace=workspace)
        assert [row["archived"] for row in page.documents] == [True]


def test_users_of_every_status_are_listed_with_their_memberships_in_one_request(
    account: Account, sandbox: Sandbox, client: ClockifyClient, workspace: str
) -> None:
    for status in ("LIMITED", "DELETED", "PENDING_EMAIL_VERIFICATION"):
        account.add_user(workspace, status, status=status)
    account.add_user(workspace, "gone", membership_status="INACTIVE")
    users = client.users(workspace)
    assert len(users.documents) == 5
    assert all(user["memberships"] for user in users.documents)
    assert users.pages[0].answer.body.startswith(b"[{")
    assert client.users(workspace) is users
    assert len(sandbox.requests) == 1


def test_a_list_of_users_that_failed_is_asked_for_again(
    client: ClockifyClient, workspace: str, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault("/users", faults.Status(503), times=MAX_TRIES))
    with pytest.raises(errors.ServerFaultError, match=f"We tried {MAX_TRIES} times"):
        client.users(workspace)
    assert client.users(workspace).documents


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


def test_users_of_several_workspaces_are_listed_side_by_side(
    account: Account, client: ClockifyClient, workspace: str, sandbox: Sandbox
) -> None:
    both_are_asked = threading.Barrier(2)

    class Meeting(faults.Kind):
        sends = True

        def send(self, connection: Any, head: bytes, body: bytes) -> None:
            both_are_asked.wait(10)
            super().send(connection, head, body)

    sandbox.faults.add(Fault("/users", Meeting(), times=None))
    other = str(account.add_workspace("Other")["id"])
    threads = [threading.Thread(target=client.users, args=(each,)) for each in (workspace, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not both_are_asked.broken
    assert len(sandbox.requests) == 2


def test_an_entry_is_found_or_is_none(account: Account, client: ClockifyClient, workspace: str, user: str) -> None:
    entry = account.add_entry(workspace, user, "2026-03-30T08:00:00Z")
    page = client.time_entry(workspace, entry["id"])
    assert page is not None
    assert page.documents == [entry]
    assert page.answer.body.startswith(b"{")
    account.delete_entry(entry)
    assert client.time_entry(workspace, entry["id"]) is None
    assert client.time_entry(workspace, "a/b") is None
    assert client.time_entry(workspace, "..") is None


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
        list(client.time_entries(workspace, user, NOW, NOW))
    assert (caught.value.places["workspace"], caught.value.places["user"]) == (workspace, user)


@pytest.mark.parametrize("body", [None, [], 7, "text"])
def test_a_user_of_another_shape_is_an_error(sandbox: Sandbox, client: ClockifyClient, body: Any) -> None:
    sandbox.faults.add(Fault("user", faults.Body(body), times=None))
    with pytest.raises(errors.UnreadableAnswerError):
        client.me()


def test_a_look_at_entries_has_those_of_its_time(
    account: Account, client: ClockifyClient, workspace: str, user: str
) -> None:
    entry = account.add_entry(workspace, user, NOW - timedelta(minutes=30))
    account.add_entry(workspace, user, NOW - timedelta(days=3))
    assert list(client.time_entries(workspace, user, NOW - timedelta(hours=1), NOW)) == [[entry]]
