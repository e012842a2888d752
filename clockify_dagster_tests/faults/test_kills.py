"""`kill -9` at any moment of a sync, also in the middle of a write: each family of tables is old or new as a whole.

A family is a table with its child tables, and what the database remembers of loading them.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, DagsterRunStatus

from clockify_dagster.cli.home import history
from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster.sandbox import Account
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.faults.conftest import Tables, everything
from clockify_dagster_tests.faults.expected import as_expected, expected
from clockify_dagster_tests.faults.moments import Moment, anywhere, in_write, is_writing, log_of
from clockify_dagster_tests.faults.syncs import Syncs
from clockify_dagster_tests.faults.test_process import leftovers
from clockify_dagster_tests.reported import REPORTED, reported
from clockify_dagster_tests.small import add_everything

ENTRIES = "clockify_timeentries"
RENAMED = {
    **dict.fromkeys(("clients", "projects", "tasks", "tags", "groups"), "name"),
    **dict.fromkeys(("custom_fields", "expense_categories", "holidays", "policies"), "name"),
    "expenses": "notes",
    "invoices": "note",
    "time_off_requests": "note",
    "assignments": "note",
}
"""By the sandbox's shelf, the text in which each state of its documents differs."""
KILLS, ANYWHERE, IN_WRITES = 15, 12, 5  # in each test
ENDED = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.NOT_STARTED}
DAYS = 12  # all within the window that every sync loads again


@pytest.fixture(params=["core", "all"])
def project(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Project:
    """With the core tables, and with all that there are, on a plan that has them."""
    account = small_account(DAYS, people=3) if request.param == "core" else Account()
    if request.param == "all":
        add_everything(account, days=DAYS)
    project = make_project(account, start_date=days_before_today(DAYS)[0], tables=request.param)
    monkeypatch.setenv("DAGSTER_HOME", str(project.folder / "home"))
    return project


@pytest.fixture
def syncs(project: Project) -> Iterator[Syncs]:
    syncs = Syncs(project.folder)
    yield syncs
    syncs.close()


def change_everything(project: Project, number: int) -> None:
    """Let each table of the account, and each of its rows that can be, differ from all that it was before."""
    with project.account.lock:
        place = next(iter(project.account.workspaces.values()))
        place.document["name"] = f"Agency {number}"
        shelves = [(getattr(place, shelf), field) for shelf, field in RENAMED.items()]
        for shelf, field in [*shelves, (project.account.users, "name")]:
            for document in shelf.values():
                document[field] = f"{(document[field] or '').split(' of')[0]} of state {number}"
        tag = project.account.add_tag(place.document, f"tag of state {number}")
        (task,) = place.tasks.values()
        task["assigneeIds"] = [random.choice(list(project.account.users))]  # noqa: S311 - no secret
        for entry in place.entries.by_id.values():
            entry["description"] = f"state {number}"
            entry["tagIds"] = [*entry["tagIds"][-1:], tag["id"]]
        # and some that the change feed tells of
        project.account.delete_entry(next(iter(place.entries.by_id)))
        project.account.edit_entry(next(iter(place.entries.by_id)), billable=number % 2 == 0)
        now = datetime.now(timezone.utc).replace(microsecond=0)
        project.account.add_entry(
            place.document, next(iter(project.account.users)), now - timedelta(hours=number), tagIds=[tag["id"]]
        )


def held(project: Project) -> Tables:
    """All that the database holds; nothing where there is none yet."""
    return everything(project.database) if project.database.exists() else {}


def roots_of(project: Project) -> list[str]:
    """The families of a sync."""
    return [root.name for root in project.settings.contract.roots if "integral" not in root.name]


def about(tables: Tables, root: str) -> list[object]:
    """A family's tables, and what the database remembers of loading them."""
    names = [table.name for table in CONTRACT.family(root)]
    # of a table whose rows go with others', some may be gone already
    found: list[object] = [] if CONTRACT[root].goes_with else [tables.get(f"main.{name}") for name in names]
    of_tables = ["loads", "report_ranges"]
    of_entries = ["loaded_ranges", "ranges_ahead", "change_feed", "change_feed_born"]
    for name in [*of_tables, *of_entries] if root == ENTRIES else of_tables:
        _, rows = tables.get(f"clockify_state.{name}", ([], []))
        found.append([row for row in rows if name not in of_tables or row[0] in names])
    return found


def assert_exact(project: Project, tables: Tables, root: str) -> None:
    """Assert that a family's tables hold what the account holds, no more, no less."""
    if root in REPORTED:
        days = Days(project.settings.start_date, project.calendar.today)
        (place,) = project.account.workspaces
        wanted = reported(project.sandbox, project.settings.timezone, place, root, days)
        assert len(tables[f"main.{root}"][1]) == len(wanted), root
        return
    for name, rows in expected(project.account, root, project.settings.contract).items():
        assert as_expected(name, *tables[f"main.{name}"]) == rows, name


def assert_old_or_new(project: Project, before: Tables) -> set[str]:
    """Assert that each family is as it was, with every column, or as the account is now. Gives those that are new."""
    now = held(project)
    new = {root for root in roots_of(project) if about(now, root) != about(before, root)}
    for root in {each for each in roots_of(project) if CONTRACT[each].goes_with} - new:
        rows_now, rows_before = (set(each.get(f"main.{root}", ([], []))[1]) for each in (now, before))
        assert rows_now <= rows_before, root
    for root in new:
        assert_exact(project, now, root)
        counts = {table.name: len(now[f"main.{table.name}"][1]) for table in project.settings.contract.family(root)}
        last = {name: rows for name, _, _, rows, *_ in sorted(now["clockify_state.loads"][1], key=lambda load: load[1])}
        assert {name: last[name] for name in counts} == counts, "what is remembered of the load is another one's"
    return new


def shown(instance: DagsterInstance, roots: Iterable[str], since: float) -> set[str]:
    """The tables that Dagster shows as materialized since then."""
    records = {root: instance.get_latest_materialization_event(AssetKey(root)) for root in roots}
    return {root for root, record in records.items() if record and record.timestamp >= since}


def moments(chance: random.Random, writes: int) -> list[Moment]:
    """When to kill, in an order of chance: all over the length of a sync, a moment in each part, and in writes."""
    found = [anywhere((part + chance.random()) / ANYWHERE, chance.uniform(0, 0.02)) for part in range(ANYWHERE)]
    for each in range(IN_WRITES):
        at_its_end = each % 2 == 1
        seconds = chance.uniform(0, 0.002 if at_its_end else 0.01)  # a write of these few rows takes no longer
        found.append(in_write(chance.randint(1, writes), seconds, at_its_end=at_its_end))
    chance.shuffle(found)
    return found


def kill(project: Project, syncs: Syncs, moment: Moment, length: float) -> str:
    """Begin a sync and kill it; gives where it was then, or nothing where it had ended before."""
    pid = syncs.begin()
    moment(project, pid, length)
    where = ""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # so that we can look, and nothing happens between the look and the kill
        where = "outside of writes"
        if is_writing(pid, project.database):
            where = "in the end of a write" if log_of(project).exists() else "in a write"
        os.kill(pid, signal.SIGKILL)
    code, _ = syncs.end()
    assert code in (0, -signal.SIGKILL), syncs.log.read_text()[-3000:]
    return where if code else ""


def complete(project: Project, syncs: Syncs) -> float:
    """Run a sync to its end, and assert that all is exact; gives the processor's seconds it took."""
    syncs.begin()
    code, seconds = syncs.end()
    assert code == 0, syncs.log.read_text()[-3000:]
    tables = held(project)
    for root in roots_of(project):
        assert_exact(project, tables, root)
    return seconds


@contextmanager
def named(seed: int, what: str) -> Iterator[None]:
    """Say with a failure how to have it again."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"with seed {seed}, {what}: {error}") from error


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="who writes is seen from Linux's list of locks")
@pytest.mark.long
def test_a_sync_that_is_killed_leaves_each_family_old_or_new_and_the_next_one_heals(
    project: Project, syncs: Syncs
) -> None:
    seed = int(os.environ.get("KILLS_SEED") or random.randrange(10_000))  # noqa: S311 - moments, no secrets
    chance = random.Random(seed)  # noqa: S311 - likewise
    where, roots = Counter[str](), roots_of(project)
    with history() as instance:
        length = complete(project, syncs)
        for number, moment in enumerate(moments(chance, len(roots)), 1):
            if number % 8 == 0:  # as somebody does who begins anew; so the making of the file is among what is killed
                project.database.unlink(missing_ok=True)
            change_everything(project, number)
            before, began = held(project), time.time()
            with named(seed, f"kill {number}"):
                where[kill(project, syncs, moment, length)] += 1
                new = assert_old_or_new(project, before)
                assert shown(instance, roots, began) <= new, "a table is shown as materialized that is not"
        change_everything(project, 0)
        with named(seed, "after all kills"):
            complete(project, syncs)
            assert leftovers(project) == []
            assert {run.status for run in instance.get_runs()} <= ENDED
    in_writes = where["in a write"] + where["in the end of a write"]
    assert sum(where.values()) - where[""] >= KILLS, f"with seed {seed} too many came too late: {where}"
    assert in_writes, f"with seed {seed}: {where}"
