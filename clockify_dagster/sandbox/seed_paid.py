"""What the made-up agency has of paid plans: custom fields, holidays, time off, assignments."""

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
    _add_planning(account, main, today)


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
    """One that recurs for everybody, one of two people, one of two days for a group; some write entries."""
    people, groups = _people_and_groups(account, main)
    project = next(iter(account.workspace(main).projects))
    account.add_holiday(
        main, "New Year's Day", first=date(today.year, 1, 1), everyoneIncludingNew=True, occursAnnually=True
    )
    account.add_holiday(
        main,
        "Slava",
        first=today - timedelta(days=33),
        users=[people[0], people[2]],
        automaticTimeEntryCreation=True,
        projectId=project,
    )
    retreat = today + timedelta(days=40)
    # the official document says yes or no here; that of policies has an object, which may come here too
    writes = {"defaultEntities": {"projectId": project, "taskId": None}, "enabled": True}
    account.add_holiday(
        main,
        "Retreat",
        first=retreat,
        last=retreat + timedelta(days=1),
        users=people[:1],
        groups=groups[:2],
        automaticTimeEntryCreation=writes,
    )


def _add_time_off(account: Account, main: Document, today: date) -> None:
    """Policies in days and in hours, and requests in every state, some of half days or of hours."""
    people, groups = _people_and_groups(account, main)
    vacation = account.add_policy(main, "Vacation", users=people[:5], groups=groups[:1], allowHalfDay=True)
    overtime = account.add_policy(main, "Überstundenabbau", unit="HOURS", groups=groups[1:2], automaticAccrual=None)
    negative = {"amount": 5.0, "period": "YEAR", "shouldReset": True, "timeUnit": "DAYS"}
    account.add_policy(
        main,
        "Sick leave",
        everyoneIncludingNew=True,
        allowNegativeBalance=True,
        negativeBalance=negative,
        approve={"requiresApproval": False},
        automaticAccrual={"amount": 1.5, "period": "MONTH"},
    )
    account.archive(account.add_policy(main, "Vacation until 2024", users=people[:2]))
    for number, (status, away, half) in enumerate(TIME_OFF):
        start = datetime.combine(today + timedelta(days=away), time(0), UTC)
        end = start + timedelta(days=1 if half else 1 + number)
        request = account.add_time_off_request(vacation, people[number % 5], start, end, half=half)
        if status != "PENDING":
            account.decide_time_off(request, status, by=people[0], note="Who else is there?" if away == 5 else None)
    account.change_balance(vacation, people[0], 2.5)
    account.change_balance(overtime, people[2], 12.0)
    noon = datetime.combine(today - timedelta(days=6), time(12), UTC)
    hours = account.add_time_off_request(overtime, people[2], noon, noon + timedelta(hours=4), note="Dentist")
    account.decide_time_off(hours, "APPROVED", by=people[1])


TIME_OFF = [
    # status, days from today, which half
    ("APPROVED", -19, None),
    ("REJECTED", 5, None),
    ("PENDING", 26, None),
    ("APPROVED", -3, "FIRST_HALF"),
    ("PENDING", 12, "SECOND_HALF"),
]


def _add_planning(account: Account, main: Document, today: date) -> None:
    """Assignments of weeks past and to come, and people who work less or more than eight hours a day."""
    people, _ = _people_and_groups(account, main)
    place = account.workspace(main)
    projects = list(place.projects.values())
    tasks = {task["projectId"]: task["id"] for task in place.tasks.values()}
    for number in range(6):
        project = projects[number]
        start = datetime.combine(today + timedelta(days=7 * (number - 3)), time(0), UTC)
        account.add_assignment(
            project,
            people[number % 4],
            start,
            start + timedelta(days=4 + 3 * number),
            hours=(2.0, 7.5, 4.0)[number % 3],
            taskId=tasks[project["id"]] if number % 2 else None,
            startTime="10:00:00" if number % 3 == 0 else None,
            billable=number != 3,
            note="On site" if number == 2 else "",
        )
    for person, hours in zip(people, (8.0, 7.5, 6.0, 4.0), strict=False):
        account.set_capacity(main, person, hours)


def _people_and_groups(account: Account, main: Document) -> tuple[list[Document], list[Document]]:
    place = account.workspace(main)
    return [account.users[user_id] for user_id in place.members], list(place.groups.values())
