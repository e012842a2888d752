"""What the made-up agency has of paid plans: custom fields, holidays, time off."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from .account import Account
from .documents import Document, custom_field_value
from .times import UTC


def add_paid(account: Account, main: Document, fields: dict[str, str], today: date) -> None:
    """Add a few of each to the main workspace; `fields` are the ids of custom fields that its entries have, by name."""
    _add_custom_fields(account, main, fields)
    _add_holidays(account, main, today)
    _add_time_off(account, main, today)


def _add_custom_fields(account: Account, main: Document, fields: dict[str, str]) -> None:
    """One of every type and status, with defaults of a project, and values that entries and people have."""
    place = account.workspace(main)
    shop, app = list(place.projects)[:2]
    phases = ["Phase 1", "Phase 2", "Phase 3"]
    defaults = [
        {"projectId": shop, "status": "VISIBLE", "value": ["Phase 1"]},
        {"projectId": app, "status": "INVISIBLE", "value": None},
    ]
    account.add_custom_field(main, "Order", id=fields["Order"], description="The client's order number")
    account.add_custom_field(
        main,
        "Phase",
        kind="DROPDOWN_MULTIPLE",
        id=fields["Phase"],
        allowedValues=phases,
        projectDefaultValues=defaults,
    )
    account.add_custom_field(main, "Reviewed", kind="CHECKBOX", id=fields["Reviewed"], workspaceDefaultValue=False)
    number = account.add_custom_field(main, "Kilometres", kind="NUMBER", placeholder="km", workspaceDefaultValue=0)
    choice = account.add_custom_field(
        main, "Place", kind="DROPDOWN_SINGLE", allowedValues=["Büro", "Zuhause"], required=True, status="INVISIBLE"
    )
    link = account.add_custom_field(main, "Issue", kind="LINK", status="INACTIVE", allowedValues=None)
    values = [(number, 12.5), (choice, "Büro"), (link, "https://issues.example/7")]
    without = [entry for entry in place.entries.by_id.values() if not entry["customFieldValues"]]
    for position, entry in enumerate(without[:300:10]):
        entry["customFieldValues"] = [
            custom_field_value(entry["id"], field["id"], field["name"], value)
            for field, value in values[: 1 + position % 3]
        ]
    people, _ = _people_and_groups(account, main)
    employee = account.add_custom_field(main, "Employee number", entity_type="USER", onlyAdminCanEdit=True)
    skills = account.add_custom_field(
        main, "Skills", kind="DROPDOWN_MULTIPLE", entity_type="USER", allowedValues=["CSS", "SQL"]
    )
    for position, person in enumerate(people[:4]):
        account.set_user_field(person, employee, f"E-{position + 1:03d}")
    account.set_user_field(people[0], skills, ["CSS", "SQL"])


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
