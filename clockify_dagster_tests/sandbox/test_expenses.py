"""Expenses, their categories, and Clockify's own totals of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox
from clockify_dagster_tests.sandbox.test_paid import names

Get = Callable[..., requests.Response]
Document = dict[str, Any]


@pytest.fixture
def category(account: Account, workspace: Document) -> Document:
    return account.add_expense_category(workspace, "Train")


@pytest.fixture
def report(sandbox: Sandbox, session: requests.Session, workspace: Document) -> Get:
    """Ask for March's expense report; keywords change the body."""

    def ask(**changes: Any) -> requests.Response:
        days = {"dateRangeStart": "2026-03-01T00:00:00.000", "dateRangeEnd": "2026-03-31T23:59:59.999"}
        url = f"{sandbox.reports_url}/workspaces/{workspace['id']}/reports/expenses/detailed"
        return session.post(url, json={**days, **changes}, headers={"X-Api-Key": sandbox.api_key}, timeout=5)

    return ask


def test_expense_categories_come_in_an_envelope_and_archived_ones_apart(
    account: Account, workspace: Document, get: Get
) -> None:
    account.archive(account.add_expense_category(workspace, "Fax"))
    for name in ("Train", "Hotel", "Car"):
        account.add_expense_category(workspace, name)
    answer = get("expenses/categories", {"page-size": 2})
    assert answer.json()["count"] == 3
    assert names(answer.json()["categories"]) == ["Car", "Hotel"]
    assert answer.headers["Last-Page"] == "false"
    assert get("expenses/categories", {"page-size": 2, "page": 2}).headers["Last-Page"] == "true"
    assert names(get("expenses/categories", {"archived": "true"}).json()["categories"]) == ["Fax"]
    assert sorted(answer.json()["categories"][0]) == [
        "archived",
        "hasUnitPrice",
        "id",
        "name",
        "priceInCents",
        "unit",
        "workspaceId",
    ]


def test_fifty_expense_categories_come_unless_more_are_asked_for(
    account: Account, workspace: Document, get: Get
) -> None:
    for number in range(60):
        account.add_expense_category(workspace, f"Category {number}")
    assert len(get("expenses/categories").json()["categories"]) == 50


def test_an_expense_shows_its_category_project_and_task_not_their_ids(
    account: Account, workspace: Document, user: Document, category: Document, get: Get
) -> None:
    project = account.add_project(workspace, "Website", account.add_client(workspace, "Contoso"))
    task = account.add_task(workspace, project, "Build")
    account.add_expense(category, user, 10500.5, projectId=project["id"], taskId=task["id"], receipt="ticket.pdf")
    (expense,) = get("expenses").json()["expenses"]["expenses"]
    assert expense["category"] == category
    assert expense["task"] == {"id": task["id"], "name": "Build"}
    assert [expense["project"][name] for name in ("name", "clientName")] == ["Website", "Contoso"]
    assert (expense["date"], expense["total"], expense["fileName"]) == ("2026-03-02", 10500.5, "ticket.pdf")
    assert not {"categoryId", "projectId", "taskId"} & set(expense)
    account.delete_project(project)
    (expense,) = get("expenses").json()["expenses"]["expenses"]
    assert (expense["project"], expense["task"]) == (None, None)


def test_a_quantity_says_the_total_where_the_category_has_a_unit_price(
    account: Account, workspace: Document, user: Document
) -> None:
    car = account.add_expense_category(workspace, "Car", hasUnitPrice=True, priceInCents=42, unit="km")
    expense = account.add_expense(car, user, quantity=100)
    assert (expense["quantity"], expense["total"], expense["fileId"]) == (100, 42.0, None)


def test_expenses_come_newest_first_between_the_totals_of_days_and_weeks(
    account: Account, workspace: Document, user: Document, category: Document, get: Get
) -> None:
    other = account.add_user(workspace, "Max")
    for day, total in ((3, 1.5), (2, 2.25), (9, 4), (3, 0.1)):
        account.add_expense(category, user, total, day=date(2026, 3, day))
    account.add_expense(category, other, 8, day=date(2026, 3, 9))
    answer = get("expenses", {"page-size": 2})
    assert answer.json()["expenses"]["count"] == 5
    assert [each["date"] for each in answer.json()["expenses"]["expenses"]] == ["2026-03-09", "2026-03-09"]
    assert answer.json()["dailyTotals"][1] == {
        "date": "2026-03-03",
        "dateAsInstant": "2026-03-03T00:00:00Z",
        "total": 1.6,
    }
    weeks = [(each["date"], each["total"]) for each in answer.json()["weeklyTotals"]]
    assert weeks == [("2026-03-09", 12), ("2026-03-02", 3.85)]
    assert answer.headers["Last-Page"] == "false"
    assert get("expenses", {"page-size": 2, "page": 3}).headers["Last-Page"] == "true"
    mine = get("expenses", {"user-id": other["id"]}).json()["expenses"]
    assert (mine["count"], len(mine["expenses"])) == (1, 1)


def test_a_list_of_expenses_without_any_is_null(get: Get) -> None:
    assert get("expenses").json() == {
        "dailyTotals": [],
        "expenses": {"count": 0, "expenses": None},
        "weeklyTotals": [],
    }


def test_the_report_counts_and_sums_its_range_whatever_page_is_asked_for(
    account: Account, user: Document, category: Document, report: Get
) -> None:
    account.add_expense(category, user, 10.25, day=date(2026, 3, 1), billable=True)
    account.add_expense(category, user, 20, day=date(2026, 3, 31))
    account.add_expense(category, user, 40, day=date(2026, 4, 1))
    answer = report(page=2, pageSize=1).json()
    assert answer["totals"] == {"expensesCount": 2, "totalAmount": 30.25, "totalAmountBillable": 10.25}
    assert [each["amount"] for each in answer["expenses"]] == [20]
    row = answer["expenses"][0]
    assert (row["categoryName"], row["userName"], row["date"]) == ("Train", "Ana", "2026-03-31T00:00:00Z")
    assert [each["amount"] for each in report(sortColumn="AMOUNT", sortOrder="DESCENDING").json()["expenses"]] == [
        20,
        10.25,
    ]
    assert report(users={"ids": [user["id"]], "contains": "DOES_NOT_CONTAIN"}).json()["expenses"] == []
    assert report(pageSize=0).status_code == report(categories={}).status_code == 400
    assert report(dateRangeStart="yesterday").status_code == report(sortColumn="TASK").status_code == 400


def test_the_report_of_a_plan_without_expenses_is_refused(workspace: Document, report: Get) -> None:
    workspace["features"].remove("EXPENSES")
    assert report().status_code == 403
