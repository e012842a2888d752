"""Small workspaces of the plans that the agency's main one does not have, each with what its plan includes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from .account import Account
from .documents import Document, rate
from .times import standing

PLANS = {"BASIC": "Kvartal Events", "STANDARD_2021": "Kvartal Studio", "ENTERPRISE": "Kvartal Holding"}


def add_plans(account: Account, ana: Document, today: date) -> None:
    """Add a workspace of each plan, which shares Ana, with a few hours of her and of somebody else."""
    until = account.now()
    for hour, (plan, name) in enumerate(PLANS.items(), start=19):  # so that nobody works at two places at once
        place = account.add_workspace(name, plan)
        account.add_to_workspace(ana, place)
        other = account.add_user(place, f"{name} office", email=f"office@{plan.lower()}.example")
        project = account.add_project(place, "Yearbook", account.add_client(place, "Gemeinde Höfen"))
        account.add_task(place, project, "Photos", [ana, other])
        account.add_tag(place, "print")
        account.add_group(place, "Everybody", [ana, other], managers=[ana])
        for back in (40, 16, 9, 2):
            evening = datetime.combine(today - timedelta(days=back), time(hour), account.zone())
            end = evening + timedelta(minutes=50)
            account.now = standing(end)
            for user in (ana, other):
                fields = {"projectId": project["id"], "billable": True, "hourlyRate": rate(8000)}
                account.add_entry(place, user, evening, end, **fields)
        account.now = standing(until)
        _add_what_the_plan_has(account, project, other, today)


def _add_what_the_plan_has(account: Account, project: Document, user: Document, today: date) -> None:
    place = account.workspace(project["workspaceId"])
    features = place.document["features"]
    if "TIME_OFF" in features:
        account.add_holiday(place.document, "Carnival", first=today - timedelta(days=20), everyoneIncludingNew=True)
        account.add_time_off_request(account.add_policy(place.document, "Leave", users=[user]), user)
    if "INVOICING" in features:
        invoice = account.add_invoice(next(iter(place.clients.values())), "1", issued=account.now())
        account.import_entries(invoice, list(place.entries.by_id.values())[:2])
        account.add_payment(invoice, 5000)
    if "APPROVAL" in features:
        account.add_approval(place.document, user, account.now() - timedelta(days=12))
    if "EXPENSES" in features:
        account.add_expense(account.add_expense_category(place.document), user, 99.0, day=today)
    if "CUSTOM_FIELDS" in features:
        account.set_custom_field(
            next(iter(place.entries.by_id)), account.add_custom_field(place.document, "Page", kind="NUMBER"), 12
        )
    if "SCHEDULING" in features:
        account.add_assignment(project, user, account.now())
