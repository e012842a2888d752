"""Fresh tables of reports: every day that should be there was loaded, and the last load is not old."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import duckdb
import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster.warehouse.audit import AuditContext, Finding, audit
from clockify_dagster.warehouse.ddl import ensure_table
from clockify_dagster.warehouse.load_state import record_load
from clockify_dagster.warehouse.report_state import record_report
from clockify_dagster.warehouse.state_tables import ensure_state
from clockify_dagster.warehouse.workspace_state import NOT_CHOSEN, UNSEEN, record_workspaces

ZONE = ZoneInfo("Europe/Belgrade")
TODAY = datetime.now(ZONE).date()
DAY = timedelta(days=1)
START = TODAY - 60 * DAY


class Report:
    """A table of a report, loaded as the test says, of the workspaces `first` and `second`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self.connection, self.table = connection, CONTRACT[name]
        connection.execute("CREATE TABLE clockify_workspaces (id VARCHAR)")
        connection.execute("INSERT INTO clockify_workspaces VALUES ('first'), ('second')")
        ensure_table(connection, self.table)
        ensure_state(connection)

    def load(self, first: date, last: date, *read: str, unread: Mapping[str, str] | None = None) -> None:
        """A load that is written now."""
        name, now, why = self.table.name, datetime.now(timezone.utc), unread or {}
        record_report(self.connection, name, dict.fromkeys(read, Days(first, last).span(ZONE)), why)
        record_workspaces(self.connection, [name], read, why, now)
        record_load(self.connection, {name: 0}, {name: 0}, {}, now)

    def judge(self, later: timedelta = timedelta(0)) -> Finding:
        """What the check finds now, or that much later."""
        now = datetime.now(timezone.utc) + later
        days = Days(START, now.astimezone(ZONE).date())
        (finding,) = audit(AuditContext(self.connection, now, days=days, zone=ZONE), self.table, ["is_fresh"])
        assert finding.severity == "WARN"
        return finding


@pytest.fixture(params=["clockify_timeentries__billing", "clockify_attendance"])
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield Report(connection, request.param)


def test_days_of_a_report_that_no_load_has_read_are_counted_and_named(report: Report) -> None:
    report.load(TODAY - 10 * DAY, TODAY, "first", "second")
    finding = report.judge()
    assert finding.passed is False
    assert (finding.numbers["days"], finding.numbers["days never loaded"]) == (61, 50)
    assert finding.numbers["never loaded"] == [f"{START} to {TODAY - 11 * DAY}"]
    assert f"Days never loaded: 50 of 61 ({START} to {TODAY - 11 * DAY})." in finding.message
    assert "`clockify-dagster sync` loads what is missing" in finding.message
    report.load(START, TODAY - 11 * DAY, "first", "second")
    assert report.judge().passed is True


def test_a_report_is_fresh_until_its_last_load_is_old_or_a_day_is_missed(report: Report) -> None:
    report.load(START, TODAY, "first", "second")
    assert report.judge(timedelta(hours=35)).passed is True
    assert report.judge(timedelta(hours=37)).passed is False
    assert "Days never loaded" in report.judge(timedelta(days=4)).message


def test_each_workspace_needs_its_days_of_a_report(report: Report) -> None:
    report.load(START, TODAY - 30 * DAY, "first", unread={"second": "ServerFaultError"})
    report.load(TODAY - 29 * DAY, TODAY, "first", "second")
    finding = report.judge()
    assert (finding.passed, finding.numbers["workspaces"]) == (False, ["second"])
    assert "This concerns 1 of 2 workspaces: second." in finding.message


@pytest.mark.parametrize("why", ["NotAllowedError", UNSEEN, NOT_CHOSEN])
def test_no_day_of_a_report_is_expected_of_a_workspace_that_has_none_on_its_plan_or_is_left_out(
    report: Report, why: str
) -> None:
    report.load(START, TODAY - 30 * DAY, "first", "second")
    report.load(TODAY - 29 * DAY, TODAY, "first", unread={"second": why})
    assert report.judge().passed is True
    report.load(START, TODAY, unread={"first": "NotAllowedError", "second": why})
    assert report.judge().passed is True, "no workspace has it any more"


def test_a_file_that_does_not_remember_the_days_is_judged_by_its_last_load(report: Report) -> None:
    report.load(TODAY, TODAY, "first", "second")
    report.connection.execute("DROP TABLE clockify_state.report_ranges")
    assert report.judge().passed is True
    assert report.judge(timedelta(days=2)).passed is False
