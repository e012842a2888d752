"""A table is one declaration: tables that the project does not have are declared here, and loaded with nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from dagster import ExecuteInProcessResult

from clockify_dagster.cli.plan_tables import requests_of
from clockify_dagster.contract import CONTRACT, CORE, Contract, Listing, Table
from clockify_dagster.contract.columns import flag, identity, of_workspace, refers, text
from clockify_dagster.days import Days
from clockify_dagster.defs.account_definitions import account_definitions
from clockify_dagster.defs.partitions import tags_of
from clockify_dagster.refresh import Workspace
from clockify_dagster.sandbox import Account
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.contract.test_dictionary import page

CATEGORIES = Table(
    name="expense_categories",
    pipeline="Expenses",
    description="An enveloped list, asked for twice, since it hides archived rows by default.",
    listing=Listing(
        "workspaces/{workspace}/expenses/categories",
        variants=({"archived": "false"}, {"archived": "true"}),
        page_size=200,
        envelope="categories",
        feature="EXPENSES",
    ),
    columns=(
        identity("id", "id", "The category."),
        of_workspace("{workspace}"),
        text("name", "name", "Its name."),
        flag("archived", "archived", "Whether it is archived."),
    ),
)
REQUESTS = Table(
    name="timeoff_requests",
    pipeline="Time off",
    description="A list by POST with pages of 200.",
    listing=Listing(
        "workspaces/{workspace}/time-off/requests",
        method="POST",
        variants=({"statuses": ["ALL"]},),
        page_size=200,
        envelope="requests",
        feature="TIME_OFF",
    ),
    columns=(
        identity("id", "id", "The request."),
        of_workspace("{workspace}"),
        refers("userid", "userId", "clockify_users", "Who asks."),
        text("status", "status.statusType", "How it stands."),
    ),
)
FIELDS = Table(
    name="custom_fields",
    pipeline="Custom fields",
    description="A list that is not paged.",
    listing=Listing("workspaces/{workspace}/custom-fields", page_size=None, feature="CUSTOM_FIELDS"),
    columns=(
        identity("id", "id", "The field."),
        of_workspace("{workspace}"),
        text("name", "name", "Its name."),
        text("allowedvalues", "allowedValues", "What may stand in it: a JSON list."),
    ),
)
HOLIDAYS = Table(
    name="holidays",
    pipeline="Holidays",
    description="A list with two children.",
    listing=Listing("workspaces/{workspace}/holidays", page_size=None, feature="TIME_OFF"),
    columns=(
        identity("id", "id", "The holiday."),
        of_workspace("{workspace}"),
        text("startdate", "datePeriod.startDate", "Its first day."),
    ),
)
HOLIDAY_USERS, HOLIDAY_GROUPS = (
    Table(
        name=f"holidays__{kind}",
        pipeline="Holidays",
        description="Whom a holiday concerns.",
        columns=(identity("holiday_id", "id", "The holiday."), refers(f"{kind}_id", path, f"clockify_{kind}s", "Who.")),
        primary_key=("holiday_id", f"{kind}_id"),
        parent="holidays",
    )
    for kind, path in (("user", "userIds[]"), ("usergroup", "userGroupIds[]"))
)
DECLARED = (CATEGORIES, REQUESTS, FIELDS, HOLIDAYS, HOLIDAY_USERS, HOLIDAY_GROUPS)
WITH_THEM = Contract(*CONTRACT.only(CORE), *DECLARED)


def agency(plan: str, requests: int = 205) -> tuple[Account, dict[str, Any]]:
    account = Account()
    place = account.add_workspace("Agency", plan=plan)
    user, other = account.add_user(place, "Ana"), account.add_user(place, "Ben")
    group = account.add_group(place, "Everybody", [user, other])
    account.archive(account.add_expense_category(place, "Fax"))
    account.add_expense_category(place, "Train")
    account.add_custom_field(place, "Mood")
    account.add_holiday(place, "New Year", users=[user, other], groups=[group])
    policy = account.add_policy(place, "Vacation")
    now = datetime.now(timezone.utc)
    for number in range(requests):
        account.add_time_off_request(policy, user, now + timedelta(days=number))
    return account, place


def load(project: Project, *, expect: bool = True) -> ExecuteInProcessResult:
    """The daily job over the contract with the declared tables."""
    job = account_definitions(project.settings, contract=WITH_THEM).resolve_job_def("clockify_daily")
    days = Days(project.calendar.today, project.calendar.today)
    result = job.execute_in_process(instance=project.instance, tags=tags_of(days), raise_on_error=False)
    assert result.success is expect, project.failures(result)
    return result


def metadata(result: ExecuteInProcessResult, table: str) -> dict[str, Any]:
    events = [e for e in result.get_asset_materialization_events() if e.asset_key and e.asset_key.path[-1] == table]
    return {name: value.value for name, value in events[-1].step_materialization_data.materialization.metadata.items()}


def test_tables_are_loaded_by_their_declarations_alone(make_project: Callable[..., Project]) -> None:
    account, place = agency("PRO")
    project = make_project(account)
    result = load(project)
    opened = account.workspace(place["id"])
    held = {table.name: {row[table.primary_key[0]] for row in project.rows(table.name)} for table in DECLARED}
    assert held["expense_categories"] == set(opened.expense_categories)
    assert held["timeoff_requests"] == set(opened.time_off_requests)
    assert held["custom_fields"] == set(opened.custom_fields)
    assert held["holidays"] == set(opened.holidays)
    assert len(project.rows("holidays__user")) == 2
    assert len(project.rows("holidays__usergroup")) == 1
    assert {row["workspaceid"] for row in project.rows("timeoff_requests")} == {place["id"]}
    assert {row["archived"] for row in project.rows("expense_categories")} == {True, False}
    checks = {(each.asset_key.path[-1], each.check_name): each.passed for each in result.get_asset_check_evaluations()}
    assert checks["timeoff_requests", "userid_is_in_clockify_users"]
    assert checks["holidays__user", "holiday_id_is_in_holidays"]
    assert all(passed for (table, _), passed in checks.items() if table in held)
    assert metadata(result, "expense_categories")["requests"] == 2
    assert metadata(result, "timeoff_requests")["requests"] == 2
    assert metadata(result, "holidays")["requests"] == 1


def test_a_plan_that_is_known_to_lack_a_table_costs_no_request_and_its_run_is_green(
    make_project: Callable[..., Project],
) -> None:
    account, _ = agency("STANDARD", requests=1)
    project = make_project(account)
    result = load(project)
    assert not project.asked("expenses/categories")
    assert not project.asked("custom-fields")
    assert project.rows("expense_categories") == []
    assert len(project.rows("holidays")) == 1
    assert "the plan lacks EXPENSES" in str(metadata(result, "expense_categories")["not on this plan"])
    lines = [e.user_message for e in project.instance.all_logs(result.run_id) if not e.dagster_event]
    assert len([line for line in lines if line.startswith("expense_categories is not on this plan")]) == 1


def test_a_refusal_leaves_the_rows_as_they_are_and_what_comes_back_is_loaded(
    make_project: Callable[..., Project],
) -> None:
    account, place = agency("PRO", requests=1)
    project = make_project(account)
    load(project)
    before = project.rows("holidays")
    account.refused.add("/holidays")
    account.add_holiday(place, "Labour Day")
    result = load(project)
    assert project.rows("holidays") == before
    assert "403" in str(metadata(result, "holidays")["not on this plan"])
    account.refused.clear()
    load(project)
    assert len(project.rows("holidays")) == 2


def test_a_refusal_in_one_workspace_concerns_that_one_alone(make_project: Callable[..., Project]) -> None:
    account, place = agency("PRO", requests=1)
    other = account.add_workspace("Studio", plan="PRO")
    account.add_holiday(other, "Carnival")
    project = make_project(account)
    load(project)
    account.refused.add(f"{place['id']}/holidays")
    account.add_holiday(place, "Labour Day")
    account.add_holiday(other, "Ash Wednesday")
    load(project)
    held = [row["workspaceid"] for row in project.rows("holidays")]
    assert sorted(map(held.count, (place["id"], other["id"]))) == [1, 2]
    assert len(project.rows("holidays__user")) == 2


def test_the_pages_and_the_doctor_know_declared_tables() -> None:
    assert "`GET /workspaces/{workspace}/holidays`" in page(WITH_THEM)
    with_all = Workspace("w", "Agency", frozenset(["EXPENSES", "TIME_OFF", "CUSTOM_FIELDS"]))
    with_none = Workspace("w", "Agency", frozenset(), "FREE")
    assert requests_of(with_none, WITH_THEM, 5) == requests_of(with_none, CONTRACT, 5) == 11
    assert requests_of(with_all, WITH_THEM, 5) == 11 + 2 + 1 + 1 + 1


def test_a_declaration_whose_facts_its_listing_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="project"):
        Table("t", "T", "A table.", (identity("id", "{project}", "x"),), listing=Listing("workspaces/{workspace}/t"))
