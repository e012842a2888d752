"""A clean account, loaded once; each test damages a copy of the database of its own."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from dagster import AssetKey

from clockify_dagster.cli.check import all_findings
from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs.checks import reconciled
from clockify_dagster.reconcile import CHECK
from clockify_dagster.sandbox import Account, Sandbox
from clockify_dagster.sandbox.account import interval
from clockify_dagster.sandbox.documents import entry
from clockify_dagster.warehouse.audit import Finding
from clockify_dagster_tests.conftest import Document, Project

MakeProject = Callable[..., Project]
DAYS = 40
TODAY = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
START = (TODAY - timedelta(days=DAYS + 5)).date()


@dataclass(frozen=True)
class Loaded:
    """A sandbox that serves an account, and the database into which it was loaded."""

    sandbox: Sandbox
    database: Path


def clean_account(plan: str = "PRO") -> tuple[Account, Document]:
    """An account in which nothing is out of order, and its workspace; made twice on a day it is the same."""
    account = Account(timezone="UTC", now=lambda: TODAY - timedelta(days=DAYS + 20))
    place = account.add_workspace("Clean", plan)
    people = [account.add_user(place, f"Person {n}", status="LIMITED" if n == 2 else "ACTIVE") for n in range(4)]
    account.deactivate_user(place, people[3])
    client = account.add_client(place)
    account.archive(account.add_client(place, "Past"))
    projects = [account.add_project(place, f"Project {n}", client) for n in range(3)]
    tasks = [account.add_task(place, project, assignees=people[:2]) for project in projects]
    tags = [account.add_tag(place, f"tag {n}") for n in range(6)]
    account.add_group(place, "Everybody", people)
    account.add_group(place, "Some", people[:3])
    for back in range(1, DAYS):
        for number, user in enumerate(people):
            start = TODAY - timedelta(days=back) + timedelta(hours=8 + number)
            chosen = (back + number) % 3
            account.add_entry(
                place,
                user,
                start,
                start + timedelta(minutes=90, seconds=number),
                projectId=projects[chosen]["id"],
                taskId=tasks[chosen]["id"],
                tagIds=[tags[back % 6]["id"]],
                billable=True,
            )
    night = TODAY - timedelta(days=5, hours=2)
    account.add_entry(place, people[0], night, night + timedelta(hours=5))
    account.now = lambda: datetime.now(timezone.utc)
    return account, place


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The clean account, with all its tables loaded once."""
    with Sandbox(clean_account()[0]) as sandbox:
        yield load_clean(sandbox, tmp_path_factory.mktemp("clean"))


def load_clean(sandbox: Sandbox, folder: Path) -> Loaded:
    """Load all tables of the account that the sandbox serves."""
    with pytest.MonkeyPatch.context() as patch:
        project = Project(sandbox.account, sandbox, folder, patch.setenv)
        settle(project, sandbox)
        project.run("clockify_everything", Days(project.settings.start_date, project.calendar.today))
        return Loaded(sandbox, project.database)


@pytest.fixture
def loaded(clean: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a copy of the clean database. Its account is everybody's: tests do not change it."""
    project = Project(clean.sandbox.account, clean.sandbox, tmp_path, monkeypatch.setenv)
    settle(project, clean.sandbox)
    copy(clean, project)
    return project


def copy(clean: Loaded, project: Project) -> None:
    """Give the project a copy of the clean database, as if it were loaded now: an old load is asked about."""
    shutil.copyfile(clean.database, project.database)
    seconds = int(time.time() - clean.database.stat().st_mtime)
    if seconds > 60:  # only where the tests take long, since it costs as much as many of them
        for table, column in (("loads", "loaded_at"), ("change_feed", "read_from")):
            project.execute(f"UPDATE clockify_state.{table} SET {column} = {column} + to_seconds({seconds})")


def settle(project: Project, sandbox: Sandbox) -> None:
    project.point_at(
        sandbox,
        start_date=START,
    )


def refresh(project: Project, table: str) -> None:
    """Load one of the reference tables again, without its checks."""
    job = project_definitions(project.settings).resolve_job_def("clockify_reference")
    subset = job.get_subset(asset_selection={AssetKey(table)}, asset_check_selection=set())
    assert subset.execute_in_process(instance=project.instance).success


def findings(project: Project) -> dict[tuple[str, str], Finding]:
    """What `clockify-dagster check` finds of the tables, by table and check."""
    found, _ = all_findings(project.settings, project.warehouse)
    of_tables = (finding for finding in found if finding.check.table in CONTRACT)
    return {(finding.check.table, finding.check.name): finding for finding in of_tables}


def failed(project: Project) -> dict[tuple[str, str], Finding]:
    """Those that failed."""
    return {place: finding for place, finding in findings(project).items() if finding.passed is False}


ENTRIES, ALL = "clockify_time_entries", "clockify_daily"


@pytest.fixture
def make_loaded(clean: Loaded, make_project: MakeProject) -> Callable[..., Project]:
    """A project with a clean account loaded, or one that the given job loads (a clean one with something added)."""

    def make(account: Account | None = None, job: str | None = None, **variables: object) -> Project:
        project = make_project(account or clean_account()[0], **{"start_date": START, **variables})
        if job != ALL:
            copy(clean, project)
        if job:
            project.run(job, Days(project.settings.start_date, project.calendar.today), checks=False)
        return project

    return make


def compared(project: Project) -> tuple[Finding, list[str]]:
    """What the check finds, and the requests it makes."""
    before = len(project.sandbox.requests)
    (finding,) = reconciled(project.settings, project.calendar, project.warehouse, [CHECK])
    return finding, [request.path for request in project.sandbox.requests][before:]


def entries_of(account: Account) -> list[Document]:
    (place,) = account.workspaces.values()
    return sorted(place.entries.by_id.values(), key=lambda each: str(each["timeInterval"]["start"]))


def age(project: Project, hours: int) -> None:
    """Let the loads have been made so long ago."""
    project.execute(f"UPDATE clockify_state.loads SET loaded_at = loaded_at - INTERVAL {hours} HOUR")
    project.execute(f"UPDATE clockify_state.change_feed SET read_from = read_from - INTERVAL {hours} HOUR")


def fill(project: Project, number_of_entries: int) -> None:
    """Fill account and table with entries, by hand: loading is not what is tried here."""
    (place,) = project.account.workspaces.values()
    users = sorted(place.members)
    begins = TODAY - timedelta(days=800)
    document = entry("", place.identity, "")
    for number in range(0, number_of_entries, 4):
        start = begins + timedelta(minutes=42 * (number // 4))
        times = interval(start, start + timedelta(minutes=40))
        for n, user in enumerate(users):
            place.entries.put({**document, "id": f"{number + n:024x}", "userId": user, "timeInterval": times})
    project.execute(
        "INSERT INTO clockify_timeentries (id, workspaceid, userid, timeinterval_start, timeinterval_end) "
        "SELECT printf('%024x', n), $place, list_extract($users::VARCHAR[], (n % 4)::INTEGER + 1), "
        "$begins::TIMESTAMPTZ + to_minutes(42 * (n // 4)), $begins::TIMESTAMPTZ + to_minutes(42 * (n // 4) + 40) "
        f"FROM range({number_of_entries}) AS r(n)".replace("$place", f"'{place.identity}'")
        .replace("$users", str(users))
        .replace("$begins", f"'{begins.isoformat()}'")
    )
    project.execute(f"UPDATE clockify_state.loaded_ranges SET range_start = '{begins.isoformat()}'")
