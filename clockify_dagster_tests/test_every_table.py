"""Every table of the contract equals the account, value for value, whatever the account is like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from clockify_dagster.contract import CONTRACT, flatten
from clockify_dagster.days import Days
from clockify_dagster.sandbox import Account, make_agency
from clockify_dagster_tests.conftest import Document, Project

MakeProject = Callable[..., Project]


def documents(account: Account, root: str) -> list[Document]:
    """The account's own documents for a table without parent, taken from its state and not over HTTP."""
    places = list(account.workspaces.values())
    if root == "clockify_workspaces":
        return [place.document for place in places]
    if root == "clockify_users":
        return [
            {
                **account.users[user],
                "memberships": account.memberships(place, "ALL")[user],
                "roles": place.roles.get(user, []),
            }
            for place in places
            for user in place.members
        ]
    if root.startswith("clockify_timeentries"):
        return [entry for place in places for entry in place.entries.by_id.values()]
    shelf = root.removeprefix("clockify_").replace("usergroups", "groups")
    return [document for place in places for document in getattr(place, shelf).values()]


def expected(account: Account, root: str) -> dict[str, list[dict[str, Any]]]:
    """By table, the rows that the account's documents stand for, sorted by key."""
    frames = flatten(CONTRACT.family(root), documents(account, root)).frames
    return {
        name: sorted(
            (
                {str(key): None if pd.isna(value) else value for key, value in row.items()}
                for row in frame.astype(object).to_dict("records")
            ),
            key=lambda row, name=name: [row[column] for column in CONTRACT[name].primary_key],  # type: ignore[misc]
        )
        for name, frame in frames.items()
    }


def assert_equal(project: Project, root: str, *, keep: Callable[[Document], bool] = lambda _: True) -> None:
    for name, rows in expected(project.account, root).items():
        if name == root:
            rows = [row for row in rows if keep(row)]
            kept = {row["id"] for row in rows}
        else:
            rows = [row for row in rows if row[CONTRACT[name].columns[0].name] in kept]
        assert project.rows(name) == rows, name


@pytest.fixture(params=["wall_clock", "instant"])
def agency(request: pytest.FixtureRequest) -> Account:
    account = make_agency(months=1, timezone="Pacific/Auckland")
    account.window_reading = request.param
    return account


def test_all_tables_equal_an_agency_with_two_workspaces(agency: Account, make_project: MakeProject) -> None:
    start = date.today() - timedelta(days=45)  # noqa: DTZ011 - the account is a month old
    project = make_project(agency, timezone="Pacific/Auckland", start_date=start)
    days = Days(start, project.calendar.today)
    project.run("clockify_everything", days, checks=False)
    end = days.span(project.calendar.zone).end
    for root in CONTRACT.roots:
        if root.name == "clockify_timeentries":
            assert_equal(project, root.name, keep=lambda row: row["timeinterval_start"] < end)
        else:
            assert_equal(project, root.name)
