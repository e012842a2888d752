from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account

Get = Callable[..., requests.Response]
Document = dict[str, Any]


def names(response: requests.Response) -> set[str]:
    return {user["name"] for user in response.json()}


STATUSES = ["ACTIVE", "PENDING_EMAIL_VERIFICATION", "NOT_REGISTERED", "LIMITED", "DELETED", "LIMITED_DELETED"]


@pytest.fixture
def everyone(account: Account, workspace: Document) -> None:
    for status in STATUSES:
        account.add_user(workspace, status, status=status)


@pytest.mark.usefixtures("everyone")
def test_users_list_hides_limited_and_deleted_accounts_by_default(get: Get) -> None:
    assert names(get("users")) == {"ACTIVE", "PENDING_EMAIL_VERIFICATION", "NOT_REGISTERED"}


@pytest.mark.usefixtures("everyone")
def test_status_all_does_not_bring_hidden_accounts_back(get: Get) -> None:
    assert "DELETED" not in names(get("users", {"status": "ALL"}))


@pytest.mark.usefixtures("everyone")
@pytest.mark.parametrize("spelling", [STATUSES, ",".join(STATUSES)])
def test_account_statuses_are_taken_repeated_or_with_commas(get: Get, spelling: object) -> None:
    assert names(get("users", {"account-statuses": spelling})) == set(STATUSES)


def test_users_of_every_membership_status_show_unless_status_names_one(
    account: Account, workspace: Document, get: Get
) -> None:
    for status in ("ACTIVE", "PENDING", "INACTIVE", "DECLINED"):
        account.add_user(workspace, status, membership_status=status)
    assert len(names(get("users"))) == len(names(get("users", {"status": "ALL"}))) == 4
    assert names(get("users", {"status": "INACTIVE"})) == {"INACTIVE"}


def test_users_come_without_memberships_unless_asked(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    account.add_to_project(user, account.add_project(workspace), hourlyRate={"amount": 500, "currency": "EUR"})
    account.add_group(workspace, users=[user])
    assert get("users").json()[0]["memberships"] == []
    held = get("users", {"memberships": "ALL"}).json()[0]["memberships"]
    assert [each["membershipType"] for each in held] == ["WORKSPACE", "PROJECT", "USERGROUP"]
    (project,) = get("users", {"memberships": "PROJECT"}).json()[0]["memberships"]
    assert project["hourlyRate"] == {"amount": 500, "currency": "EUR"}


def test_a_person_of_two_workspaces_shows_both_memberships(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    other = account.add_workspace("Other")
    account.add_to_workspace(user, other, "INACTIVE")
    held = get("users", {"memberships": "WORKSPACE"}).json()[0]["memberships"]
    statuses = {each["targetId"]: each["membershipStatus"] for each in held}
    assert statuses == {workspace["id"]: "ACTIVE", other["id"]: "INACTIVE"}


def test_roles_come_with_include_roles_only(account: Account, workspace: Document, user: Document, get: Get) -> None:
    account.add_role(workspace, user, "OWNER")
    assert "roles" not in get("users", {"include-roles": "false"}).json()[0]
    assert get("users", {"include-roles": "true"}).json()[0]["roles"][0]["role"] == "OWNER"


def test_include_roles_can_be_made_required(account: Account, user: Document, get: Get) -> None:
    account.include_roles_required = True
    assert get("users").status_code == 400
    assert names(get("users", {"include-roles": "false"})) == {user["name"]}


def test_a_removed_user_is_in_no_list_any_more(account: Account, workspace: Document, user: Document, get: Get) -> None:
    gone = account.add_user(workspace, "Gone")
    group = account.add_group(workspace, users=[user, gone])
    account.remove_user(workspace, gone)
    every = {"status": "ALL", "account-statuses": ",".join(STATUSES)}
    assert names(get("users", every)) == {"Ana"}
    assert get("user-groups").json()[0]["userIds"] == group["userIds"] == [user["id"]]


def test_a_removed_user_may_stay_in_the_memberships_of_projects(account: Account, workspace: Document) -> None:
    gone, project = account.add_user(workspace, "Gone"), account.add_project(workspace)
    account.add_to_project(gone, project)
    account.remove_user(workspace, gone, stays_in_projects=True)
    assert [each["userId"] for each in project["memberships"]] == [gone["id"]]


def test_a_groups_managers_come_where_they_are_asked_for(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    account.add_group(workspace, managers=[user])
    assert "teamManagers" not in get("user-groups").json()[0]
    managers = get("user-groups", {"includeTeamManagers": "true"}).json()[0]["teamManagers"]
    assert managers == [{"id": user["id"], "name": "Ana"}]


def test_a_deactivated_user_is_an_inactive_member(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    account.deactivate_user(workspace, user)
    (member,) = get("users", {"memberships": "WORKSPACE"}).json()[0]["memberships"]
    assert member["membershipStatus"] == "INACTIVE"


def test_an_account_status_that_changes_hides_the_user(account: Account, user: Document, get: Get) -> None:
    account.set_account_status(user, "LIMITED")
    assert get("users").json() == []


def test_users_are_found_by_name_and_by_email(account: Account, workspace: Document, get: Get) -> None:
    account.add_user(workspace, "Zoë", email="zoe@agency.example")
    account.add_user(workspace, "Max", email="max@agency.example")
    assert names(get("users", {"name": "zo"})) == {"Zoë"}
    assert names(get("users", {"email": "max@"})) == {"Max"}


def test_user_is_the_person_the_key_belongs_to(user: Document, get: Get) -> None:
    assert get("/user").json()["id"] == user["id"]
    assert get("/user").json()["memberships"] == []
    assert len(get("/user", {"include-memberships": "true"}).json()["memberships"]) == 1
