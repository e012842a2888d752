"""The questions of analysts and owners: each in at most three lines of SQL, right to the cent, in every zone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from clockify_dagster.days import Days
from clockify_dagster.sandbox import Account, make_agency
from clockify_dagster.sandbox.documents import rate
from clockify_dagster_tests.conftest import Project, opened
from clockify_dagster_tests.marts.truth import Truth, instant
from clockify_dagster_tests.marts.truth_of_days import TruthOfDays

MakeProject = Callable[..., Project]
MONTHS = 2
HALF_A_CENT = Fraction(1, 200)

BILLED = """
SELECT client_id, month, sum(amount) FROM clockify_marts.billing_by_client_month GROUP BY ALL
"""
UTILISATION = """
SELECT user_id, week, sum(hours), sum(billable_hours), sum(available_hours)
FROM clockify_marts.utilisation_by_user_week GROUP BY ALL
"""
BURN = """
SELECT project_name, used FROM clockify_marts.project_budget_burn WHERE is_current AND measure = 'MONEY'
"""
UNBILLED = """
SELECT project_id, sum(amount) FROM clockify_marts.unbilled_work GROUP BY ALL
"""
LATE = """
SELECT user_id, local_date, missing_hours FROM clockify_marts.timesheet_gaps
"""
OVERTIME = """
SELECT user_id, week, sum(overtime_hours) FROM clockify_marts.overtime_by_user_week
GROUP BY ALL HAVING sum(available_hours) > 0
"""
FAULTS = """
SELECT problem, count(*) FROM clockify_marts.data_quality GROUP BY ALL
"""
MARGIN = """
SELECT project_id, month, sum(margin) FROM clockify_marts.project_margin_month GROUP BY ALL
"""
TAGS = """
SELECT tag_id, sum(hours) FROM clockify_marts.hours_by_tag GROUP BY ALL
"""
RECEIVABLES = """
SELECT currency, sum(balance) FROM clockify_marts.receivables_ageing GROUP BY ALL
"""
CHANGED = """
SELECT id, what FROM clockify_marts.change_log
WHERE table_name = 'clockify_timeentries' AND seen_at > now() - INTERVAL 1 DAY GROUP BY ALL
"""
NEW_RATES = """
SELECT kind, name, rate, amount FROM clockify_marts.rate_history WHERE valid_from > now() - INTERVAL 1 DAY
"""
ESTIMATES = """
SELECT project_name, used FROM clockify_marts.project_budget_burn WHERE is_current AND measure = 'HOURS'
"""
QUESTIONS = (
    *(BILLED, UTILISATION, BURN, ESTIMATES, UNBILLED, LATE, OVERTIME, FAULTS, MARGIN, TAGS, RECEIVABLES),
    *(CHANGED, NEW_RATES),
)


def test_each_question_takes_at_most_three_lines() -> None:
    assert all(len(question.strip().splitlines()) <= 3 for question in QUESTIONS)


@pytest.mark.long
@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "America/St_Johns", "Europe/Belgrade", "Pacific/Kiritimati"])
def test_the_answers_are_those_of_the_documents(make_project: MakeProject, zone: str) -> None:
    account = make_agency(months=MONTHS, timezone=zone)
    project = make_project(account, timezone=zone, tables="all")
    since = project.calendar.today - timedelta(days=31 * MONTHS)
    project.set(start_date=since)
    project.run("clockify_daily", Days(since, project.calendar.today), checks=False)
    truth = TruthOfDays(account, zone, since)
    pairs = {(each.entry["userId"], each.entry["workspaceId"]) for each in truth.entries}
    single = {user for user, _ in pairs if sum(user == other for other, _ in pairs) == 1}
    with opened(project.database) as connection:

        def ask(question: str) -> list[tuple[Any, ...]]:
            return connection.execute(question).fetchall()

        assert_same(by_key(ask(BILLED)), truth.billed())
        assert_same(by_key(ask(MARGIN)), truth.margins())
        assert_same(by_key(ask(TAGS)), truth.tagged())
        assert_same(by_key(ask(UNBILLED)), truth.unbilled())
        assert dict(ask(FAULTS)) == truth.faults()
        weeks = truth.weeks()
        for number, name in enumerate(("hours", "billable_hours", "available_hours")):
            found = {(user, week): values[number] for user, week, *values in ask(UTILISATION)}
            assert_same(found, {place: values[number] for place, values in weeks.items()}, name)
        # who works in a second workspace has gaps in the main one alone
        late = {key: hours for key, hours in truth.gaps().items() if key[0] in single}
        assert_same({key: hours for key, hours in by_key(ask(LATE)).items() if key[0] in single}, late)
        assert_same(dict(ask(BURN)), burn(truth))
        assert_same(dict(ask(ESTIMATES)), estimates(truth))
        assert_same(dict(ask(RECEIVABLES)), receivables(truth))
        over = {place: work - available for place, (work, _, available) in weeks.items() if available}
        assert ask(OVERTIME)
        for *place, hours in ask(OVERTIME):
            user, week = place
            assert user not in single or abs(Fraction(hours) - max(over[user, week], Fraction(0))) < HALF_A_CENT, place


@pytest.mark.long
@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])
def test_what_has_changed_since_yesterday_and_who_has_another_rate_is_known(
    make_project: MakeProject, zone: str
) -> None:
    account = make_agency(months=1, timezone=zone)
    project = make_project(account, timezone=zone, tables="all")
    days = Days(project.calendar.today - timedelta(days=20), project.calendar.today)
    project.set(start_date=days.first)
    project.run("clockify_daily", days, checks=False)
    place = next(iter(account.workspaces.values()))
    before = deepcopy(place.entries.by_id)
    rates = change(account, (days.first + timedelta(days=2)).isoformat())
    project.run("clockify_daily", days, checks=False)
    after = place.entries.by_id
    differing = {id_ for id_ in {*before, *after} if before.get(id_) != after.get(id_)}
    assert len(differing) == 4
    with opened(project.database) as connection:
        assert dict(connection.execute(CHANGED).fetchall()) == {id_: fate(before, after, id_) for id_ in differing}
        assert by_key(connection.execute(NEW_RATES).fetchall()) == rates


def change(account: Account, since: str) -> dict[Any, float]:
    """Change entries that begin after a day, and rates; gives the new rates."""
    place = next(iter(account.workspaces.values()))
    finished = [each for each in place.entries.by_id.values() if each["timeInterval"]["end"]]
    late = sorted(
        (each for each in finished if each["timeInterval"]["start"] > since), key=lambda each: str(each["id"])
    )
    edited, moved, gone = late[3], late[5], late[7]
    account.edit_entry(edited, description="something else")
    begin = instant(moved["timeInterval"]["start"])
    account.move_entry(moved, begin - timedelta(minutes=5))
    account.delete_entry(gone)
    begin = instant(edited["timeInterval"]["start"])
    account.add_entry(place.document, edited["userId"], begin, begin + timedelta(minutes=1))
    shop = next(each for each in place.projects.values() if each["name"] == "Online shop")
    account.edit(shop, hourlyRate=rate(15050))
    ana = next(each for each in account.users.values() if each["name"] == "Ana Petrović")
    account.membership(place.document, ana).update(costRate=rate(7001))
    return {
        ("project", "Online shop", "billable"): 150.5,
        ("workspace member", "Ana Petrović", "cost"): 70.01,
    }


def fate(before: Mapping[str, Any], after: Mapping[str, Any], identity: str) -> str:
    if identity not in before:
        return "added"
    if identity not in after:
        return "deleted"
    starts = {side[identity]["timeInterval"]["start"] for side in (before, after)}
    return "changed" if len(starts) == 1 else "moved"


def by_key(rows: Iterable[tuple[Any, ...]]) -> dict[Any, Any]:
    """The rows' last value by the others."""
    return {key[0] if len(key) == 1 else tuple(key): value for *key, value in rows}


def assert_same(found: Mapping[Any, float], expected: Mapping[Any, Fraction], what: str = "") -> None:
    """Every sum is there, to half a cent; those that are 0 may be left out."""
    wrong = {
        key: (found.get(key, 0), float(expected.get(key, 0)))
        for key in {*found, *expected}
        if abs(Fraction(found.get(key, 0)) - expected.get(key, 0)) >= HALF_A_CENT
    }
    assert wrong == {}, what
    assert any(expected.values())


def burn(truth: Truth) -> dict[str, Fraction]:
    """What the budgets have used up in the running period, with billable expenses where they are included."""
    monday = truth.today - timedelta(days=truth.today.weekday())
    begins = {None: date.min, "WEEKLY": monday, "YEARLY": truth.today.replace(month=1, day=1)}
    used = {}
    for place in truth.account.workspaces.values():
        for project in place.projects.values():
            budget = project["budgetEstimate"] or {}
            if not budget.get("active"):
                continue
            begin = begins[budget["resetOption"]]
            its = [each for each in truth.entries if each.entry["projectId"] == project["id"]]
            amount = sum((each.amount for each in its if truth.day(each.start) >= begin), Fraction(0))
            expenses = [each for each in place.expenses.values() if each["projectId"] == project["id"]]
            if budget["includeExpenses"]:
                amount += sum(
                    (
                        Fraction(str(each["total"]))
                        for each in expenses
                        if each["billable"] and date.fromisoformat(each["date"]) >= begin
                    ),
                    Fraction(0),
                )
            used[project["name"]] = amount
    return used


def estimates(truth: Truth) -> dict[str, Fraction]:
    """The hours of work, or the billable ones, that estimates have used up in the running period."""
    begins = {None: date.min, "MONTHLY": truth.today.replace(day=1)}
    used = {}
    for place in truth.account.workspaces.values():
        for project in place.projects.values():
            estimate = project["timeEstimate"] or {}
            if estimate.get("active"):
                its = [each for each in truth.entries if each.entry["projectId"] == project["id"]]
                its = [each for each in its if truth.day(each.start) >= begins[estimate["resetOption"]]]
                hours = [each.work if estimate["includeNonBillable"] else each.billable for each in its]
                used[project["name"]] = sum(hours, Fraction(0))
    return used


def receivables(truth: Truth) -> dict[str, Fraction]:
    """What is still to be paid of invoices that were sent, by currency."""
    sums: dict[str, Fraction] = {}
    for workspace in truth.account.workspaces:
        for invoice in truth.account.documents(workspace, "invoices"):
            if invoice["status"] not in ("UNSENT", "VOID", "PAID"):
                currency = invoice["currency"]
                sums[currency] = sums.get(currency, Fraction(0)) + Fraction(invoice["balance"], 100)
    return sums
