"""An account whose clock the test turns, over real HTTP, and refreshes of it into a DuckDB file, without Dagster."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from clockify_dagster.api import ClockifyClient, Transport
from clockify_dagster.contract import Table
from clockify_dagster.days import Days
from clockify_dagster.errors import ClockifyDagsterError
from clockify_dagster.refresh import RefreshContext, Workspace, refresh_everything, refresh_span
from clockify_dagster.sandbox import Account, Sandbox
from clockify_dagster.sandbox.times import instant
from clockify_dagster.warehouse import Database, Destination, Warehouse, load_state
from clockify_dagster_tests.conftest import CORE_TABLES
from clockify_dagster_tests.warehouse.reference import Rows, comparable, reference_rows

Document = dict[str, Any]
Fact = dict[str, object]
FAMILY = CORE_TABLES.family("clockify_timeentries")
TABLE, INTEGRAL = "clockify_timeentries", "clockify_timeentries_integral"
NOON = datetime(2026, 3, 20, 12, tzinfo=timezone.utc)


@dataclass
class Clock:
    """Stands still until it is turned."""

    time: datetime = NOON

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
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
    page_size: int = 5000
    chosen: list[str] | None = None
    said: list[str] = field(default_factory=list)
    faults: list[ClockifyDagsterError] = field(default_factory=list)

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
        plan = document.get("featureSubscriptionType")
        return Workspace(identity, str(document["name"]), None if features is None else frozenset(features), plan)

    def refresh(self, days: Days | None = None) -> dict[str, int]:
        """Refresh some days, the window unless named, as a run of its own; gives what was found."""
        first = max(self.start, self.today - timedelta(days=self.window - 1))
        with self.transport() as transport:
            result = refresh_span(self.context(self.client(transport), TABLE, days or Days(first, self.today)))
            self.warehouse.write(result.loads[0])
        self.faults = list(result.faults)
        return dict(result.numbers)

    def refresh_all(self) -> dict[str, int]:
        """Refresh every day that there is."""
        return self.refresh(self.limits)

    def refresh_integral(self) -> None:
        """Refresh the integral tables."""
        with self.transport() as transport:
            result = refresh_everything(self.context(self.client(transport), INTEGRAL, None))
            self.warehouse.write(result.loads[0])
        self.faults = list(result.faults)

    def transport(self) -> Transport:
        return Transport(self.sandbox.api_key, requests_per_second=1e9, timeout=5)

    def client(self, transport: Transport) -> ClockifyClient:
        return ClockifyClient(transport, self.sandbox.api_url, self.sandbox.reports_url, self.page_size)

    def loaded(self, table: str = TABLE) -> dict[str, Fact]:
        """What the tables hold, by id, in every column; an id that is there twice is a failure, and a wrong count."""
        family = CORE_TABLES.family(table)
        found: Rows = {}
        with self.warehouse.database.reading() as connection:
            for each in family:
                columns = ", ".join(column.name for column in each.document_columns)
                found[each.name] = connection.execute(f"SELECT {columns} FROM {each.name}").fetchall()
                last = load_state.last_load(connection, each.name)
                assert (last and last.rows_in_all) == len(found[each.name]), "a load counts what there is"
        return facts(family, found)

    def expected(self, *, everything: bool = False) -> dict[str, Fact]:
        """What the account has on the days that there are, by id, in every column."""
        span = self.limits.span(self.zone)
        found: Rows = {table.name: [] for table in FAMILY}
        for place in self.account.workspaces.values():
            documents = place.entries.by_id.values()
            wanted = [each for each in documents if everything or instant(each["timeInterval"]["start"]) in span]
            for name, rows in reference_rows(FAMILY, wanted, {"workspace": place.identity})[0].items():
                found[name] += rows
        return facts(FAMILY, found)

    def check(self) -> None:
        """The tables equal the account."""
        assert self.loaded() == self.expected()

    def asked(self, pattern: str = "") -> list[str]:
        """The paths that were asked for since the requests were forgotten."""
        return [request.path for request in self.sandbox.requests if pattern in request.path]

    def _log(self) -> logging.Logger:
        log = logging.Logger("office", logging.INFO)
        log.addHandler(_Recording(self.said))
        return log


def facts(family: Sequence[Table], rows: Rows) -> dict[str, Fact]:
    """By id, each column of an entry's row and its tags. An id or a tag that is there twice is a failure."""
    root, *children = family
    found: dict[str, Fact] = {}
    for row in comparable(root, rows[root.name]):
        assert row[0] not in found, "an id is there twice"
        found[row[0]] = {column.name: value for column, value in zip(root.document_columns, row, strict=True)}
    for child in children:
        kind = child.name.rpartition("__")[2]
        for fact in found.values():
            fact[kind] = []
        for entry, *values in sorted(rows[child.name], key=str):
            assert entry in found, f"there are {kind} without their entry"
            tags = cast("list[object]", found[entry][kind])
            assert values not in tags, f"{kind} are there twice"
            tags.append(values)
    return found


def old(office: Office, count: int = 4, back: int = 40) -> list[Document]:
    """Entries of a day long ago, loaded."""
    user, tag = office.account.add_user(office.place), office.account.add_tag(office.place)
    entries = [office.add(user, back, 8 + n / 60, tagIds=[tag["id"]]) for n in range(count)]
    office.clock.advance(hours=1)
    office.refresh_all()
    office.clock.advance(hours=1)
    office.sandbox.reset_requests()
    return entries


class _Recording(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


def open_office(
    database: Path | Destination,
    *,
    zone: str = "UTC",
    start: date = date(2026, 1, 1),
    at: datetime = NOON,
    window: int = 1,
    dated: bool = True,
    **account: Any,
) -> Office:
    """An office whose sandbox runs; what is not the office's is the account's. Its sandbox is to be stopped."""
    clock = Clock(at)
    made = (Dated if dated else Account)(now=clock, **account)
    warehouse = Warehouse(Database(database, lock_timeout=5) if isinstance(database, Path) else database)
    return Office(made, clock, Sandbox(made).start(), warehouse, ZoneInfo(zone), start, window)


@pytest.fixture
def make_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Make an office: `make_office(zone="Asia/Tokyo", feed="bare")`; see `open_office`."""
    made: list[Office] = []

    def make(**options: Any) -> Office:
        made.append(open_office(tmp_path / f"{len(made) + 1}.duckdb", **options))
        return made[-1]

    yield make
    for office in made:
        office.sandbox.stop()


@pytest.fixture
def office(make_office: Callable[..., Office]) -> Office:
    """One whose account is in UTC, and whose window is today."""
    return make_office()
