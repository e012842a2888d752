"""What the made-up agency has of paid plans."""

from __future__ import annotations

from typing import Any

from clockify_dagster.sandbox import Account
from clockify_dagster_tests.sandbox.conftest import TODAY

Document = dict[str, Any]


def test_the_paid_workspace_has_what_paid_plans_add_and_the_free_one_has_nothing_of_it(agency: Account) -> None:
    main, small, *_ = agency.workspaces.values()
    kinds = ("expense_categories", "holidays", "custom_fields", "policies", "time_off_requests")
    assert all(len(getattr(main, kind)) > 2 for kind in kinds)
    assert not any(getattr(small, kind) for kind in kinds)
    assert {True, False} == {each["archived"] for each in main.expense_categories.values()}
    assert {True, False} == {each["archived"] for each in main.policies.values()}
    assert {"TIMEENTRY", "USER"} == {each["entityType"] for each in main.custom_fields.values()}
    statuses = {each["status"]["statusType"] for each in main.time_off_requests.values()}
    assert statuses == {"APPROVED", "REJECTED", "PENDING"}
    assert any(each["userIds"] and each["userGroupIds"] for each in main.holidays.values())


def test_custom_fields_are_of_every_type_status_and_entity(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    fields = main.custom_fields.values()
    types = {"TXT", "NUMBER", "DROPDOWN_SINGLE", "DROPDOWN_MULTIPLE", "CHECKBOX", "LINK"}
    assert {each["type"] for each in fields} == types
    assert {each["status"] for each in fields} == {"VISIBLE", "INVISIBLE", "INACTIVE"}
    assert any(each["projectDefaultValues"] for each in fields)
    held = {value["customFieldId"] for user in agency.users.values() for value in user["customFields"]}
    assert held == {each["id"] for each in fields if each["entityType"] == "USER"}


def test_projects_have_estimates_and_budgets_that_start_anew(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    budgets = [each["budgetEstimate"] for each in main.projects.values() if each["budgetEstimate"]]
    times = [each["timeEstimate"] for each in main.projects.values() if each["timeEstimate"]["active"]]
    assert {each["includeExpenses"] for each in budgets} == {True, False}
    assert {each["resetOption"] for each in budgets + times} == {None, "WEEKLY", "MONTHLY", "YEARLY"}
    assert {each["type"] for each in times} == {"MANUAL", "AUTO"}
    assert [each["code"] for each in main.document["currencies"]] == ["USD", "EUR", "JPY"]
    assert any(group["teamManagers"] for group in main.groups.values())
    assert {True, False} == {user["settings"]["multiFactorEnabled"] for user in agency.users.values()}


def test_expenses_are_with_receipts_and_without(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    shown = agency.documents(main.document, "expenses")
    for path in ("fileId", "project", "task"):
        assert {True, False} == {each[path] is None for each in shown}, path
    for flag in ("billable", "locked"):
        assert {True, False} == {each[flag] for each in shown}, flag
    assert {True, False} == {each["category"]["hasUnitPrice"] for each in shown}
    assert {True, False} == {each["category"]["archived"] for each in shown}


def test_invoices_are_of_every_status_with_items_from_hours_and_expenses(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    shown = agency.documents(main.document, "invoices")
    assert {each["status"] for each in shown} == {"UNSENT", "SENT", "PAID", "PARTIALLY_PAID", "VOID", "OVERDUE"}
    items = [item for each in shown for item in each["items"]]
    assert {each["importType"] for each in items} == {"NOT_IMPORTED", "TIME_ENTRY_IMPORT", "EXPENSE_IMPORT"}
    named = {identity for item in items for identity in item["timeEntryIds"]}
    assert len(named) > 20
    assert named <= set(main.entries.by_id)
    assert {each["currency"] for each in shown} == {"USD", "EUR", "JPY"}
    assert all(each["balance"] == 0 for each in shown if each["status"] == "PAID")
    assert len(main.payments) == 5


def test_requests_for_approval_are_in_every_state(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    shown = agency.documents(main.document, "approvals")
    states = {each["approvalRequest"]["status"]["state"] for each in shown}
    assert states == {"PENDING", "APPROVED", "REJECTED", "WITHDRAWN_APPROVAL", "WITHDRAWN_SUBMISSION"}
    assert all(each["entries"] for each in shown)
    assert any(each["expenses"] for each in shown)
    assert len({each["approvalRequest"]["status"]["updatedAt"] for each in shown}) > 5


def test_time_off_is_of_days_half_days_and_hours(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    shown = agency.documents(main.document, "time_off_requests")
    assert {each["timeUnit"] for each in shown} == {"DAYS", "HOURS"}
    halves = {each["timeOffPeriod"]["halfDayPeriod"] for each in shown}
    assert halves == {"NOT_DEFINED", "FIRST_HALF", "SECOND_HALF"}
    assert {True, False} == {each["automaticAccrual"] is None for each in main.policies.values()}
    assert {True, False} == {each["everyoneIncludingNew"] for each in main.policies.values()}
    assert {each["policyTimeUnit"] for each in agency.documents(main.document, "balances")} == {"DAYS", "HOURS"}
    assert {True, False} == {each["occursAnnually"] for each in main.holidays.values()}


def test_there_is_a_workspace_of_each_plan_with_what_the_plan_includes(agency: Account) -> None:
    has = {
        place.document["featureSubscriptionType"]: {
            kind
            for kind in ("holidays", "policies", "invoices", "approvals", "expenses", "custom_fields", "assignments")
            if getattr(place, kind)
        }
        for place in agency.workspaces.values()
    }
    standard = {"holidays", "policies", "invoices", "approvals"}
    everything = {*standard, "expenses", "custom_fields", "assignments"}
    assert has == {
        "FREE": set(),
        "BASIC": set(),
        "STANDARD_2021": standard,
        "PRO": everything,
        "ENTERPRISE": everything,
    }


def test_assignments_are_past_and_to_come_and_people_have_capacities(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    starts = {each["period"]["start"][:10] < str(TODAY) for each in main.assignments.values()}
    assert starts == {True, False}
    assert {True, False} == {each["taskId"] is None for each in main.assignments.values()}
    assert set(main.capacities.values()) == {28800, 27000, 21600, 14400}


def test_some_entries_have_values_of_several_defined_custom_fields(agency: Account, entries: list[Document]) -> None:
    main = next(iter(agency.workspaces.values()))
    named = {value["customFieldId"] for entry in entries for value in entry["customFieldValues"]}
    assert named <= set(main.custom_fields)
    assert {len(entry["customFieldValues"]) for entry in entries} == {0, 1, 2, 3}
    assert {True, False} == {entry["isLocked"] for entry in entries}
    assert any(entry["kioskId"] for entry in entries)
