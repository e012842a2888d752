"""The made-up agency's hours: work days, and the entries that are out of the ordinary."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from .account import Account
from .documents import Document, custom_field_value

DESCRIPTIONS = [
    "Kick-off call",
    "Wireframes, second round",
    "Fix: basket forgets items 🛒",
    "Code review",
    "Überarbeitung Startseite",
    "ロゴ案の修正",
    "Estimate & planning",
    "Deployed to staging",
    "",
    'Client said "not that blue"',
]


@dataclass(frozen=True)
class Worker:
    """Someone who keeps time, up to and with a day; a light one has one short entry a day."""

    user: Document
    last_day: date
    light: bool = False


def work_through(
    account: Account,
    main: Document,
    workers: list[Worker],
    *,
    projects: list[Document],
    tasks: dict[str, list[Document]],
    tags: list[Document],
    first: date,
    now: datetime,
    chance: random.Random,
) -> dict[str, str]:
    """Let everybody work from `first` until now, and add what a tidy example lacks.

    Gives the ids of the custom fields that the entries have values of, by name.
    """
    desk = _Desk(account, main, projects=projects, tasks=tasks, tags=tags, now=now, chance=chance)
    day = first
    while day <= now.astimezone(account.zone()).date():
        for worker in workers:
            if day.weekday() < 5 and day <= worker.last_day and chance.random() > 0.04:
                desk.work_a_day(worker, day)
        day += timedelta(days=1)
    desk.add_the_unusual([worker.user for worker in workers], day - timedelta(days=1))
    return desk.custom_fields


class _Desk:
    """Where entries are written, each at the moment it ends."""

    def __init__(
        self,
        account: Account,
        main: Document,
        *,
        projects: list[Document],
        tasks: dict[str, list[Document]],
        tags: list[Document],
        now: datetime,
        chance: random.Random,
    ) -> None:
        self.account, self.main, self.now, self.chance = account, main, now, chance
        self.projects, self.tasks, self.tags = projects, tasks, tags
        self.custom_fields = {
            "Order": account.new_id(),
            "Phase": "64c0f1e1d" + "1" * 15,
            "Reviewed": "64c0f1e1d" + "2" * 15,
        }
        self.kiosk = "64c0ffee0c10c" + "3" * 11

    def work_a_day(self, worker: Worker, day: date) -> None:
        """Three to five entries with gaps between them, none of which ends in the future."""
        clock = self.local(day, 8, 30) + timedelta(minutes=self.chance.randrange(0, 60, 5))
        for _ in range(1 if worker.light else self.chance.randint(3, 5)):
            end = clock + timedelta(minutes=self.chance.randrange(25, 150, 5), seconds=self.chance.randrange(60))
            if end > self.now:
                return
            self.write(worker.user, clock, end, kioskId=self.kiosk if worker.light else None, **self.about(day))
            clock = end + timedelta(minutes=self.chance.choice([0, 0, 5, 15, 45]))

    def about(self, day: date) -> dict[str, Any]:
        """What an ordinary entry says."""
        old = day < self.now.date() - timedelta(days=20)
        choices = self.projects if old else [*self.projects[:7], *self.projects[9:]]
        project = self.chance.choice(choices)
        task = self.chance.choice([*self.tasks.get(project["id"], []), None])
        tags = self.chance.sample(self.tags if old else self.tags[:4], self.chance.choice([0, 0, 1, 1, 2]))
        without = self.chance.random() < 0.03
        untagged: list[list[str] | None] = [None, []]
        no_tags = self.chance.choice(untagged)
        return {
            "projectId": None if without else project["id"],
            "taskId": None if without or task is None else task["id"],
            "description": self.chance.choice(DESCRIPTIONS),
            "tagIds": [tag["id"] for tag in tags] or no_tags,
            "billable": bool(project["billable"]) and not without,
        }

    def write(self, user: Document, start: datetime, end: datetime | None, **fields: Any) -> Document:
        """Write an entry with the rates that hold for it, at the moment it ends."""
        member = self.account.membership(self.main, user)
        project = next((each for each in self.projects if each["id"] == fields.get("projectId")), {})
        moment = min(end or start, self.now)
        self.account.now = lambda: moment
        hourly = (project.get("hourlyRate") or member["hourlyRate"]) if fields.get("billable") else None
        cost = member["costRate"]
        entry = self.account.add_entry(self.main, user, start, end, hourlyRate=hourly, costRate=cost, **fields)
        entry["isLocked"] = start < self.now - timedelta(days=60)
        if self.chance.random() < 0.1:
            entry["customFieldValues"] = self.custom_values(entry)
        return entry

    def custom_values(self, entry: Document) -> list[Document]:
        """One to three values of custom fields; Clockify lets a value be text, a number, a list or null."""
        order: list[object] = ["PO-4711", 12, ["Phase 1", "Phase 2"], True, None]
        given: dict[str, object] = {"Order": self.chance.choice(order)}
        if entry["taskId"]:
            given["Phase"] = ["Phase 1", "Phase 2"] if entry["tagIds"] else ["Phase 1"]
            given["Reviewed"] = bool(entry["billable"])
        return [
            custom_field_value(str(entry["id"]), self.custom_fields[name], name, value) for name, value in given.items()
        ]

    def add_the_unusual(self, users: list[Document], today: date) -> None:
        """Over midnight, over days, planned, running, breaks, holidays, time off."""
        ana, lukasz, soren, misaki = users[:4]
        shop = {"projectId": self.projects[0]["id"], "billable": True}
        night = self.local(today - timedelta(days=12), 22, 30)
        self.write(ana, night, night + timedelta(hours=3, minutes=45), description="Go-live at night", **shop)
        days = self.local(today - timedelta(days=26), 18, 0)
        self.write(lukasz, days, days + timedelta(hours=61), description="Migration, watched", **shop)
        planned = self.local(today + timedelta(days=7), 9, 0)
        self.write(misaki, planned, planned + timedelta(hours=8), description="Planned workshop", **shop)
        self.write(soren, self.now - timedelta(minutes=80), None, description="Still at it", tagIds=None, **shop)
        noon = self.local(today - timedelta(days=8), 12, 0)
        self.write(ana, noon, noon + timedelta(minutes=30), type="BREAK", description="Lunch")
        for kind, back in (("HOLIDAY", 33), ("TIME_OFF", 19)):
            morning = self.local(today - timedelta(days=back), 9, 0)
            for user in (ana, soren):
                self.write(user, morning, morning + timedelta(hours=8), type=kind, description=kind.title())
        self.add_those_at_midnight(misaki, today - timedelta(days=14))

    def add_those_at_midnight(self, user: Document, day: date) -> None:
        """A second before, at midnight, up to midnight, and from one day's last second to the next one's first."""
        second, hour, none = timedelta(seconds=1), timedelta(hours=1), timedelta(0)
        spans = [(none, hour), (-second, second), (-hour, none), (-hour - second, -second)]
        for weekday, (begin, end) in enumerate(spans):
            midnight = self.local(day - timedelta(days=day.weekday() - weekday), 0, 0)
            self.write(user, midnight + begin, midnight + end, description="Around midnight")

    def local(self, day: date, hour: int, minute: int) -> datetime:
        """A clock time of the account's zone."""
        return datetime.combine(day, time(hour, minute), self.account.zone())
