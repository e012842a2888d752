"""Expenses and invoices against what Clockify counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clockify_dagster.defs.checks import reconciled
from clockify_dagster.reconcile.money import EXPENSES_CHECK, INVOICES_CHECK
from clockify_dagster.sandbox import Account, Fault
from clockify_dagster.sandbox.faults import Status
from clockify_dagster.warehouse.audit import Check, Finding
from clockify_dagster_tests.conftest import Document, Project

MakeProject = Callable[..., Project]
MONEY = "clockify_expenses,clockify_invoices"


@pytest.fixture
def agency() -> tuple[Account, Document]:
    """A workspace with three expenses and two invoices."""
    account = Account()
    place = account.add_workspace("Agency")
    user, client = account.add_user(place), account.add_client(place, "Nordwind")
    category = account.add_expense_category(place, "Travel")
    for total in (10.5, 20.25, 0.1):
        account.add_expense(category, user, total)
    for number in ("1", "2"):
        account.add_invoice(client, number)
    return account, place


def found(project: Project, check: Check) -> Finding:
    (finding,) = reconciled(project.settings, project.calendar, project.warehouse, [check])
    return finding


def numbers(finding: Finding) -> dict[str, Any]:
    (line,) = finding.numbers["workspaces"]
    return dict(line)


def test_equal_tables_pass_with_a_request_a_workspace(
    agency: tuple[Account, Document], make_project: MakeProject
) -> None:
    project = make_project(agency[0], tables=MONEY)
    project.run("clockify_reference", checks=False)
    before = len(project.asked())
    expenses, invoices = found(project, EXPENSES_CHECK), found(project, INVOICES_CHECK)
    assert len(project.asked()) == before + 2
    assert (expenses.passed, invoices.passed) == (True, True)
    assert numbers(expenses) == {
        "workspace": "Agency",
        "rows": 3,
        "rows in Clockify": 3,
        "total": 30.85,
        "total in Clockify": 30.85,
    }
    assert (numbers(invoices)["rows"], numbers(invoices)["rows in Clockify"]) == (2, 2)


def test_a_lost_row_and_another_amount_are_found(agency: tuple[Account, Document], make_project: MakeProject) -> None:
    project = make_project(agency[0], tables=MONEY)
    project.run("clockify_reference", checks=False)
    project.execute("DELETE FROM clockify_invoices WHERE number = '2'")
    project.execute("UPDATE clockify_expenses SET total = total + 0.01 WHERE total < 1")
    expenses, invoices = found(project, EXPENSES_CHECK), found(project, INVOICES_CHECK)
    assert (expenses.passed, expenses.severity) == (False, "ERROR")
    assert "Agency: 3 rows of 30.86 in all, in Clockify 3 rows of 30.85 in all" in expenses.message
    assert (invoices.passed, invoices.severity) == (False, "ERROR")
    assert "Agency: 1 rows, in Clockify 2 rows" in invoices.message


def test_a_range_that_is_refused_is_asked_for_in_parts(
    agency: tuple[Account, Document], make_project: MakeProject
) -> None:
    project = make_project(agency[0], tables=MONEY)
    project.run("clockify_reference", checks=False)
    project.sandbox.faults.add(Fault("reports/expenses", Status(400)))
    assert found(project, EXPENSES_CHECK).passed is True


def test_what_clockify_does_not_say_is_not_checked(agency: tuple[Account, Document], make_project: MakeProject) -> None:
    project = make_project(agency[0], tables=MONEY)
    project.run("clockify_reference", checks=False)
    project.sandbox.faults.add(Fault("reports/expenses", Status(403), times=None))
    finding = found(project, EXPENSES_CHECK)
    assert (finding.passed, finding.numbers["not compared"].keys()) == (None, {"Agency"})


def test_a_table_that_no_plan_has_passes_without_a_request(make_project: MakeProject) -> None:
    account = Account()
    account.add_user(account.add_workspace("Agency", "FREE"))
    project = make_project(account, tables=MONEY)
    project.run("clockify_reference", checks=False)
    before = len(project.asked())
    for check in (EXPENSES_CHECK, INVOICES_CHECK):
        finding = found(project, check)
        assert (finding.passed, finding.message) == (True, "No workspace has it, by its plan or for the key's role.")
    assert len(project.asked()) == before
