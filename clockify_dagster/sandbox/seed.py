"""A small made-up agency with everything in it that a real account has and a tidy example lacks."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from .account import Account
from .documents import Document, rate
from .seed_days import Worker, work_through
from .seed_money import add_approvals, add_budgets, add_expenses, add_invoices
from .seed_paid import add_paid
from .seed_plans import add_plans
from .times import UTC, standing


@dataclass
class Agency:
    """What the seeding hands from step to step."""

    account: Account
    main: Document
    today: date
    clients: list[Document] = field(default_factory=list)
    projects: list[Document] = field(default_factory=list)
    tasks: dict[str, list[Document]] = field(default_factory=dict)
    tags: list[Document] = field(default_factory=list)
    people: dict[str, Document] = field(default_factory=dict)


def make_agency(
    *,
    today: date | None = None,
    made_at: datetime | None = None,
    months: int = 4,
    seed: int = 7,
    timezone: str = "Europe/Belgrade",
) -> Account:
    """An agency with `months` of work behind it, the same for the same day and seed.

    Without `today` the account lives in the present, and people have worked until `made_at`, which is now unless given;
    with it, its clock stands at three in the afternoon, UTC, of that day.
    """
    if months < 1:
        raise ValueError(f"an agency needs at least a month of work, not {months}")
    now = made_at or datetime.now(UTC) if today is None else datetime.combine(today, time(15), UTC)
    account = Account(timezone=timezone)
    day = now.astimezone(account.zone()).date()
    account.now = standing(now - timedelta(days=31 * months + 400))
    agency = Agency(account, account.add_workspace("Kvartal Agency", "PRO"), day)
    _add_people(agency)
    _add_work(agency)
    _add_second_workspace(agency)
    chance = random.Random(seed)  # noqa: S311 - made-up hours, no secrets
    first = day - timedelta(days=30 * months)
    workers = _workers(agency)
    fields = work_through(
        account,
        agency.main,
        workers,
        projects=agency.projects,
        tasks=agency.tasks,
        tags=agency.tags,
        first=first,
        now=now,
        chance=chance,
    )
    _tidy_up(agency, now)
    add_budgets(account, agency.main, agency.projects)
    add_paid(account, agency.main, fields, day)
    add_expenses(account, agency.main, day)
    add_invoices(account, agency.main, day)
    add_approvals(account, agency.main, day)
    add_plans(account, agency.people["Ana Petrović"], day)
    account.now = standing(now) if today is not None else _present
    return account


def _present() -> datetime:
    return datetime.now(UTC)


PEOPLE = [
    # name, account status, membership status, cents an hour, cents an hour of cost
    ("Ana Petrović", "ACTIVE", "ACTIVE", 11000, 6200),
    ("Łukasz Żółkiewski", "ACTIVE", "ACTIVE", 9500, 5100),
    ("Søren Ødegård", "ACTIVE", "ACTIVE", 9000, 4800),
    ("田中 美咲", "ACTIVE", "ACTIVE", 9800, 5000),
    ("Zoë O'Brien", "ACTIVE", "INACTIVE", 8500, 4500),
    ("Chidi Okafor", "PENDING_EMAIL_VERIFICATION", "PENDING", 8000, 4000),
    ("Reception tablet", "NOT_REGISTERED", "ACTIVE", 0, 2500),
    ("Inès Lefèvre", "LIMITED", "ACTIVE", 7500, 3900),
    ("Old Bookkeeping", "DELETED", "INACTIVE", 7000, 3500),
    ("Summer Student", "LIMITED_DELETED", "INACTIVE", 4000, 2000),
    ("Declined Guest", "ACTIVE", "DECLINED", 0, 0),
]


def _add_people(agency: Agency) -> None:
    account, main = agency.account, agency.main
    for number, (name, status, membership, hourly, cost) in enumerate(PEOPLE, start=1):
        email = f"person{number}@kvartal.example"
        user = account.add_user(main, name, status=status, membership_status=membership, email=email)
        account.membership(main, user).update(hourlyRate=rate(hourly), costRate=rate(cost))
        agency.people[name] = user
    ana, lukasz = agency.people["Ana Petrović"], agency.people["Łukasz Żółkiewski"]
    agency.people["田中 美咲"]["settings"]["timeZone"] = "Asia/Tokyo"
    ana["settings"]["multiFactorEnabled"] = lukasz["settings"]["multiFactorEnabled"] = True
    account.add_role(main, ana, "OWNER")
    account.add_role(main, lukasz, "WORKSPACE_ADMIN")
    members = list(agency.people.values())
    account.add_group(main, "Design", members[:3], managers=[lukasz])
    account.add_group(main, "Räume & Technik", members[2:5])
    account.add_group(main, "Nobody yet", [])


CLIENTS = [
    "Nordwind Logistik GmbH",
    "Café Ñandú",
    "東京デザイン",
    "Hôtel de la Gare",
    "Contoso",
    "Bygones Ltd",
]
PROJECTS = [
    # name, position of its client, cents an hour (None: the person's own rate), billable
    ("Online shop", 0, 12000, True),
    ("Warehouse app", 0, None, True),
    ("Menu & brand", 1, 9000, True),
    ("Årsrapport 2026", 2, 10500, True),
    ("ブランドサイト", 2, 13000, True),
    ("Booking engine", 3, 11500, True),
    ("Support retainer", 4, 8000, True),
    ("Migration (finished)", 4, 9900, True),
    ("Relaunch 2019", 5, 7000, True),
    ("Internal", None, None, False),
    ("Sales & pitches", None, None, False),
    ("Training", None, None, False),
]
TASKS = ["Concept", "Design", "Build", "Review"]


def _add_work(agency: Agency) -> None:
    account, main = agency.account, agency.main
    agency.clients = [account.add_client(main, name) for name in CLIENTS]
    agency.clients[0].update(email="billing@nordwind.example", ccEmails=["cc@nordwind.example"], note="Net 30")
    account.archive(agency.clients[-1])
    members = list(agency.people.values())
    for name, position, hourly, billable in PROJECTS:
        client = None if position is None else agency.clients[position]
        project = account.add_project(main, name, client, billable=billable)
        project["hourlyRate"] = None if hourly is None else rate(hourly)
        for user in members[:5]:
            account.add_to_project(user, project)
        agency.projects.append(project)
        if name in ("Sales & pitches", "Training"):
            continue
        for number, task_name in enumerate(TASKS):
            assignees = members[number : number + 1 + number % 3]
            status = "DONE" if number == 0 else "ACTIVE"
            task = account.add_task(main, project, task_name, assignees, status=status, billable=billable)
            agency.tasks.setdefault(project["id"], []).append(task)
    agency.projects[-1].update(clientId=None, clientName=None)
    agency.projects[0]["customFields"] = [
        {
            "customFieldId": account.new_id(),
            "name": "Cost centre",
            "type": "TXT",
            "value": "CC-14",
            "status": "VISIBLE",
        }
    ]
    names = ["meeting", "remote", "on site", "überstunden", "old label", "legacy"]
    agency.tags = [account.add_tag(main, name) for name in names]


def _add_second_workspace(agency: Agency) -> None:
    """A small one on the free plan, which shares Ana."""
    account = agency.account
    small = account.add_workspace("Petrović privat", "FREE", hourlyRate=rate(0, "EUR"))
    ana = agency.people["Ana Petrović"]
    account.add_to_workspace(ana, small, hourlyRate=rate(5000, "EUR"))
    helper = account.add_user(small, "Miloš Petrović", email="milos@petrovic.example")
    client = account.add_client(small, "Verein der Gartenfreunde")
    project = account.add_project(small, "Newsletter", client, hourlyRate=rate(5000, "EUR"))
    account.add_task(small, project, "Text", [ana, helper])
    account.add_tag(small, "evening")
    account.add_group(small, "Family", [ana, helper])
    for back in (45, 31, 17, 3):
        evening = datetime.combine(agency.today - timedelta(days=back), time(19), account.zone())
        account.now = standing(evening + timedelta(hours=2))
        for user in (ana, helper):
            account.add_entry(
                small, user, evening, evening + timedelta(minutes=95), projectId=project["id"], billable=True
            )


def _workers(agency: Agency) -> list[Worker]:
    """Who keeps time, and up to which day."""
    until = {"Zoë O'Brien": 40, "Old Bookkeeping": 60, "Summer Student": 75}
    idle = {"Declined Guest", "Chidi Okafor"}
    return [
        Worker(user, agency.today - timedelta(days=until.get(name, 0)), light=name == "Reception tablet")
        for name, user in agency.people.items()
        if name not in idle
    ]


def _tidy_up(agency: Agency, now: datetime) -> None:
    """Archive and delete what old entries still name, and correct a little."""
    account = agency.account
    account.now = standing(now - timedelta(days=20))
    for project in agency.projects[7:9]:
        account.archive(project)
    account.archive(agency.tags[4])
    account.delete_tag(agency.tags[5])
    account.now = standing(now - timedelta(hours=3))
    past = [
        entry
        for entry in account.workspace(agency.main).entries.by_id.values()
        if entry["type"] == "REGULAR" and entry["timeInterval"]["end"] is not None
    ]
    old = past[: len(past) // 2]
    account.delete_entry(old[-1])
    account.delete_entry(old[-9])
    account.edit_entry(old[-20], description="Corrected after the client's call")
