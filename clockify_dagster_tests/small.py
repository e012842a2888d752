"""A small agency: a workspace on the largest plans, with a little of everything that Clockify has."""

from __future__ import annotations

from datetime import timedelta

from clockify_dagster.sandbox import Account
from clockify_dagster_tests.conftest import Document


def add_everything(account: Account, plan: str = "PRO", *, people: int = 3, days: int = 12) -> Document:
    """Add a workspace with people who worked on each of the last days, and one or two of everything else.

    What its plan lacks is there as well, as it is where a plan was given up.
    """
    place = account.add_workspace("Agency", plan)
    users = [account.add_user(place, f"Person {number}") for number in range(people)]
    client = account.add_client(place)
    project = account.add_project(place, client=client)
    task, tag = account.add_task(place, project, assignees=users[:2]), account.add_tag(place)
    account.add_to_project(users[0], project, hourlyRate={"amount": 9900, "currency": "EUR"})
    group = account.add_group(place, users=users[:2], managers=users[:1])
    account.add_currency(place, "EUR")
    order, size = account.add_custom_field(place), account.add_custom_field(place, "Size", entity_type="USER")
    account.edit(order, projectDefaultValues=[{"projectId": project["id"], "status": "VISIBLE", "value": "a"}])
    account.set_user_field(users[0], size, "M")
    entries = []
    for back in range(days):
        for number, user in enumerate(users):
            start = account.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=back, hours=2)
            work = {"projectId": project["id"], "taskId": task["id"], "tagIds": [tag["id"]], "billable": True}
            work["hourlyRate"] = {"amount": 9000, "currency": "USD"}
            entries.append(account.add_entry(place, user, start - timedelta(hours=number), **work))
    account.set_custom_field(entries[0], order, "A-1")
    _add_money(account, place, client, users, entries)
    midnight = account.now().replace(hour=0, minute=0, second=0, microsecond=0)
    account.add_approval(place, users[0], midnight - timedelta(days=7))
    account.decide(account.add_approval(place, users[1], midnight - timedelta(days=5), midnight), "APPROVED")
    account.add_holiday(place, users=users, groups=[group])
    _add_time_off(account, place, users, group)
    account.add_assignment(project, users[0], midnight)
    return place


def _add_money(
    account: Account, place: Document, client: Document, users: list[Document], entries: list[Document]
) -> None:
    category = account.add_expense_category(place)
    account.archive(account.add_expense_category(place, "Fax"))
    expense = account.add_expense(category, users[0], 24.5, day=account.now().date(), receipt="train.pdf")
    sent, paid = (account.add_invoice(client, number, issued=account.now()) for number in ("1", "2"))
    account.import_entries(sent, entries[3:5])
    account.import_expenses(sent, [expense])
    account.add_item(paid, unit_price=10000)
    account.add_payment(paid, 10000)
    account.set_invoiced(entries[5])


def _add_time_off(account: Account, place: Document, users: list[Document], group: Document) -> None:
    midnight = account.now().replace(hour=0, minute=0, second=0, microsecond=0)
    days = account.add_policy(place, users=users, groups=[group])
    account.archive(account.add_policy(place, "Errands", unit="HOURS", users=users[:1]))
    account.add_time_off_request(days, users[0], midnight + timedelta(days=9), half="FIRST_HALF")
    account.decide_time_off(account.add_time_off_request(days, users[1], midnight - timedelta(days=3)), "APPROVED")
