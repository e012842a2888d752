from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox, make_agency

Document = dict[str, Any]
TODAY = date(2026, 3, 31)


@pytest.fixture(scope="module")
def agency() -> Account:
    return make_agency(today=TODAY)


@pytest.fixture(scope="module")
def entries(agency: Account) -> list[Document]:
    return list(next(iter(agency.workspaces.values())).entries.by_id.values())


def contents(account: Account) -> list[Any]:
    places = account.workspaces.values()
    return [(place.document, place.projects, place.tasks, place.tags, place.entries.by_id) for place in places]


def begun(entry: Document) -> datetime:
    return datetime.fromisoformat(entry["timeInterval"]["start"].replace("Z", "+00:00"))


def test_the_agency_is_the_same_for_the_same_day_and_seed(agency: Account) -> None:
    assert contents(make_agency(today=TODAY)) == contents(agency)
    assert contents(make_agency(today=TODAY, seed=8)) != contents(agency)


def test_two_workspaces_share_a_person(agency: Account) -> None:
    main, small, *_ = agency.workspaces.values()
    assert (main.document["featureSubscriptionType"], small.document["featureSubscriptionType"]) == (
        "PRO",
        "FREE",
    )
    assert len(set(main.members) & set(small.members)) == 1


def test_every_account_and_membership_status_is_there(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    assert {agency.users[user_id]["status"] for user_id in main.members} == {
        "ACTIVE",
        "PENDING_EMAIL_VERIFICATION",
        "NOT_REGISTERED",
        "LIMITED",
        "DELETED",
        "LIMITED_DELETED",
    }
    statuses = {member["membershipStatus"] for member in main.members.values()}
    assert statuses == {"ACTIVE", "PENDING", "INACTIVE", "DECLINED"}


def test_hidden_and_deactivated_people_have_hours(agency: Account, entries: list[Document]) -> None:
    authors = {agency.users[entry["userId"]]["name"] for entry in entries}
    assert {"Zoë O'Brien", "Inès Lefèvre", "Old Bookkeeping", "Summer Student"} <= authors


def test_there_are_a_few_thousand_entries_of_four_months(entries: list[Document]) -> None:
    assert 2000 < len(entries) < 5000
    assert min(begun(entry) for entry in entries) < datetime(2025, 12, 3, tzinfo=timezone.utc)


def test_the_entries_out_of_the_ordinary_are_there(agency: Account, entries: list[Document]) -> None:
    main = next(iter(agency.workspaces.values()))
    assert len([entry for entry in entries if entry["timeInterval"]["end"] is None]) == 1
    assert [begun(entry).date() for entry in entries if begun(entry) > agency.now()] == [TODAY + timedelta(days=7)]
    assert {entry["type"] for entry in entries} == {"REGULAR", "BREAK", "HOLIDAY", "TIME_OFF"}
    assert any(entry["timeInterval"]["duration"] == "PT61H" for entry in entries)
    assert any(entry["description"] == "Go-live at night" for entry in entries)
    assert any(entry["projectId"] is None and entry["type"] == "REGULAR" for entry in entries)
    assert {True, False} == {entry["tagIds"] is None for entry in entries if not entry["tagIds"]}
    assert any(entry["customFieldValues"] for entry in entries)
    named = {tag_id for entry in entries for tag_id in entry["tagIds"] or []}
    assert len(named - set(main.tags)) == 1


def test_work_days_are_weekdays(agency: Account, entries: list[Document]) -> None:
    ordinary = [entry for entry in entries if entry["type"] == "REGULAR" and begun(entry) <= agency.now()]
    weekend = [entry for entry in ordinary if begun(entry).astimezone(agency.zone()).weekday() > 4]
    assert len(weekend) <= 3


def test_projects_tasks_and_tags_come_in_every_state(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    assert {"", None} < {project["clientId"] for project in main.projects.values()}
    assert {True, False} == {project["archived"] for project in main.projects.values()}
    assert {True, False} == {client["archived"] for client in main.clients.values()}
    assert {True, False} == {tag["archived"] for tag in main.tags.values()}
    assert {"ACTIVE", "DONE"} == {task["status"] for task in main.tasks.values()}
    assert max(len(task["assigneeIds"]) for task in main.tasks.values()) > 1


def test_the_change_log_knows_when_the_hours_were_written(agency: Account) -> None:
    log = next(iter(agency.workspaces.values())).log
    now = agency.now()

    def listed(action: str, kinds: list[str], days: int) -> int:
        return len(log.listed(action, kinds, start=now - timedelta(days=days), end=now, shown_until=now))

    assert 0 < listed("created", ["TIME_ENTRY"], 7) < listed("created", ["TIME_ENTRY"], 400) / 5
    assert listed("deleted", ["TIME_ENTRY", "TAGS"], 30) == 3


def test_without_a_day_the_agency_lives_in_the_present() -> None:
    account = make_agency(months=1)
    assert abs(account.now() - datetime.now(timezone.utc)) < timedelta(seconds=5)
    with pytest.raises(ValueError, match="at least a month"):
        make_agency(months=0)


def test_the_agency_is_served(session: requests.Session) -> None:
    with Sandbox(make_agency(today=TODAY, months=1)) as sandbox:
        ask: Callable[[str], Any] = lambda path: session.get(  # noqa: E731
            sandbox.api_url + path, headers={"X-Api-Key": sandbox.api_key}, timeout=5
        ).json()
        assert ask("/user")["name"] == "Ana Petrović"
        main = ask("/workspaces")[0]["id"]
        assert len(ask(f"/workspaces/{main}/users")) == 8
        assert len(ask(f"/workspaces/{main}/projects?hydrated=true")) == 12


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


def test_entries_stand_around_midnight(agency: Account, entries: list[Document]) -> None:
    around = [entry for entry in entries if entry["description"] == "Around midnight"]
    clocks = {
        tuple(
            datetime.fromisoformat(entry["timeInterval"][name].replace("Z", "+00:00"))
            .astimezone(agency.zone())
            .strftime("%H:%M:%S")
            for name in ("start", "end")
        )
        for entry in around
    }
    assert clocks == {
        ("23:00:00", "00:00:00"),
        ("23:59:59", "00:00:01"),
        ("00:00:00", "01:00:00"),
        ("22:59:59", "23:59:59"),
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
