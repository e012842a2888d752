"""What the made-up agency has of money: currencies, estimates, budgets, expenses."""

from __future__ import annotations

from datetime import date, timedelta

from .account import Account
from .documents import Document


def add_budgets(account: Account, main: Document, projects: list[Document]) -> None:
    """Further currencies, and estimates of every form on some projects."""
    account.add_currency(main, "EUR")
    account.add_currency(main, "JPY")
    shop, app, menu, report, _, engine, support = projects[:7]
    shop.update(_time("PT400H"), **_budget(4_800_000, includeExpenses=True))
    app.update(_time("PT60H", resetOption="MONTHLY", includeNonBillable=False), estimateReset=_reset("MONTHLY"))
    menu.update(_budget(900_000))
    report.update(_time("PT0S", type="AUTO"), **_budget(0, type="AUTO"))
    engine.update(_budget(1_500_000, resetOption="YEARLY", includeExpenses=True), estimateReset=_reset("YEARLY"))
    support.update(_budget(200_000, resetOption="WEEKLY"), estimateReset=_reset("WEEKLY"))


def _time(estimate: str, **options: object) -> Document:
    """An estimate of time, of the whole project unless its tasks are estimated one by one (AUTO)."""
    given = {"active": True, "type": "MANUAL", "resetOption": None, "includeNonBillable": True, **options}
    return {
        "timeEstimate": {**given, "estimate": estimate},
        "estimate": {"estimate": estimate, "type": given["type"]},
    }


def _budget(cents: int, **options: object) -> Document:
    given = {"active": True, "type": "MANUAL", "resetOption": None, "includeExpenses": False, **options}
    return {"budgetEstimate": {**given, "estimate": cents}}


def _reset(interval: str) -> Document:
    return {"interval": interval, "dayOfMonth": 1, "dayOfWeek": "MONDAY", "hour": 0, "month": "JANUARY"}


def add_expenses(account: Account, main: Document, today: date) -> None:
    """Expenses of a month and a half: with receipts and without, billable or not, by piece and by amount."""
    place = account.workspace(main)
    people, projects = list(place.members)[:5], list(place.projects.values())
    train = account.add_expense_category(main, "Train & flights")
    hotel = account.add_expense_category(main, "Hôtel")
    car = account.add_expense_category(main, "Own car", hasUnitPrice=True, priceInCents=42, unit="km")
    fax = account.add_expense_category(main, "Fax paper")
    tasks = {task["projectId"]: task["id"] for task in place.tasks.values()}
    for number in range(24):
        project = projects[number % 7]["id"]
        account.add_expense(
            (train, hotel, car, fax)[number % 4],
            people[number % 5],
            round(18.4 + 7.35 * number, 2),
            day=today - timedelta(days=2 * number),
            quantity=12.5 * (number + 1) if number % 4 == 2 else None,
            receipt=f"Beleg {number}.pdf" if number % 3 else None,
            projectId=project if number % 6 else None,
            taskId=tasks.get(project) if number % 6 == 1 else None,
            billable=number % 2 == 0,
            locked=number > 15,
            notes="Kick-off with the client" if number % 5 == 0 else "",
        )
    account.archive(fax)
