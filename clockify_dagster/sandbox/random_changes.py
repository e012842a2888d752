"""What may happen to what paid plans add, at random: for tests that let an account change between loads."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from .account import Account
from .documents import Document
from .state import Workspace

EDITS: dict[str, dict[str, list[object]]] = {
    "custom_fields": {
        "name": ["Order", "Größe 🦊"],
        "status": ["VISIBLE", "INVISIBLE", "INACTIVE"],
        "required": [True, False],
        "allowedValues": [None, [], ["a", "b"]],
        "workspaceDefaultValue": [None, "a", 7, True, ["a"]],
        "projectDefaultValues": [[], [{"projectId": "64c0ffee0000000000009001", "status": "VISIBLE", "value": "a"}]],
    },
    "expense_categories": {"name": ["Train", "Žaba"], "archived": [True, False], "priceInCents": [0, 42]},
    "expenses": {
        "total": [0, 0.1, 10500.5, -3.2],
        "date": ["2026-02-28", "2026-03-01"],
        "notes": [None, "", "with Ana"],
        "billable": [True, False],
        "locked": [True, False],
        "projectId": [None],
        "fileId": [None, "", "64c0ffee0000000000009401"],
    },
    "invoices": {
        "number": ["1", "2026-9"],
        "status": ["UNSENT", "SENT", "VOID"],
        "dueDate": ["2026-03-02T08:00:00Z", "2036-03-02T08:00:00Z"],
        "tax": [0.0, 20.0],
        "billFrom": [None, "", "Us"],
    },
    "payments": {"amount": [1, 5000], "note": [None, "", "part"]},
    "holidays": {
        "name": ["Slava", "Día"],
        "occursAnnually": [True, False],
        "datePeriod": [{"startDate": "2026-01-01", "endDate": "2026-01-03"}],
        "automaticTimeEntryCreation": [True, False, {"enabled": True}],
        "userIds": [[]],
    },
    "policies": {
        "name": ["Vacation", "Ferien"],
        "archived": [True, False],
        "automaticAccrual": [None, {"amount": 1.5, "period": "MONTH", "timeUnit": "DAYS"}],
        "everyoneIncludingNew": [True, False],
    },
    "time_off_requests": {"note": [None, "", "Dentist"], "balanceDiff": [0.5, 3.0]},
    "assignments": {
        "hoursPerDay": [0.0, 7.5],
        "note": [None, "", "On site"],
        "startTime": [None, "10:00:00"],
        "taskId": [None],
    },
    "projects": {
        "budgetEstimate": [
            None,
            {"active": True, "estimate": 600000, "includeExpenses": True, "resetOption": "WEEKLY"},
        ],
        "estimateReset": [None, {"interval": "WEEKLY", "dayOfWeek": "MONDAY"}],
    },
}
HALVES = [None, "FIRST_HALF", "SECOND_HALF"]
STATES = ["PENDING", "APPROVED", "REJECTED", "WITHDRAWN_SUBMISSION", "WITHDRAWN_APPROVAL"]


@dataclass
class _Happening:
    """One thing that happens in a workspace; where it cannot, IndexError."""

    account: Account
    place: Workspace
    chance: random.Random

    def one(self, kind: str) -> Document:
        """One of the documents of a kind."""
        return self.some(kind, 1)[0]

    def some(self, kind: str, most: int = 3) -> list[Document]:
        """Some of the documents of a kind."""
        found = self._stored(kind)
        return self.chance.sample(found, min(len(found), self.chance.randint(1, most)))

    def _stored(self, kind: str) -> list[Document]:
        if kind == "members":
            return [self.account.users[each] for each in self.place.members]
        shelf: dict[str, Document] = self.place.entries.by_id if kind == "entries" else getattr(self.place, kind)
        return list(shelf.values())

    def field(self, entity_type: str) -> Document:
        """One of the custom fields of entries (TIMEENTRY) or of people (USER)."""
        return self.chance.choice([each for each in self._stored("custom_fields") if each["entityType"] == entity_type])

    def edit(self, kind: str) -> None:
        """Any field of one of them."""
        field = self.chance.choice(sorted(EDITS[kind]))
        self.account.edit(self.one(kind), **{field: self.chance.choice(EDITS[kind][field])})

    def delete(self, kind: str) -> None:
        """One of them."""
        self.account.delete(self.one(kind))

    def day(self) -> date:
        """A day of the last month and the next one."""
        return self.account.now().date() + timedelta(days=self.chance.randint(-30, 30))


Act = Callable[[_Happening], object]
CREATIONS: dict[str, Act] = {
    "custom_fields": lambda it: it.account.add_custom_field(
        it.place.document, entity_type=it.chance.choice(["TIMEENTRY", "USER"])
    ),
    "expense_categories": lambda it: it.account.add_expense_category(it.place.document),
    "expenses": lambda it: it.account.add_expense(
        it.one("expense_categories"), it.one("members"), it.chance.randint(1, 9999) / 100, day=it.day()
    ),
    "invoices": lambda it: it.account.add_item(it.account.add_invoice(it.one("clients"), issued=it.account.now())),
    "payments": lambda it: it.account.add_payment(it.one("invoices"), it.chance.randint(1, 9000)),
    "approvals": lambda it: it.account.add_approval(
        it.place.document, it.one("members"), it.account.now() - timedelta(days=it.chance.randint(1, 20))
    ),
    "holidays": lambda it: it.account.add_holiday(
        it.place.document, first=it.day(), users=it.some("members"), groups=it.some("groups")
    ),
    "policies": lambda it: it.account.add_policy(
        it.place.document, unit=it.chance.choice(["DAYS", "HOURS"]), users=it.some("members"), groups=it.some("groups")
    ),
    "time_off_requests": lambda it: it.account.add_time_off_request(
        it.one("policies"), it.one("members"), f"{it.day()}T00:00:00Z", half=it.chance.choice(HALVES)
    ),
    "assignments": lambda it: it.account.add_assignment(it.one("projects"), it.one("members"), it.account.now()),
}
OTHERS: dict[str, Act] = {
    "decide an approval": lambda it: it.account.decide(it.one("approvals"), it.chance.choice(STATES)),
    "submit an approval anew": lambda it: it.account.resubmit(it.one("approvals")),
    "decide on time off": lambda it: it.account.decide_time_off(
        it.one("time_off_requests"), it.chance.choice(["APPROVED", "REJECTED", "PENDING"])
    ),
    "change a balance": lambda it: it.account.change_balance(it.one("policies"), it.one("members"), 1.5),
    "add an item": lambda it: it.account.add_item(
        it.one("invoices"), quantity=0.25, unit_price=it.chance.randint(0, 9)
    ),
    "remove an item": lambda it: it.account.remove_item(it.one("invoices"), it.chance.randint(1, 3)),
    "invoice hours": lambda it: it.account.import_entries(it.one("invoices"), it.some("entries")),
    "invoice expenses": lambda it: it.account.import_expenses(it.one("invoices"), it.some("expenses")),
    "invoice by hand": lambda it: it.account.set_invoiced(it.one("entries"), invoiced=it.chance.random() < 0.5),
    "give an entry a value": lambda it: it.account.set_custom_field(
        it.one("entries"), it.field("TIMEENTRY"), it.chance.choice([..., None, "a", 7, [], ["a", "b"]])
    ),
    "give a person a value": lambda it: it.account.set_user_field(
        it.one("members"), it.field("USER"), it.chance.choice([..., None, "a", 7, ["a"]])
    ),
    "join a project": lambda it: it.account.add_to_project(
        it.one("members"), it.one("projects"), hourlyRate=it.chance.choice([None, {"amount": 9900, "currency": "EUR"}])
    ),
    "add a currency": lambda it: it.account.add_currency(it.place.document, it.chance.choice(["EUR", "JPY", "XTS"])),
    "set a capacity": lambda it: it.account.set_capacity(
        it.place.document, it.one("members"), it.chance.randint(1, 12)
    ),
}
ACTS: dict[str, Act] = {
    **{f"create {kind}": act for kind, act in CREATIONS.items()},
    **{f"edit {kind}": partial(_Happening.edit, kind=kind) for kind in EDITS},
    **{f"delete {kind}": partial(_Happening.delete, kind=kind) for kind in CREATIONS if kind != "approvals"},
    **OTHERS,
}
DRAWN = sorted([*ACTS, *(f"create {kind}" for kind in CREATIONS)])  # more comes than goes


def change_something(account: Account, workspace: Document | str, chance: random.Random) -> str:
    """Let one thing happen, and say which; what cannot happen, since there is nothing to do it to, is passed over."""
    with account.lock:
        happening = _Happening(account, account.workspace(workspace), chance)
        for name in chance.sample(DRAWN, len(DRAWN)):
            try:
                ACTS[name](happening)
            except IndexError:
                continue
            return name
    raise LookupError("there is always something that can be created")
