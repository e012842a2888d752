"""A small account in which every trap is, loaded into a DuckDB file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from clockify_dagster.days import Days
from clockify_dagster.marts import MartOptions, available, make_views
from clockify_dagster.sandbox import Account
from clockify_dagster.sandbox.documents import rate
from clockify_dagster_tests.conftest import Project, opened

Document = dict[str, Any]
Load = Callable[..., Project]
ZONE = "Europe/Belgrade"


@dataclass
class Office:
    """An account with a workspace, a client, a project and Ana, to whom entries are added."""

    account: Account = field(default_factory=lambda: Account(timezone=ZONE))
    plan: str = "PRO"

    def __post_init__(self) -> None:
        self.place = self.account.add_workspace("Office", self.plan)
        self.ana = self.account.add_user(self.place, "Ana")
        self.client = self.account.add_client(self.place, "Nordwind")
        self.project = self.account.add_project(self.place, "Shop", self.client)
        self.today = datetime.now(ZoneInfo(ZONE)).date()

    def work(self, back: int, hour: float = 9, hours: float = 1, **fields: Any) -> Document:
        """An entry of Ana's, so many days ago, at a clock time of the zone."""
        begin = self.moment(back, hour)
        user = fields.pop("user", self.ana)
        place = fields.pop("workspace", self.place)
        return self.account.add_entry(place, user, begin, begin + timedelta(hours=hours), **fields)

    def moment(self, back: int, hour: float) -> datetime:
        """A clock time of the zone, so many days ago."""
        return datetime.combine(self.today - timedelta(days=back), time(0), ZoneInfo(ZONE)) + timedelta(hours=hour)

    def billable(self, amount: int = 10000, currency: str = "USD", cost: int | None = None) -> Document:
        """The fields of an entry that bills so many cents an hour, for the project."""
        costs = {"costRate": rate(cost, currency)} if cost is not None else {}
        return {"projectId": self.project["id"], "billable": True, "hourlyRate": rate(amount, currency), **costs}


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def load(make_project: Callable[..., Project]) -> Load:
    """Load an office, as a daily refresh of the last 60 days does, without checks; the tables of every plan, or all."""

    def loaded(office: Office, tables: str = "core") -> Project:
        first: date = office.today - timedelta(days=60)
        project = make_project(office.account, timezone=ZONE, start_date=first, tables=tables)
        project.run("clockify_daily", Days(first, project.calendar.today), checks=False)
        return project

    return loaded


def ask(project: Project, sql: str) -> list[tuple[Any, ...]]:
    """What a question about the marts gives; `{}` stands for their schema, and `today()` is that of the office."""
    sql = sql.replace("{}", "clockify_marts").replace("today()", f"CAST(timezone('{ZONE}', now()) AS DATE)")
    with opened(project.database) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def database() -> duckdb.DuckDBPyConnection:
    """An empty database in memory with all marts over tables without rows."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    remake(connection)
    return connection


def remake(connection: duckdb.DuckDBPyConnection, **options: Any) -> None:
    """Make all marts again, with these settings."""
    from clockify_dagster.contract import CONTRACT

    make_views(connection, available().values(), CONTRACT, MartOptions(**options))
