"""Fresh time entries: every day that should be there is, and was over when it was last loaded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from dagster import AssetKey

from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster.definitions import project_definitions
from clockify_dagster.warehouse import load_state
from clockify_dagster.warehouse.audit import AuditContext, Finding, audit
from clockify_dagster.warehouse.ddl import ensure_table
from clockify_dagster.warehouse.state_tables import ensure_state
from clockify_dagster.warehouse.workspace_state import NOT_CHOSEN, UNSEEN, record_workspaces
from clockify_dagster_tests.checks.conftest import MakeProject, clean_account, findings
from clockify_dagster_tests.conftest import Project

ENTRIES = CONTRACT["clockify_timeentries"]
START = date(2026, 1, 1)
DAY = timedelta(days=1)
ZONES = ["UTC", "Europe/Belgrade", "Pacific/Kiritimati", "Pacific/Pago_Pago"]


class File:
    """A file whose days were loaded when the test says so, of workspaces `w` and whichever else it names."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, zone: str = "UTC") -> None:
        self.connection, self.zone = connection, ZoneInfo(zone)
        connection.execute("CREATE TABLE clockify_workspaces (id VARCHAR)")
        ensure_table(connection, ENTRIES)
        ensure_state(connection)

    def at(self, day: date, hour: float) -> datetime:
        """The instant at which this machine has read so many hours of a day."""
        return datetime.combine(day, time(), self.zone) + timedelta(hours=hour)

    def load(self, first: date, last: date, listed_at: datetime, *workspaces: str) -> None:
        for workspace in workspaces or ("w",):
            self.connection.execute(
                "INSERT INTO clockify_workspaces SELECT $1 WHERE $1 NOT IN (FROM clockify_workspaces)", [workspace]
            )
        load_state.record_span(self.connection, workspaces or ("w",), Days(first, last).span(self.zone), listed_at)

    def judge(self, now: datetime, start: date = START) -> Finding:
        days = Days(start, now.astimezone(self.zone).date())
        (finding,) = audit(AuditContext(self.connection, now, days=days, zone=self.zone), ENTRIES, ["is_fresh"])
        assert finding.severity == "WARN"
        return finding


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@pytest.fixture(params=ZONES)
def file(request: pytest.FixtureRequest, connection: duckdb.DuckDBPyConnection) -> File:
    return File(connection, request.param)


def test_january_alone_is_not_fresh_in_november_however_new_its_load(file: File) -> None:
    november = date(2026, 11, 25)
    file.load(START, date(2026, 1, 31), file.at(november, 10))
    finding = file.judge(file.at(november, 10.5))
    assert finding.passed is False
    assert finding.numbers["days"] == 329
    assert finding.numbers["days never loaded"] == 298
    assert finding.numbers["never loaded"] == ["2026-02-01 to 2026-11-25"]
    assert finding.numbers["days loaded before they were over"] == 0
    assert "Days never loaded: 298 of 329 (2026-02-01 to 2026-11-25)." in finding.message
    assert f"Nothing after 2026-02-01 00:00 ({file.zone.key}) is loaded: does the schedule run?" in finding.message
    assert "`clockify-dagster sync` loads what is missing" in finding.message


def test_a_day_that_was_loaded_at_five_in_the_afternoon_and_never_again_is_named(file: File) -> None:
    day, today = date(2026, 3, 10), date(2026, 4, 20)
    file.load(START, day, file.at(day, 17))
    file.load(day + DAY, today, file.at(today, 5))
    finding = file.judge(file.at(today, 6))
    assert finding.passed is False
    assert finding.numbers["loaded before they were over"] == ["2026-03-10"]
    assert (finding.numbers["days loaded before they were over"], finding.numbers["days never loaded"]) == (1, 0)
    assert "Days last loaded before they were over: 1 (2026-03-10)." in finding.message
    assert "schedule" not in finding.message
    file.load(day, day, file.at(today, 6))
    assert file.judge(file.at(today, 7)).passed is True


def test_a_schedule_that_has_stopped_is_seen_whatever_was_backfilled_since(file: File) -> None:
    last, today = date(2026, 6, 10), date(2026, 6, 15)
    file.load(START, last, file.at(last, 5))
    file.load(date(2026, 2, 1), date(2026, 2, 28), file.at(today, 9))
    finding = file.judge(file.at(today, 10))
    assert finding.passed is False
    assert finding.numbers["never loaded"] == ["2026-06-11 to 2026-06-15"]
    assert finding.numbers["loaded before they were over"] == ["2026-06-10"]
    assert f"Nothing after 2026-06-10 05:00 ({file.zone.key}) is loaded: does the schedule run?" in finding.message


@pytest.mark.parametrize("hour", [0.25, 5, 12, 23.75])
def test_a_schedule_that_runs_once_a_day_is_fresh_at_every_hour_until_it_has_missed_a_day(
    file: File, hour: float
) -> None:
    day = date(2026, 6, 10)
    file.load(START, day, file.at(day, hour))
    for hours in (0, 12, 24, 35):
        finding = file.judge(file.at(day, hour + hours))
        assert finding.passed is True, (hours, finding.message)
        assert f"Loaded without a gap from 2026-01-01 up to {file.at(day, hour):%Y-%m-%d %H:%M}" in finding.message
    assert file.judge(file.at(day, hour + 37)).passed is False


def test_the_first_few_ranges_are_named_and_all_are_counted(file: File) -> None:
    today = date(2026, 3, 1)
    for number in range(20):
        file.load(START + 3 * number * DAY, START + (3 * number + 1) * DAY, file.at(today, 1))
    finding = file.judge(file.at(today, 2))
    assert finding.numbers["days never loaded"] == 20
    assert "20 of 60 (2026-01-03, 2026-01-06, 2026-01-09 and 17 more ranges)" in finding.message


def test_days_that_the_clock_makes_longer_or_shorter_are_days(connection: duckdb.DuckDBPyConnection) -> None:
    file = File(connection, "Europe/Belgrade")
    summer, winter, today = date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 2)
    file.load(START, summer - DAY, file.at(today, 5))
    file.load(summer + DAY, winter - DAY, file.at(today, 5))
    file.load(winter + DAY, today, file.at(today, 5))
    assert file.judge(file.at(today, 6)).numbers["never loaded"] == [str(summer), str(winter)]


def test_only_days_since_the_start_date_are_expected(file: File) -> None:
    today = date(2026, 6, 10)
    file.load(date(2026, 6, 1), today, file.at(today, 5))
    assert file.judge(file.at(today, 6)).passed is False
    assert file.judge(file.at(today, 6), start=date(2026, 6, 1)).passed is True
    assert file.judge(file.at(today, 6), start=date(2026, 6, 5)).passed is True, "what is loaded besides does no harm"
    assert file.judge(file.at(today, 6), start=today).passed is True


def test_each_workspace_needs_its_days_and_those_that_lack_some_are_named(file: File) -> None:
    today = date(2026, 6, 10)
    file.load(START, today, file.at(today, 5), "first", "second", "third")
    file.load(date(2026, 2, 1), date(2026, 2, 2), file.at(today, 6), "first", "third")
    finding = file.judge(file.at(today, 7))
    assert finding.numbers["never loaded"] == ["2026-02-01 to 2026-02-02"]
    assert finding.numbers["workspaces"] == ["second"]
    assert "1 of 3 workspaces: second." in finding.message
    file.connection.execute("DELETE FROM clockify_workspaces WHERE id = 'second'")
    assert file.judge(file.at(today, 7)).passed is True, "its rows stay, and no sync loads it any more"


def test_no_day_is_expected_of_a_workspace_that_is_left_out_or_never_could_be_read(file: File) -> None:
    today = date(2026, 6, 10)
    file.load(START, today, file.at(today, 5), "mine")
    file.connection.execute("INSERT INTO clockify_workspaces VALUES ('unseen'), ('member'), ('not chosen')")
    assert file.judge(file.at(today, 6)).passed is False
    unread = {"unseen": UNSEEN, "member": "NotAllowedError", "not chosen": NOT_CHOSEN}
    record_workspaces(file.connection, [ENTRIES.name], ["mine"], unread)
    assert file.judge(file.at(today, 6)).passed is True


def test_a_table_is_not_fresh_where_a_workspace_could_not_be_read_for_longer(loaded: Project) -> None:
    (place,) = loaded.account.workspaces
    table = "clockify_clients"
    with loaded.warehouse.database.writing() as connection:
        record_workspaces(connection, [table], [], {place: "ServerError"})
    assert findings(loaded)[table, "is_fresh"].passed is True, "it was read a moment ago"
    loaded.execute("UPDATE clockify_state.workspace_loads SET read_at = read_at - INTERVAL 2 DAY")
    finding = findings(loaded)[table, "is_fresh"]
    assert (finding.passed, finding.severity, finding.numbers["workspaces"]) == (False, "WARN", [place])
    assert "That did not read Clean, nor did any load of the last 36 hours." in finding.message
    loaded.execute("UPDATE clockify_state.workspace_loads SET unread = 'NotAllowedError'")
    assert findings(loaded)[table, "is_fresh"].passed is True, "it is not on this plan"
    loaded.execute("UPDATE clockify_state.workspace_loads SET unread = $1", NOT_CHOSEN)
    assert findings(loaded)[table, "is_fresh"].passed is True, "it is not asked for"


def test_a_part_that_was_loaded_on_purpose_is_a_warning_in_the_command_and_in_dagster(
    make_project: MakeProject,
) -> None:
    project = make_project(clean_account()[0])
    today = project.calendar.today
    project.set(start_date=today - 9 * DAY)
    result = project.run("clockify_daily", Days(today - 9 * DAY, today - 7 * DAY))
    in_dagster = {
        str(each.description)
        for each in result.get_asset_check_evaluations()
        if (each.asset_key.path[-1], each.check_name) == (ENTRIES.name, "is_fresh")
    }
    finding = findings(project)[ENTRIES.name, "is_fresh"]
    assert (finding.passed, finding.is_error, finding.numbers["days never loaded"]) == (False, False, 7)
    assert in_dagster == {finding.message}


def test_dagster_has_no_freshness_policy_that_could_say_otherwise(loaded: Project) -> None:
    graph = project_definitions(loaded.settings).resolve_asset_graph()
    assert {graph.get(AssetKey(table.name)).freshness_policy for table in loaded.settings.contract} == {None}
