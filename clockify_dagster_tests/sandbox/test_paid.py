"""What paid plans add: custom fields, holidays, time off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox

Get = Callable[..., requests.Response]
Document = dict[str, Any]

FEATURES = {
    "expenses": "EXPENSES",
    "expenses/categories": "EXPENSES",
    "holidays": "TIME_OFF",
    "time-off/policies": "TIME_OFF",
    "time-off/requests": "TIME_OFF",
    "custom-fields": "CUSTOM_FIELDS",
}


@pytest.fixture
def post(sandbox: Sandbox, session: requests.Session, workspace: Document) -> Callable[..., requests.Response]:
    """Ask for time off requests; keywords are the body."""

    def ask(**body: Any) -> requests.Response:
        url = f"{sandbox.api_url}/workspaces/{workspace['id']}/time-off/requests"
        return session.post(url, json=body, headers={"X-Api-Key": sandbox.api_key}, timeout=5)

    return ask


def names(documents: list[Document]) -> list[str]:
    return [each["name"] for each in documents]


@pytest.mark.parametrize("listing", ["holidays", "custom-fields"])
def test_holidays_and_custom_fields_come_whole_whatever_page_is_asked_for(
    account: Account, workspace: Document, get: Get, listing: str
) -> None:
    for _ in range(60):
        account.add_holiday(workspace)
        account.add_custom_field(workspace)
    answer = get(listing, {"page": 2, "page-size": 5})
    assert len(answer.json()) == 60
    assert "Last-Page" not in answer.headers


def test_a_holiday_is_for_people_and_for_groups(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    other = account.add_user(workspace, "Max")
    group = account.add_group(workspace, users=[other])
    mine = account.add_holiday(workspace, "Slava", first=date(2026, 1, 20), last=date(2026, 1, 21), users=[user])
    account.add_holiday(workspace, "Retreat", groups=[group], users=[])
    account.add_holiday(workspace, "May Day", everyoneIncludingNew=True)
    assert mine["datePeriod"] == {"startDate": "2026-01-20", "endDate": "2026-01-21"}
    assert [(each["userIds"], each["userGroupIds"]) for each in get("holidays").json()] == [
        ([user["id"]], []),
        ([], [group["id"]]),
        ([], []),
    ]
    assert names(get("holidays", {"assigned-to": user["id"]}).json()) == ["Slava", "May Day"]
    assert names(get("holidays", {"assigned-to": other["id"]}).json()) == ["Retreat", "May Day"]


def test_custom_fields_are_those_of_entries_and_of_people_unless_asked(
    account: Account, workspace: Document, get: Get
) -> None:
    account.add_custom_field(workspace, "Order")
    account.add_custom_field(workspace, "Employee", entity_type="USER", status="INVISIBLE")
    assert names(get("custom-fields").json()) == ["Order", "Employee"]
    assert names(get("custom-fields", {"entity-type": "TIMEENTRY"}).json()) == ["Order"]
    assert names(get("custom-fields", {"entity-type": "USER"}).json()) == ["Employee"]
    assert names(get("custom-fields", {"status": "VISIBLE"}).json()) == ["Order"]
    assert get("custom-fields", {"entity-type": "ENTRY"}).status_code == 400


def test_without_an_entity_type_an_account_may_give_the_fields_of_entries_alone(
    account: Account, workspace: Document, get: Get
) -> None:
    account.fields_without_type = "TIMEENTRY"
    account.add_custom_field(workspace, "Order")
    account.add_custom_field(workspace, "Employee", entity_type="USER")
    assert names(get("custom-fields").json()) == ["Order"]
    assert names(get("custom-fields", {"entity-type": "USER"}).json()) == ["Employee"]


def test_a_field_has_defaults_of_projects(account: Account, workspace: Document, get: Get) -> None:
    default = {"projectId": account.add_project(workspace)["id"], "status": "VISIBLE", "value": ["a"]}
    account.add_custom_field(workspace, kind="DROPDOWN_MULTIPLE", projectDefaultValues=[default])
    assert get("custom-fields").json()[0]["projectDefaultValues"] == [default]


def test_a_person_shows_the_values_of_the_workspaces_own_fields(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    other = account.add_workspace("Other")
    account.add_to_workspace(user, other)
    number = account.add_custom_field(workspace, "Number", entity_type="USER")
    account.set_user_field(user, account.add_custom_field(other, "Size", entity_type="USER"), "XL")
    account.set_user_field(user, number, "7")
    given = {"customFieldId": number["id"], "customFieldName": "Number", "customFieldType": "TXT"}
    assert get("users").json()[0]["customFields"] == [{**given, "userId": user["id"], "value": "7"}]
    account.set_user_field(user, number, ...)
    assert get("users").json()[0]["customFields"] == []


def test_policies_are_active_ones_unless_asked_and_come_in_pages_of_200_at_most(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    account.add_policy(workspace, "Vacation", users=[user])
    account.archive(account.add_policy(workspace, "Old", unit="HOURS"))
    answer = get("time-off/policies", {"page-size": 200})
    assert (names(answer.json()), answer.headers["Last-Page"]) == (["Vacation"], "true")
    assert names(get("time-off/policies", {"status": "ARCHIVED"}).json()) == ["Old"]
    assert names(get("time-off/policies", {"status": "ALL"}).json()) == ["Vacation", "Old"]
    assert get("time-off/policies", {"page-size": 201}).status_code == 400
    assert get("time-off/policies", {"status": "OPEN"}).status_code == 400


def test_time_off_requests_are_paged_by_the_body_newest_first_and_without_a_header(
    account: Account, workspace: Document, user: Document, post: Get
) -> None:
    policy = account.add_policy(workspace)
    asked = [account.add_time_off_request(policy, user) for _ in range(3)]
    newest_first = [each["id"] for each in reversed(asked)]
    first, second = post(pageSize=2), post(page=2, pageSize=2)
    assert [each["id"] for each in first.json()["requests"] + second.json()["requests"]] == newest_first
    assert first.json()["count"] == second.json()["count"] == 3
    assert "Last-Page" not in first.headers
    assert post(page=3, pageSize=2).json() == {"count": 3, "requests": []}
    assert (post(pageSize=200).status_code, post(pageSize=201).status_code, post(page=0).status_code) == (200, 400, 400)


def test_time_off_requests_are_found_by_status_person_and_time(
    account: Account, workspace: Document, user: Document, post: Get
) -> None:
    policy = account.add_policy(workspace)
    other = account.add_user(workspace, "Max")
    group = account.add_group(workspace, users=[other])
    mine, theirs = account.add_time_off_request(policy, user), account.add_time_off_request(policy, other)
    account.decide_time_off(theirs, "APPROVED")

    def found(**body: Any) -> list[str]:
        return [each["id"] for each in post(**body).json()["requests"]]

    assert found(statuses=["PENDING"]) == found(users=[user["id"]]) == [mine["id"]]
    assert found(statuses=["APPROVED", "REJECTED"]) == found(userGroups=[group["id"]]) == [theirs["id"]]
    assert len(found(statuses=["ALL"])) == len(found()) == len(found(start="2026-03-31T14:00:00.000000Z")) == 2
    assert found(end="2026-03-31T14:00:00.000000Z") == []
    assert post(statuses=["OPEN"]).status_code == 400
    assert post(start="yesterday").status_code == 400


def test_a_request_takes_days_half_days_or_hours(account: Account, workspace: Document, user: Document) -> None:
    days, hours = account.add_policy(workspace), account.add_policy(workspace, unit="HOURS")
    half = account.add_time_off_request(days, user, half="SECOND_HALF")
    assert (half["balanceDiff"], half["timeOffPeriod"]["halfDayPeriod"]) == (0.5, "SECOND_HALF")
    assert account.add_time_off_request(days, user, end="2026-03-04T00:00:00Z")["balanceDiff"] == 2
    assert account.add_time_off_request(hours, user, end="2026-03-02T03:30:00Z")["balanceDiff"] == 3.5


def test_balances_of_a_policy_are_those_of_its_people_less_what_was_approved(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    other, third = account.add_user(workspace, "Max"), account.add_user(workspace, "Zoë")
    policy = account.add_policy(workspace, users=[user], groups=[account.add_group(workspace, users=[other])])
    account.decide_time_off(account.add_time_off_request(policy, user, half="FIRST_HALF"), "APPROVED", by=other)
    account.add_time_off_request(policy, user)
    account.change_balance(policy, other, -3)
    path = f"time-off/balance/policy/{policy['id']}"
    answer = get(path, {"sort": "BALANCE", "sort-order": "DESCENDING"})
    shown = [(each["userName"], each["total"], each["used"], each["balance"]) for each in answer.json()["balances"]]
    assert shown == [("Ana", 20, 0.5, 19.5), ("Max", 17, 0, 17)]
    assert (answer.json()["count"], answer.headers["Last-Page"]) == (2, "true")
    account.archive(account.edit(policy, everyoneIncludingNew=True))
    again = get(path).json()["balances"]
    assert {third["id"], user["id"], other["id"]} == {each["userId"] for each in again}
    assert {each["id"] for each in answer.json()["balances"]} < {each["id"] for each in again}
    assert {each["policyArchived"] for each in again} == {True}
    assert get(path, {"page-size": 201}).status_code == get(path, {"sort": "NAME"}).status_code == 400
    assert get("time-off/balance/policy/64a687e29ae1f428e7ebe303").json()["code"] == 501


@pytest.mark.parametrize("path", sorted(FEATURES))
def test_a_list_is_refused_where_the_plan_lacks_its_feature(
    account: Account, workspace: Document, get: Get, post: Get, path: str
) -> None:
    def status() -> int:
        return (post() if path == "time-off/requests" else get(path)).status_code

    assert status() == 200
    workspace["features"].remove(FEATURES[path])
    assert status() == 403
    del workspace["features"]
    assert status() == 200
    account.refused.add(f"{workspace['id']}/{path}$")
    assert status() == 403


@pytest.mark.parametrize(
    ("plan", "has"),
    [
        ("FREE", set()),
        ("BASIC", set()),
        ("STANDARD_2021", {"TIME_OFF"}),
        ("PRO", {"TIME_OFF", "EXPENSES", "CUSTOM_FIELDS"}),
        ("ENTERPRISE", {"TIME_OFF", "EXPENSES", "CUSTOM_FIELDS"}),
        ("SOMETHING_NEW", {"TIME_OFF", "EXPENSES", "CUSTOM_FIELDS"}),
    ],
)
def test_features_are_those_of_the_plan(account: Account, plan: str, has: set[str]) -> None:
    features = account.add_workspace(plan=plan)["features"]
    assert set(features) & set(FEATURES.values()) == has
    assert len(set(features)) == len(features)


@pytest.mark.parametrize("path", sorted(set(FEATURES) - {"time-off/requests"}))
def test_a_parameter_that_the_sandbox_does_not_know_is_refused(get: Get, path: str) -> None:
    assert get(path, {"hydrated": "true"}).status_code == 400


def test_a_body_with_what_the_sandbox_does_not_know_is_refused(post: Get) -> None:
    assert post(size=50).status_code == 400


def test_what_was_added_can_be_edited_and_deleted_and_is_not_in_the_change_feed(
    account: Account, workspace: Document, get: Get
) -> None:
    category = account.add_expense_category(workspace, "Train")
    account.edit(category, name="Flight")
    assert names(get("expenses/categories").json()["categories"]) == ["Flight"]
    account.delete(category)
    assert get("expenses/categories").json() == {"categories": [], "count": 0}
    assert account.workspace(workspace).log.changes == []
