"""What the made-up agency has of money: currencies, estimates, budgets."""

from __future__ import annotations

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
