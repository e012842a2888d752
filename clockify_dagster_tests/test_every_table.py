"""Every table of the contract equals the account, value for value, whatever the account is like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster.sandbox import Account, make_agency
from clockify_dagster_tests.conftest import Document, Project
from clockify_dagster_tests.documents import documents
from clockify_dagster_tests.reported import REPORTED, reported
from clockify_dagster_tests.warehouse.reference import reference_rows

MakeProject = Callable[..., Project]
Key = tuple[Any, ...]


def expected(project: Project, root: str) -> dict[str, list[dict[str, Any]]]:
    """By table, the rows that the account's documents stand for, sorted by key.

    Of a user of two workspaces the row counts that the second one gives, and the memberships of both.
    """
    account, days = project.account, Days(project.settings.start_date, project.calendar.today)
    family = project.settings.contract.family(root)
    found: dict[str, dict[Key, dict[str, Any]]] = {table.name: {} for table in family}
    for place in account.workspaces.values():
        if root not in REPORTED:
            there = documents(account, place, root)
        elif "INVOICING" in place.document.get("features", ["INVOICING"]):
            there = reported(project.sandbox, project.settings.timezone, place.identity, root, days)
        else:  # on a smaller plan nothing is invoiced or approved, and nobody is asked for it
            there = []
        rows, _ = reference_rows(family, there, {"workspace": place.identity})
        for table in family:
            names = [column.name for column in table.document_columns]
            for values in rows[table.name]:
                row = dict(zip(names, values, strict=True))
                found[table.name][tuple(row[name] for name in table.primary_key)] = row
    return {name: [rows[key] for key in sorted(rows)] for name, rows in found.items()}


def assert_equal(project: Project, root: str, *, keep: Callable[[Document], bool] = lambda _: True) -> None:
    for name, rows in expected(project, root).items():
        if name == root:
            rows = [row for row in rows if keep(row)]
            kept = {row.get("id") for row in rows}
        else:
            rows = [row for row in rows if row[CONTRACT[name].columns[0].name] in kept]
        assert project.rows(name) == rows, name


@pytest.fixture(params=["wall_clock", "instant"])
def agency(request: pytest.FixtureRequest) -> Account:
    account = make_agency(months=1, timezone="Pacific/Auckland")
    account.window_reading = request.param
    return account


def test_all_tables_equal_an_agency_with_a_workspace_on_each_plan(agency: Account, make_project: MakeProject) -> None:
    start = date.today() - timedelta(days=45)  # noqa: DTZ011 - the account is a month old
    project = make_project(agency, tables="all", timezone="Pacific/Auckland", start_date=start)
    days = Days(start, project.calendar.today)
    project.run("clockify_everything", days, checks=False)
    end = days.span(project.calendar.zone).end
    for root in CONTRACT.roots:
        if root.name == "clockify_timeentries":
            assert_equal(project, root.name, keep=lambda row: row["timeinterval_start"] < end)
        else:
            assert_equal(project, root.name)
