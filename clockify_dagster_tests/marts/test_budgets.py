"""Budgets and estimates: what is used up in which period, and when all of it will be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from clockify_dagster_tests.marts.conftest import Load, Office, ask

BURN = "SELECT budget, used, used_up_on FROM {}.project_budget_burn WHERE measure = "


def budget(cents: int, **options: Any) -> dict[str, Any]:
    return {
        "active": True,
        "type": "MANUAL",
        "resetOption": None,
        "includeExpenses": False,
        "estimate": cents,
        **options,
    }


def estimate(duration: str, **options: Any) -> dict[str, Any]:
    given = {"active": True, "type": "MANUAL", "resetOption": None, "includeNonBillable": True, "estimate": duration}
    return {**given, **options}


def test_a_budget_is_used_up_by_amounts_and_billable_expenses_where_it_includes_them(
    office: Office, load: Load
) -> None:
    account, shop = office.account, office.project
    category = account.add_expense_category(office.place)
    day = office.today - timedelta(days=3)
    for total, billable in ((50.5, True), (70, False)):
        account.add_expense(category, office.ana, total, day=day, projectId=shop["id"], billable=billable)
    office.work(3, 9, 4, **office.billable(10000))
    office.work(3, 14, 1, projectId=shop["id"])
    shop["budgetEstimate"] = budget(100000, includeExpenses=True)
    project = load(office, "all")
    (row,) = ask(project, BURN + "'MONEY'")
    assert row[:2] == (1000, 450.5)
    # 549.50 are left, at 450.50 in 28 days
    assert (row[2] - office.today).days == 35


def test_the_day_on_which_it_was_used_up_is_told(office: Office, load: Load) -> None:
    office.project["budgetEstimate"] = budget(25000)
    for back in (9, 8, 7):
        office.work(back, 9, 1, **office.billable(10000))
    (row,) = ask(load(office), BURN + "'MONEY'")
    assert row == (250, 300, office.today - timedelta(days=7))


def test_an_estimate_counts_hours_of_work_or_billable_ones_alone(office: Office, load: Load) -> None:
    other = office.account.add_project(office.place, "Other", office.client)
    office.project["timeEstimate"] = estimate("PT10H30M", includeNonBillable=False)
    other["timeEstimate"] = estimate("PT20H")
    for place in (office.project, other):
        office.work(3, 9, 3, projectId=place["id"], billable=True)
        office.work(3, 13, 2, projectId=place["id"])
    rows = ask(
        load(office), "SELECT project_name, budget, used, unit FROM {}.project_budget_burn ORDER BY project_name"
    )
    assert rows == [("Other", 20, 5, "h"), ("Shop", 10.5, 3, "h")]


def test_one_that_starts_anew_has_a_row_for_each_period(office: Office, load: Load) -> None:
    office.project["budgetEstimate"] = budget(20000, resetOption="WEEKLY")
    office.project["estimateReset"] = {
        "interval": "WEEKLY",
        "dayOfWeek": "THURSDAY",
        "dayOfMonth": 1,
        "hour": 0,
        "month": "JANUARY",
    }
    thursday = (office.today.isoweekday() - 4) % 7  # so many days ago
    for back in (thursday + 7, thursday + 8):
        office.work(back, 9, 1, **office.billable(10000))
    project = load(office)
    rows = ask(
        project,
        "SELECT today() - period_start, period_end - period_start, used, is_current FROM {}.project_budget_burn "
        "ORDER BY period_start DESC",
    )
    assert rows == [(thursday, 6, 0, True), (thursday + 7, 6, 100, False), (thursday + 14, 6, 100, False)]
    (current,) = ask(project, "SELECT today() - period_start FROM {}.dim_project WHERE project_name = 'Shop'")
    assert current == (thursday,)


def test_a_task_based_estimate_is_the_sum_of_the_tasks(office: Office, load: Load) -> None:
    office.project["timeEstimate"] = estimate("PT0S", type="AUTO")
    for duration in ("PT1H", "PT2H30M"):
        office.account.add_task(office.place, office.project, duration)["estimate"] = duration
    assert ask(load(office), "SELECT budget, used FROM {}.project_budget_burn") == [(3.5, 0)]
