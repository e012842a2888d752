"""The questions of the README and of the demo give the true sums."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from clockify_dagster.sandbox.documents import rate
from clockify_dagster_tests.conftest import Project, opened
from clockify_dagster_tests.marts.conftest import ZONE, Load, Office
from clockify_dagster_tests.marts.truth import Truth

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO = (ROOT / "examples" / "demo" / "demo.sql").read_text(encoding="utf-8")


def filled(office: Office) -> Office:
    """With everything that an example might lose: leavers, breaks, nothing to name it, no rate, two currencies."""
    account, place = office.account, office.place
    leaver = account.add_user(place, "Leaver", status="DELETED", membership_status="INACTIVE")
    deleted = account.add_project(place, "Deleted", office.client)
    for back in (2, 20, 40, 55):
        office.work(back, 8, 2.5, **office.billable(12345))
        office.work(back, 11, 1, projectId=office.project["id"], billable=True)
        office.work(back, 12, 0.5, type="BREAK")
        office.work(back, 13, 1)
        office.work(back, 14, 1, user=leaver, projectId=deleted["id"], billable=True, hourlyRate=rate(9999, "EUR"))
    del account.workspace(place).projects[deleted["id"]]
    account.add_entry(place, office.ana, office.moment(0, 0), None)
    return office


def answers(project: Project, questions: list[str]) -> list[list[dict[str, object]]]:
    found = []
    with opened(project.database) as connection:
        connection.execute(f"SET TimeZone = '{ZONE}'")
        for question in questions:
            rows = connection.execute(question)
            names = [column[0] for column in rows.description or []]
            found.append([dict(zip(names, row, strict=True)) for row in rows.fetchall()])
        connection.execute("SET TimeZone = 'UTC'")
    return found


def test_the_readmes_and_the_demos_questions_give_the_true_sums(office: Office, load: Load) -> None:
    project = load(filled(office))
    truth = Truth(office.account, ZONE, office.today - timedelta(days=60))
    block = next(each for each in re.findall(r"```sql\n(.*?)```", README, re.DOTALL) if "clockify_marts" in each)
    billed, hours = answers(project, [each for each in block.split(";") if each.strip()])
    amounts: dict[object, Fraction] = {}
    for each in truth.entries:
        currency = (each.entry["hourlyRate"] or {}).get("currency")
        amounts[currency] = amounts.get(currency, Fraction(0)) + each.amount
    for currency in ("USD", "EUR"):
        found = sum(float(str(row["amount"])) for row in billed if row["currency"] == currency)
        assert abs(found - float(amounts[currency])) < 0.005 * len(billed)
    work = float(sum(each.work for each in truth.entries))
    assert abs(sum(float(str(row["hours"])) for row in hours) - work) < 0.005 * len(hours)
    assert {"(no project)", "Shop"} < {row["project_name"] for row in hours}


def test_the_demos_last_three_months_are_three_months_with_all_hours(office: Office, load: Load) -> None:
    project = load(filled(office))
    truth = Truth(office.account, ZONE, office.today - timedelta(days=60))
    by_project, billed, *others = answers(project, DEMO.split("\n\n"))
    first = office.today.replace(day=1)
    for _ in range(2):
        first = (first - timedelta(days=1)).replace(day=1)
    work = sum(each.work for each in truth.entries if truth.day(each.start) >= first)
    assert abs(sum(float(str(row["hours"])) for row in by_project) - float(work)) < 0.05 * len(by_project)
    amount = sum(each.amount for each in truth.entries if truth.day(each.start) >= first)
    assert abs(sum(float(str(row["amount"])) for row in billed) - float(amount)) < 0.005 * len(billed)
    assert len(others) == 4
    assert len(re.findall("^-- ", DEMO, re.MULTILINE)) == 6, "each question stands above its SQL"
