"""A sandbox account over real HTTP, and a project that loads it into a DuckDB file of its own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

from clockify_dagster.contract import CONTRACT, CORE
from clockify_dagster.days import Days
from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs.partitions import Calendar, days_to_load, tags_of
from clockify_dagster.defs.resources import connect
from clockify_dagster.sandbox import Account, Sandbox
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Database, Warehouse
from clockify_dagster.warehouse.ddl import literal

CORE_TABLES = CONTRACT.only(CORE)
"""What a project of the tests loads unless it is told otherwise."""
Document = dict[str, Any]
Row = dict[str, Any]
_SECONDS_OF_A_TEST = 20  # most take less


# where the tests run in the background of a shell, Ctrl-C is ignored, by what they start too, and they send it
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup() -> None:
    """A test that begins on one day and ends on the next would compare with another today."""
    left = 86400 - time.time() % 86400
    if left < _SECONDS_OF_A_TEST:
        time.sleep(left)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long tests first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _no_settings_of_our_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever runs the tests has an environment, a `.env` and perhaps a key; none of it is for the tests."""
    for name in list(os.environ):
        if name.startswith(("CLOCKIFY_", "DAGSTER_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@cache
def running_duckdb() -> duckdb.DuckDBPyConnection:
    """A DuckDB without a file, for all tests of this process: to start one takes 15 ms. Its zone is UTC."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@contextmanager
def opened(database: Path, mode: str = "READ_ONLY") -> Iterator[duckdb.DuckDBPyConnection]:
    """The file's tables. Timestamps are aware, in UTC."""
    connection = running_duckdb()
    connection.execute(f"ATTACH {literal(str(database))} AS opened ({mode})")
    try:
        connection.execute("USE opened")
        yield connection
    finally:
        connection.execute("USE memory")
        connection.execute("DETACH opened")


@cache
def _history() -> DagsterInstance:
    return DagsterInstance.ephemeral()


def new_history() -> DagsterInstance:
    """Dagster's history, in memory and empty: the one of the test before, since a new one takes 40 ms."""
    instance = _history()
    instance.wipe()
    return instance


@dataclass
class Project:
    """An account, and the project as its users have it: settings in the environment, Dagster's runs, DuckDB's rows."""

    account: Account
    sandbox: Sandbox
    folder: Path
    setenv: Callable[[str, str], None]
    instance: DagsterInstance = field(default_factory=new_history)

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.folder / "clockify.duckdb"

    @property
    def settings(self) -> Settings:
        """The settings as they are read from the environment now."""
        return Settings.load()

    @property
    def calendar(self) -> Calendar:
        """The days that the settings ask for now."""
        return Calendar.of(self.settings)

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse, without Dagster."""
        return Warehouse(Database(self.database, lock_timeout=5))

    def set(self, **variables: object) -> None:
        """Set CLOCKIFY_ variables: `project.set(timezone="Europe/Belgrade")`."""
        for name, value in variables.items():
            self.setenv(f"CLOCKIFY_{name.upper()}", str(value))

    def point_at(self, sandbox: Sandbox, **variables: object) -> None:
        """Load from this sandbox, quickly, into the project's own file; variables are CLOCKIFY_ ones.

        The tables are the core ones: with all tables a run takes twice the time, and most tests are about neither.
        """
        self.set(
            tables="core",
            api_url=sandbox.api_url,
            reports_url=sandbox.reports_url,
            api_key=sandbox.api_key,
            database=self.database,
            requests_per_second=50,
        )
        self.set(**variables)

    def run(
        self,
        job: str,
        days: Days | None = None,
        *,
        expect: bool = True,
        checks: bool = True,
        config: dict[str, Any] | None = None,
    ) -> ExecuteInProcessResult:
        """Run a job by Dagster, for these days where it has partitions; a failure is a failed test unless expected.

        Without the checks it takes half the time. `config` is the run's.
        """
        chosen = project_definitions(self.settings).resolve_job_def(job)
        if not checks:
            tables = chosen.asset_layer.selected_asset_keys
            chosen = chosen.get_subset(asset_selection=set(tables), asset_check_selection=set())
        result = chosen.execute_in_process(
            run_config=config, instance=self.instance, tags=tags_of(days) if days else {}, raise_on_error=False
        )
        assert result.success is expect, self.failures(result)
        return result

    def sync(self) -> None:
        """What `clockify-dagster sync` does, in this process."""
        self.run("clockify_daily", days_to_load(self.calendar, self.warehouse, self.settings.workspaces))

    def failures(self, result: ExecuteInProcessResult) -> dict[str, str]:
        """The messages of failed steps, by step."""
        failed = {}
        for event in result.filter_events(lambda event: event.is_step_failure):
            data = event.step_failure_data
            said = data.user_failure_data.description if data.user_failure_data else None
            failed[str(event.step_key)] = said or str(data.error)
        return failed

    def rows(self, table: str, *columns: str) -> list[Row]:
        """A table's rows, sorted by key, without what is about loading; timestamps are aware."""
        with opened(self.database) as connection:
            chosen = ", ".join(f'"{name}"' for name in columns) or "*"
            order = ", ".join(f'"{name}"' for name in CONTRACT[table].primary_key) if table in CONTRACT else "ALL"
            found = connection.execute(f"SELECT {chosen} FROM {table} ORDER BY {order}")
            names = [column[0] for column in found.description or []]
            return [
                {name: value for name, value in zip(names, row, strict=True) if not name.startswith("_")}
                for row in found.fetchall()
            ]

    def execute(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run SQL on the database, as a person with a client would."""
        with opened(self.database, "READ_WRITE") as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    def asked(self, pattern: str = "") -> list[str]:
        """The paths that were asked for so far and contain the pattern."""
        return [request.path for request in self.sandbox.requests if pattern in request.path]

    def client(self) -> Any:
        """A client for the account, as the settings make it."""
        return connect(self.settings)


@pytest.fixture
def make_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Project]]:
    """Make a project for an account: `make_project(account, timezone="Asia/Tokyo")`; variables are CLOCKIFY_ ones.

    It loads the core tables unless `tables="all"` is among them.
    """
    sandboxes = []

    def make(account: Account, **variables: object) -> Project:
        sandbox = Sandbox(account).start()
        sandboxes.append(sandbox)
        project = Project(account, sandbox, tmp_path, monkeypatch.setenv)
        project.point_at(
            sandbox,
            start_date=date(datetime.now().astimezone().year, 1, 1),
        )
        project.set(**variables)
        return project

    yield make
    for sandbox in sandboxes:
        sandbox.stop()
