"""A small account that is loaded already, a clock that never makes a test wait, and the database compared whole."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, AssetsDefinition, ExecuteInProcessResult, materialize

from clockify_dagster import cli
from clockify_dagster.api import sessions, transport
from clockify_dagster.contract import WORKSPACES
from clockify_dagster.days import Days
from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs import resources
from clockify_dagster.defs.partitions import tags_of
from clockify_dagster.refresh import RefreshContext, Workspace, refresh_span
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults
from clockify_dagster.warehouse import SpanLoad
from clockify_dagster_tests.conftest import CORE_TABLES, Document, Project, opened
from clockify_dagster_tests.faults.expected import as_expected, expected
from clockify_dagster_tests.faults.skipping import SkippingClock

ENTRIES, ENTRY_TAGS = "clockify_timeentries", "clockify_timeentries__tags"
Tables = dict[str, tuple[list[str], list[Any]]]
_KNOWN: dict[bytes, Tables] = {}


@dataclass
class People:
    """The parts of the account that tests change."""

    workspace: Document
    users: list[Document]
    project: Document
    tags: list[Document]


def make_account() -> tuple[Account, People]:
    """Three people with six entries each, and one or more of everything else."""
    account = Account()
    workspace = account.add_workspace("Agency")
    users = [account.add_user(workspace, f"Person {n}") for n in range(3)]
    client = account.add_client(workspace)
    project = account.add_project(workspace, client=client)
    task = account.add_task(workspace, project, assignees=users[:2])
    tags = [account.add_tag(workspace, f"tag {n}") for n in range(12)]
    account.add_group(workspace, "Design", users[:2])
    noon = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=3)
    for user in users:
        for day in range(6):
            account.add_entry(
                workspace,
                user,
                noon - timedelta(hours=20 * day),
                projectId=project["id"],
                taskId=task["id"],
                tagIds=[tags[day % 3]["id"]],
            )
    return account, People(workspace, users, project, tags)


def everything(database: Path) -> Tables:
    """All tables whole, those of other schemas and the columns about loading too: names, and rows in order.

    A file that holds byte for byte what an earlier one held is not read again.
    """
    log = database.with_name(database.name + ".wal")
    content = hashlib.blake2b(database.read_bytes() + (log.read_bytes() if log.exists() else b"")).digest()
    if content not in _KNOWN:
        _KNOWN[content] = _everything(database)
    return _KNOWN[content]


def _everything(database: Path) -> Tables:
    with opened(database) as connection:
        names = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL"
        ).fetchall()
        found = {}
        for schema, table in names:
            rows = connection.execute(f'FROM "{schema}"."{table}" ORDER BY ALL')
            found[f"{schema}.{table}"] = ([column[0] for column in rows.description or []], rows.fetchall())
        return found


class Loaded(Project):
    """A project whose account has been loaded once, at little cost."""

    people: People

    @property
    def days(self) -> Days:
        """The days of the account."""
        return Days(self.settings.start_date, self.calendar.today)

    def fault(self, path: str, kind: faults.Kind, *, nth: int = 1, times: int | None = 1) -> Fault:
        """Let a fault strike."""
        return self.sandbox.faults.add(Fault(path, kind, nth=nth, times=times))

    def load(self, *tables: str, expect: bool = True) -> ExecuteInProcessResult:
        """Materialize these tables, all but the integral ones where none is named; without checks, to be quick."""
        chosen = tables or [table.name for table in CORE_TABLES if "integral" not in table.name]
        keys = {AssetKey(table) for table in chosen}
        definitions = project_definitions(self.settings)
        result = materialize(
            # of the others only the one on which all depend: that saves time
            [
                each
                for each in definitions.assets or ()
                if isinstance(each, AssetsDefinition) and each.keys & {*keys, AssetKey(WORKSPACES)}
            ],
            resources=definitions.resources,
            selection=list(keys),
            instance=self.instance,
            tags=tags_of(self.days),
            raise_on_error=False,
        )
        assert result.success is expect, self.failures(result)
        return result

    def refresh(self) -> None:
        """Refresh the entries of all days, as their asset does, without the half second of a run around it.

        Raises:
            ClockifyDagsterError: of which a run would make its failure.
        """
        self.warehouse.write(self.read())

    def read(self) -> SpanLoad:
        """Read the entries of all days, and write nothing yet."""
        client, settings = resources.connect(self.settings), self.settings
        span = self.days.span(self.calendar.zone)
        workspace = Workspace(str(self.people.workspace["id"]), str(self.people.workspace["name"]))
        with client.transport:
            context = RefreshContext(
                client=client,
                warehouse=self.warehouse,
                table=ENTRIES,
                workspaces={workspace.id: workspace},
                span=span,
                limits=span,
                concurrency=settings.concurrency,
            )
            load = refresh_span(context).loads[0]
            assert isinstance(load, SpanLoad)
            return load

    def assert_exact(self, *roots: str) -> None:
        """Assert that these tables and their children hold what the account holds, no more, no less."""
        tables = everything(self.database)
        for root in roots:
            for name, rows in expected(self.account, root).items():
                assert as_expected(name, *tables[f"main.{name}"]) == rows, name

    def heal(self, *roots: str) -> None:
        """Let all faults end, and assert that a healthy run brings exact data."""
        self.sandbox.faults.clear()
        self.load(*(table.name for root in roots for table in CORE_TABLES.family(root)))
        self.assert_exact(*roots)

    def materialized(self, table: str) -> set[str]:
        """The partitions that Dagster shows as materialized."""
        return set(self.instance.get_materialized_partitions(AssetKey(table)))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the loaded file is kept; the first test that wants it makes it."""
    return tmp_path_factory.mktemp("template") / "loaded.duckdb"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SkippingClock:
    """Every pause of the client takes no time, and an answer that drips is given up soon."""
    clock = SkippingClock()
    monkeypatch.setattr(sessions, "WHOLE_ANSWER", 2)
    monkeypatch.setattr(transport, "Clock", lambda: clock)
    return clock


@pytest.fixture
def loaded(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: SkippingClock) -> Iterator[Loaded]:
    """A loaded project. The accounts of all tests have the same ids, and starts that differ by seconds: the file of the
    first test serves all, and in each of them every entry has moved since it was loaded."""
    del clock
    account, people = make_account()
    sandbox = Sandbox(account).start()
    project = Loaded(account, sandbox, tmp_path, monkeypatch.setenv)
    project.people = people
    project.point_at(
        sandbox,
        timeout_seconds=5,
        start_date=date.today() - timedelta(days=6),  # noqa: DTZ011 - the account is younger than that
    )
    if not template.exists():
        project.load()
        shutil.copyfile(project.database, template)
    shutil.copyfile(template, project.database)
    sandbox.reset_requests()
    yield project
    sandbox.stop()


@dataclass
class Said:
    """What the command did."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One history for all tests: to make one takes a second."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def command(loaded: Loaded, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run the command with arguments, in this process; the database and the key's secrecy are looked at behind it."""
    monkeypatch.setenv("DAGSTER_HOME", str(home))

    def run(*arguments: str, **variables: object) -> Said:
        loaded.set(**variables)
        before = everything(loaded.database)
        monkeypatch.setattr(sys, "argv", ["clockify-dagster", *arguments])
        # Dagster's definitions are made of the settings when they are imported
        monkeypatch.delitem(sys.modules, "clockify_dagster.definitions", raising=False)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfd.readouterr()
        assert everything(loaded.database) == before
        assert loaded.sandbox.api_key not in out + err
        assert "Traceback" not in out + err
        assert "Stack Trace" not in out + err
        return Said(int(ended.value.code or 0), out, err)

    return run
