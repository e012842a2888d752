"""What the made-up agency has of paid plans: expense categories, custom fields, holidays, time off."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from .account import Account
from .documents import Document
from .times import UTC


def add_paid(account: Account, main: Document, fields: dict[str, str], today: date) -> None:
    """Add a few of each to the main workspace; `fields` are the ids of custom fields that its entries have, by name."""
    account.add_expense_category(main, "Train & flights")
    account.add_expense_category(main, "Hôtel")
    account.add_expense_category(main, "Own car", hasUnitPrice=True, priceInCents=42, unit="km")
    account.archive(account.add_expense_category(main, "Fax paper"))
    account.add_custom_field(main, "Order", id=fields["Order"], description="The client's order number")
    account.add_custom_field(
        main, "Phase", kind="DROPDOWN_MULTIPLE", id=fields["Phase"], allowedValues=["Phase 1", "Phase 2", "Phase 3"]
    )
    account.add_custom_field(main, "Reviewed", kind="CHECKBOX", id=fields["Reviewed"], workspaceDefaultValue=False)
    account.add_custom_field(main, "Employee number", entity_type="USER", onlyAdminCanEdit=True)
    _add_holidays(account, main, today)
    _add_time_off(account, main, today)


def _add_holidays(account: Account, main: Document, today: date) -> None:
    people, groups = _people_and_groups(account, main)
    new_year = date(today.year, 1, 1)
    account.add_holiday(main, "New Year's Day", first=new_year, everyoneIncludingNew=True, occursAnnually=True)
    account.add_holiday(main, "Slava", first=today - timedelta(days=33), users=[people[0], people[2]])
    retreat = today + timedelta(days=40)
    account.add_holiday(
        main, "Retreat", first=retreat, last=retreat + timedelta(days=1), users=people[:1], groups=groups[:2]
    )


def _add_time_off(account: Account, main: Document, today: date) -> None:
    people, groups = _people_and_groups(account, main)
    vacation = account.add_policy(main, "Vacation", users=people[:5], groups=groups[:1], allowHalfDay=True)
    account.add_policy(main, "Überstundenabbau", unit="HOURS", groups=groups[1:2])
    account.archive(account.add_policy(main, "Vacation until 2024", users=people[:2]))
    for number, (status, away) in enumerate([("APPROVED", -19), ("REJECTED", 5), ("PENDING", 26)]):
        start = datetime.combine(today + timedelta(days=away), time(0), UTC)
        request = account.add_time_off_request(vacation, people[number], start, start + timedelta(days=1 + number))
        if status != "PENDING":
            decided = {"statusType": status, "changedByUserId": people[0]["id"], "changedByUserName": people[0]["name"]}
            account.edit(request, status=decided)


def _people_and_groups(account: Account, main: Document) -> tuple[list[Document], list[Document]]:
    place = account.workspace(main)
    return [account.users[user_id] for user_id in place.members], list(place.groups.values())
