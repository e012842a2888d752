"""The answers, worked out from the sandbox's documents in plain Python: no SQL, no table, nothing of ours."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from clockify_dagster.sandbox import Account

Document = dict[str, Any]
ABSENCE = ("BREAK", "HOLIDAY", "TIME_OFF")
DAY = timedelta(days=1)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclass(frozen=True)
class Piece:
    """An entry, or what of it is on one day."""

    entry: Document
    start: datetime
    end: datetime

    @property
    def hours(self) -> Fraction:
        return Fraction(int((self.end - self.start).total_seconds()), 3600)

    @property
    def is_work(self) -> bool:
        return self.entry["type"] not in ABSENCE

    @property
    def work(self) -> Fraction:
        return self.hours if self.is_work else Fraction(0)

    @property
    def billable(self) -> Fraction:
        return self.hours if self.entry["billable"] else Fraction(0)

    @property
    def amount(self) -> Fraction:
        return self.billable * Fraction((self.entry["hourlyRate"] or {}).get("amount") or 0) / 100

    @property
    def cost(self) -> Fraction:
        return self.work * Fraction((self.entry["costRate"] or {}).get("amount") or 0) / 100


class Truth:
    """An account's answers, by the clock of a zone."""

    def __init__(self, account: Account, zone: str, since: date) -> None:
        """Take the account; entries that begin before `since`, or after today, were not loaded."""
        self.account, self.zone = account, ZoneInfo(zone)
        self.today = datetime.now(self.zone).date()
        self.since = since

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    @cached_property
    def entries(self) -> list[Piece]:
        """All that were loaded; a running timer has no length."""
        found = []
        for place in self.account.workspaces.values():
            for entry in place.entries.by_id.values():
                start = instant(entry["timeInterval"]["start"])
                end = entry["timeInterval"]["end"]
                if self.since <= self.day(start) <= self.today:
                    found.append(Piece(entry, start, instant(end) if end else start))
        return found

    @cached_property
    def pieces(self) -> list[Piece]:
        """The entries, split at midnights."""
        return [piece for each in self.entries for piece in self._split(each)]

    def _split(self, piece: Piece) -> Iterator[Piece]:
        start = piece.start
        while True:
            tomorrow = datetime.combine(self.day(start) + DAY, time(0), self.zone).astimezone(timezone.utc)
            yield Piece(piece.entry, start, min(piece.end, tomorrow))
            if piece.end <= tomorrow:
                return
            start = tomorrow

    def document(self, kind: str, identity: str | None) -> Document:
        if identity is None:
            return {}
        places = self.account.workspaces.values()
        return next((getattr(place, kind)[identity] for place in places if identity in getattr(place, kind)), {})

    def project_name(self, piece: Piece) -> str:
        identity = piece.entry["projectId"]
        return (
            "(no project)"
            if identity is None
            else self.document("projects", identity).get("name") or (f"(deleted project {identity})")
        )

    def client(self, piece: Piece) -> str | None:
        return self.document("projects", piece.entry["projectId"]).get("clientId") or None

    def month(self, piece: Piece) -> date:
        return self.day(piece.start).replace(day=1)

    def week(self, piece: Piece) -> date:
        day = self.day(piece.start)
        return day - timedelta(days=day.weekday())

    def billed(self) -> dict[Any, Fraction]:
        """The amount by client and month."""
        sums: defaultdict[Any, Fraction] = defaultdict(Fraction)
        for each in self.entries:
            sums[self.client(each), self.month(each)] += each.amount
        return sums

    def margins(self) -> dict[Any, Fraction]:
        """Amount less cost by project and month."""
        sums: defaultdict[Any, Fraction] = defaultdict(Fraction)
        for each in self.entries:
            sums[each.entry["projectId"], self.month(each)] += each.amount - each.cost
        return sums

    def tagged(self) -> dict[Any, Fraction]:
        """The hours of work by tag, those of an entry shared out among its tags."""
        sums: defaultdict[Any, Fraction] = defaultdict(Fraction)
        for each in self.entries:
            tags = each.entry["tagIds"] or [None]
            for tag in tags:
                sums[tag] += each.work / len(tags)
        return sums

    def unbilled(self) -> dict[Any, Fraction]:
        """The amount of what no invoice has, by project."""
        invoiced = {
            identity
            for place in self.account.workspaces.values()
            for invoice in place.invoices.values()
            if invoice["status"] != "VOID"
            for item in invoice["items"]
            for identity in item["timeEntryIds"]
        }.union(*(place.manually_invoiced for place in self.account.workspaces.values()))
        sums: defaultdict[Any, Fraction] = defaultdict(Fraction)
        for each in self.entries:
            if each.entry["id"] not in invoiced:
                sums[each.entry["projectId"]] += each.amount
        return sums

    def faults(self) -> Counter[str]:
        """How many entries lack something, or are wrong."""
        found: Counter[str] = Counter()
        latest: dict[str, datetime] = {}
        for each in sorted(self.entries, key=lambda piece: (piece.start, piece.end)):
            entry, user = each.entry, each.entry["userId"]
            found["NO_PROJECT"] += each.is_work and entry["projectId"] is None
            found["NO_TASK"] += each.is_work and entry["projectId"] is not None and entry["taskId"] is None
            found["NO_TAG"] += each.is_work and not entry["tagIds"]
            found["NO_RATE"] += entry["billable"] and not (entry["hourlyRate"] or {}).get("amount")
            found["NO_COST_RATE"] += each.is_work and not (entry["costRate"] or {}).get("amount")
            found["TOO_LONG"] += each.hours > 12
            if entry["timeInterval"]["end"] is not None:
                found["OVERLAPPING"] += each.end > each.start and each.start < latest.get(user, each.start)
                latest[user] = max(latest.get(user, each.end), each.end)
        return +found
