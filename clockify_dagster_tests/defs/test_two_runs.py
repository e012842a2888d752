"""Two runs at once: what one of them writes while the other is in the middle of a listing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from functools import partial

import pytest
from dagster import DagsterEventType, DagsterInstance, ExecuteInProcessResult

from clockify_dagster.defs import io_manager
from clockify_dagster.sandbox import Fault
from clockify_dagster.sandbox.kinds import Connection, Kind
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import TODAY, days_before_today
from clockify_dagster_tests.defs.running import ENTRIES, days_tags, logged, materialized, select
from clockify_dagster_tests.test_every_table import assert_equal

FIRST, LAST = days_before_today(10)[0], TODAY
DAYS = days_tags(FIRST.isoformat(), LAST.isoformat())
TAGS = f"{ENTRIES}__tags"


def retried(result: ExecuteInProcessResult) -> list[str]:
    """The steps that Dagster did again, once for each time."""
    return [str(e.step_key) for e in result.all_events if e.event_type == DagsterEventType.STEP_UP_FOR_RETRY]


def another_run(project: Project, *tables: str, **tags: str) -> ExecuteInProcessResult:
    """A run with a history of its own, as in another process."""
    with DagsterInstance.ephemeral() as instance:
        other = Project(project.account, project.sandbox, project.folder, project.setenv, instance)
        result = select(other, *tables, **tags)
    assert result.success
    return result


@dataclass
class Meanwhile(Kind):
    """Something happens once the answer is made up, before the client has it: here another run may ask as well."""

    sends = True
    happens: Callable[[], object]

    def send(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Let it happen, and send the answer."""
        self.happens()
        connection.send(head + body)


def meanwhile(project: Project, path: str, happens: Callable[[], object], *, times: int = 1) -> Fault:
    return project.sandbox.faults.add(Fault(path, Meanwhile(happens), times=times))


def add_entry(project: Project) -> None:
    """Somebody adds an entry of yesterday's last hour."""
    place = next(iter(project.account.workspaces.values()))
    start = datetime.combine(TODAY, time(), timezone.utc) - timedelta(hours=1)
    project.account.add_entry(place.document, next(iter(place.members)), start, start + timedelta(minutes=10))


def test_entries_that_another_run_wrote_meanwhile_are_read_again(project: Project) -> None:
    select(project, "clockify_workspaces")

    def another_run_finds_a_new_entry() -> None:
        add_entry(project)
        another_run(project, ENTRIES, TAGS, **DAYS)

    meanwhile(project, "/time-entries", another_run_finds_a_new_entry)
    result = select(project, ENTRIES, TAGS, **DAYS)
    assert result.success, project.failures(result)
    assert retried(result) == [ENTRIES]
    assert materialized(result) == [ENTRIES, TAGS]
    assert len(project.rows(ENTRIES)) == 21
    assert_equal(project, ENTRIES)


def test_a_run_that_finds_the_entries_written_again_and_again_fails_and_says_why(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(io_manager, "MOST_CONFLICTS", 1)
    select(project, "clockify_workspaces")
    other = partial(another_run, project, ENTRIES, **DAYS)
    user = next(iter(project.account.users))
    meanwhile(project, f"/user/{user}/time-entries", other)
    meanwhile(project, f"/user/{user}/time-entries", other).nth = 3
    result = select(project, ENTRIES, TAGS, **DAYS)
    assert not result.success
    assert retried(result) == [ENTRIES]
    assert project.failures(result)[ENTRIES].startswith("Another run has loaded clockify_timeentries while this one")
    assert_equal(project, ENTRIES)


def test_a_whole_table_that_another_run_has_read_later_keeps_the_later_rows(project: Project) -> None:
    select(project, "clockify_workspaces")
    place = next(iter(project.account.workspaces))

    def another_run_finds_a_new_tag() -> None:
        project.account.add_tag(place, "new")
        another_run(project, "clockify_tags")

    meanwhile(project, "/tags", another_run_finds_a_new_tag)
    result = select(project, "clockify_tags")
    assert result.success, project.failures(result)
    assert retried(result) == []
    assert {row["name"] for row in project.rows("clockify_tags")} == {"urgent", "new"}
    (line,) = [line for line in logged(project, result) if "from a later listing" in line]
    assert line == "Another run has loaded clockify_tags from a later listing; its rows stay."
    project.account.add_tag(place, "newest")
    select(project, "clockify_tags")
    assert_equal(project, "clockify_tags")
