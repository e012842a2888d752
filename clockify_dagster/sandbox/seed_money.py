"""What the made-up agency has of money: currencies, estimates, budgets, expenses, invoices, approvals."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from .account import Account
from .documents import Document
from .times import UTC, standing

INVOICES: list[tuple[str, int, int, list[float]]] = [
    # status it was given, position of its client, days ago, what each payment was of the balance
    ("PAID", 0, 100, [0.5, 1]),
    ("SENT", 0, 70, [1]),
    ("SENT", 2, 65, []),
    ("SENT", 3, 40, [0.25, 0.25]),
    ("VOID", 4, 35, []),
    ("SENT", 1, 12, []),
    ("UNSENT", 0, 1, []),
]
PARTLY_PAID = 4


def add_budgets(account: Account, main: Document, projects: list[Document]) -> None:
    """Further currencies, and estimates of every form on some projects."""
    clients = list(account.workspace(main).clients.values())
    for code, client in (("EUR", clients[3]), ("JPY", clients[2])):
        client.update(currencyId=account.add_currency(main, code)["id"], currencyCode=code)
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
    """Expenses of a month and a half: with receipts and without, billable or not, by unit price and by amount."""
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


def add_invoices(account: Account, main: Document, today: date) -> None:
    """An invoice of every status: with hours, expenses and other items, paid in parts, whole or not at all."""
    clients = list(account.workspace(main).clients.values())
    for number, (status, position, days_ago, shares) in enumerate(INVOICES, start=1):
        issued = datetime.combine(today - timedelta(days=days_ago), time(8), UTC)
        invoice = account.add_invoice(clients[position], f"{issued.year}-{number:03d}", issued=issued, status=status)
        account.edit(invoice, tax=20.0 if number % 2 else 0.0)
        account.import_entries(invoice, _of_client(account, clients[position], issued)[:25])
        account.add_item(invoice, "Licence", quantity=2, unit_price=4900)
        if number == PARTLY_PAID:
            billable = [each for each in account.documents(main, "expenses") if each["billable"]]
            account.import_expenses(invoice, billable[:3])
            account.edit(invoice, discount=5.0, note="Thank you")
        for part, share in enumerate(shares, start=1):
            shown = next(each for each in account.documents(main, "invoices") if each["id"] == invoice["id"])
            account.add_payment(invoice, round(shown["balance"] * share), issued + timedelta(days=7 * part))


def _of_client(account: Account, client: Document, until: datetime) -> list[Document]:
    """The billable entries of a client's projects in the month before an invoice."""
    place = account.workspace(client["workspaceId"])
    found = sorted(place.entries.started(until - timedelta(days=30), until), key=lambda pair: pair[0])
    projects = {each["id"] for each in place.projects.values() if each["clientId"] == client["id"]}
    return [entry for _, entry in found if entry["projectId"] in projects and entry["billable"]]


def add_approvals(account: Account, main: Document, today: date) -> None:
    """The weeks of three people, in every state; each was decided on a day after it was submitted."""
    until = account.now()
    people = [account.users[each] for each in account.workspace(main).members][:3]
    monday = today - timedelta(days=today.weekday())
    states = ["APPROVED", "APPROVED", "REJECTED", "WITHDRAWN_APPROVAL", "WITHDRAWN_SUBMISSION", "PENDING"]
    for number, state in enumerate(states):
        week = datetime.combine(monday - timedelta(days=7 * (len(states) - number)), time(0), account.zone())
        for person in people[: 1 + number % 3]:
            submitted = min(week + timedelta(days=7, hours=9), until)
            account.now = standing(submitted)
            request = account.add_approval(main, person, week)
            if state != "PENDING":
                account.now = standing(submitted + timedelta(days=1))
                note = "Please split Friday" if state == "REJECTED" else None
                account.decide(request, state, by=people[0], note=note)
    account.now = standing(until)
