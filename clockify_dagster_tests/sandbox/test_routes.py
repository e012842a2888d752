from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox

Get = Callable[..., requests.Response]
Document = dict[str, Any]


def refusal(response: requests.Response) -> tuple[int, int]:
    assert set(response.json()) == {"message", "code"}
    return response.status_code, response.json()["code"]


@pytest.fixture
def member(account: Account, workspace: Document, user: Document) -> Document:
    member = account.add_user(workspace, "Member")
    account.add_entry(workspace, member, "2026-03-02T08:00:00Z")
    account.add_entry(workspace, user, "2026-03-02T09:00:00Z")
    account.add_key("member-key", member, "MEMBER")
    account.add_key("admin-key", user, "ADMIN")
    return member


def test_no_key_is_401_with_code_1000(get: Get) -> None:
    assert refusal(get("/user", key="")) == (401, 1000)


def test_an_unknown_key_is_401_with_code_4003(get: Get) -> None:
    assert refusal(get("/user", key="guess")) == (401, 4003)


def test_the_key_counts_in_its_header_only(sandbox: Sandbox, session: requests.Session) -> None:
    for headers, query in [({"Authorization": sandbox.api_key}, {}), ({}, {"X-Api-Key": sandbox.api_key})]:
        answer = session.get(f"{sandbox.api_url}/workspaces", headers=headers, params=query, timeout=5)
        assert refusal(answer) == (401, 1000)


def test_an_unknown_route_is_404_with_code_3000(get: Get) -> None:
    assert refusal(get("nothing")) == (404, 3000)
    assert refusal(get("/../v2/user")) == (404, 3000)


def test_a_method_no_route_has_is_404_with_code_3000(sandbox: Sandbox, session: requests.Session) -> None:
    answer = session.delete(f"{sandbox.api_url}/user", headers={"X-Api-Key": sandbox.api_key}, timeout=5)
    assert refusal(answer) == (404, 3000)


def test_an_unknown_workspace_is_400_with_code_501(get: Get) -> None:
    assert refusal(get("/workspaces/64a687e29ae1f428e7ebe303")) == (400, 501)


def test_an_entry_of_another_workspace_is_400_with_code_501(account: Account, user: Document, get: Get) -> None:
    other = account.add_workspace("Other")
    account.add_to_workspace(user, other)
    entry = account.add_entry(other, user, "2026-03-02T08:00:00Z")
    assert refusal(get(f"time-entries/{entry['id']}")) == (400, 501)


def test_a_member_sees_own_entries_only(user: Document, member: Document, get: Get) -> None:
    assert len(get(f"user/{member['id']}/time-entries", key="member-key").json()) == 1
    assert refusal(get(f"user/{user['id']}/time-entries", key="member-key"))[0] == 403
    assert refusal(get("time-entries/status/in-progress", key="member-key"))[0] == 403


@pytest.mark.usefixtures("member")
def test_a_member_may_not_list_users_or_groups_but_an_admin_may(get: Get) -> None:
    assert refusal(get("users", key="member-key"))[0] == refusal(get("user-groups", key="member-key"))[0] == 403
    assert get("users", key="member-key").json()["message"] == "Access Denied"
    assert len(get("users", key="admin-key").json()) == 2


def test_a_key_sees_the_workspaces_its_user_is_an_active_member_of(
    account: Account, workspace: Document, member: Document, get: Get
) -> None:
    other = account.add_workspace("Other")
    assert [each["id"] for each in get("/workspaces", key="member-key").json()] == [workspace["id"]]
    assert refusal(get(f"/workspaces/{other['id']}/tags", key="member-key"))[0] == 403
    account.deactivate_user(workspace, member)
    assert get("/workspaces", key="member-key").json() == []


def test_pieces_of_the_path_are_percent_decoded(workspace: Document, get: Get) -> None:
    encoded = "".join(f"%{ord(letter):02X}" for letter in workspace["id"])
    assert get(f"/workspaces/{encoded}").json()["id"] == workspace["id"]


def test_the_free_plans_hourly_limit_answers_429_without_retry_after(account: Account, get: Get) -> None:
    account.requests_per_hour = 2
    answers = [get("tags"), get("clients"), get("projects")]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["message"] == "Too many requests"
    assert "Retry-After" not in answers[-1].headers


def test_the_hourly_limit_is_each_workspaces_own_and_ends_after_an_hour(account: Account, get: Get) -> None:
    other = account.add_workspace("Other")
    account.requests_per_hour, account.retry_after = 1, 90
    assert get("tags").status_code == 200
    assert get("tags").headers["Retry-After"] == "90"
    assert get(f"/workspaces/{other['id']}/tags").status_code == 200
    later = account.now() + timedelta(hours=1)
    account.now = lambda: later
    assert get("tags").status_code == 200
