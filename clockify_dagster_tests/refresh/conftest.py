"""An account whose clock the test turns, over real HTTP, and refreshes of it into a DuckDB file, without Dagster."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clockify_dagster.api import ClockifyClient, Transport
from clockify_dagster.days import Days
from clockify_dagster.refresh import RefreshContext, Workspace, refresh_everything, refresh_span
from clockify_dagster.sandbox import Account, Sandbox
from clockify_dagster.sandbox.times import instant
from clockify_dagster.warehouse import Database, Warehouse

Document = dict[str, Any]
Fact = tuple[object, ...]
TABLE, INTEGRAL = "clockify_timeentries", "clockify_timeentries_integral"
NOON = datetime(2026, 3, 20, 12, tzinfo=timezone.utc)


@dataclass
class Clock:
    """Stands still until it is turned."""

    time: datetime = NOON

    def __call__(self) -> datetime:
        return self.time

    def turn(self, **by: float) -> None:
        """Turn it on: `turn(minutes=10)`."""
        self.time += timedelta(**by)


class Dated(Account):
    """An account whose ids begin with the second at which they were made, as Clockify's do."""

    def new_id(self) -> str:
        """The next id."""
        return f"{int(self.now().timestamp()):08x}{super().new_id()[8:]}"


@dataclass
class Office:
    """An account, a warehouse, and the settings of a refresh."""

    account: Account
    clock: Clock
    sandbox: Sandbox
    warehouse: Warehouse
    zone: ZoneInfo
    start: date
    window: int = 1
    lookups: int = 100
    concurrency: int = 2
    place: str = ""
    chosen: list[str] | None = None
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.place = str(self.account.add_workspace("Agency")["id"])

    @property
    def today(self) -> date:
        return self.clock().astimezone(self.zone).date()

    @property
    def limits(self) -> Days:
        return Days(self.start, self.today)

    def day(self, back: int, hour: float = 9) -> datetime:
        """A moment so many days before today, by the clock of the office's zone."""
        there = datetime.combine(self.today - timedelta(days=back), datetime.min.time(), self.zone)
        return there.astimezone(timezone.utc) + timedelta(hours=hour)

    def add(self, user: Document | str, back: int, hour: float = 9, **fields: Any) -> Document:
        """An entry of an hour on a day so many days before today."""
        return self.account.add_entry(self.place, user, self.day(back, hour), **fields)

    def context(self, client: ClockifyClient, table: str, days: Days | None) -> RefreshContext:
        workspaces = self.chosen or list(self.account.workspaces)
        return RefreshContext(
            client=client,
            warehouse=self.warehouse,
            table=table,
            workspaces={each: self._workspace(each) for each in workspaces},
            span=days.span(self.zone) if days else None,
            limits=self.limits.span(self.zone) if days else None,
            concurrency=self.concurrency,
            lookups=self.lookups,
            log=self._log(),
        )

    def _workspace(self, identity: str) -> Workspace:
        document = self.account.workspace(identity).document
        features = document.get("features")
        return Workspace(identity, str(document["name"]), None if features is None else frozenset(features))

    def refresh(self, days: Days | None = None) -> dict[str, int]:
        """Refresh some days, the window unless named, as a run of its own; gives what was found."""
        first = max(self.start, self.today - timedelta(days=self.window - 1))
        with self.transport() as transport:
            client = ClockifyClient(transport, self.sandbox.api_url)
            load, facts = refresh_span(self.context(client, TABLE, days or Days(first, self.today)))
            self.warehouse.write(load)
        return facts.numbers

    def refresh_all(self) -> dict[str, int]:
        """Refresh every day that there is."""
        return self.refresh(self.limits)

    def refresh_integral(self) -> None:
        """Refresh the integral tables."""
        with self.transport() as transport:
            client = ClockifyClient(transport, self.sandbox.api_url)
            self.warehouse.write(refresh_everything(self.context(client, INTEGRAL, None)))

    def transport(self) -> Transport:
        return Transport(self.sandbox.api_key, requests_per_second=1e9, timeout=5)

    def loaded(self, table: str = TABLE) -> dict[str, Fact]:
        """What the tables hold, by id; an id that is there twice is a failure."""
        tags: dict[str, set[str]] = {}
        with self.warehouse.database.reading() as connection:
            for entry, tag in connection.execute(f"SELECT timeentry_id, tag_id FROM {table}__tags").fetchall():
                tags.setdefault(entry, set()).add(tag)
            rows = connection.execute(
                "SELECT id, workspaceid, userid, timeinterval_start, timeinterval_end, timeinterval__duration, "
                f"description, projectid FROM {table}"
            ).fetchall()
        found: dict[str, Fact] = {row[0]: (*row[1:], frozenset(tags.pop(row[0], ()))) for row in rows}
        assert len(found) == len(rows), "an id is there twice"
        assert not tags, "there are tags without their entry"
        return found

    def expected(self, *, everything: bool = False) -> dict[str, Fact]:
        """What the account has on the days that there are, by id."""
        span = self.limits.span(self.zone)
        found: dict[str, Fact] = {}
        for place in self.account.workspaces.values():
            for entry in place.entries.by_id.values():
                interval = entry["timeInterval"]
                start, end = (interval[name] and instant(interval[name]) for name in ("start", "end"))
                if everything or span.start <= start < span.end:
                    found[entry["id"]] = (
                        *(entry["workspaceId"], entry["userId"], start, end, interval["duration"]),
                        *(entry["description"], entry["projectId"], frozenset(entry["tagIds"] or ())),
                    )
        return found

    def check(self) -> None:
        """The tables equal the account."""
        assert self.loaded() == self.expected()

    def asked(self, pattern: str = "") -> list[str]:
        """The paths that were asked for since the requests were forgotten."""
        return [request.path for request in self.sandbox.requests if pattern in request.path]

    def _log(self) -> logging.Logger:
        log = logging.Logger("office", logging.INFO)
        log.addHandler(_Kept(self.said))
        return log


def old(office: Office, count: int = 4, back: int = 40) -> list[Document]:
    """Entries of a day long ago, loaded."""
    user, tag = office.account.add_user(office.place), office.account.add_tag(office.place)
    entries = [office.add(user, back, 8 + n / 60, tagIds=[tag["id"]]) for n in range(count)]
    office.clock.turn(hours=1)
    office.refresh_all()
    office.clock.turn(hours=1)
    office.sandbox.reset_requests()
    return entries


class _Kept(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


@pytest.fixture
def make_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Make an office: `make_office(zone="Asia/Tokyo", feed="bare")`; what is not the office's is the account's."""
    sandboxes = []

    def make(
        *,
        zone: str = "UTC",
        start: date = date(2026, 1, 1),
        at: datetime = NOON,
        window: int = 1,
        dated: bool = True,
        **account: Any,
    ) -> Office:
        clock = Clock(at)
        made = (Dated if dated else Account)(now=clock, **account)
        sandboxes.append(Sandbox(made).start())
        warehouse = Warehouse(Database(tmp_path / f"{len(sandboxes)}.duckdb", lock_timeout=5))
        return Office(made, clock, sandboxes[-1], warehouse, ZoneInfo(zone), start, window)

    yield make
    for sandbox in sandboxes:
        sandbox.stop()


@pytest.fixture
def office(make_office: Callable[..., Office]) -> Office:
    """One whose account is in UTC, and whose window is today."""
    return make_office()
