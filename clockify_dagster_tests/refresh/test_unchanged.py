"""Of many users with few entries only those are listed whose entries have changed, and the rows are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clockify_dagster.api import ClockifyClient, Transport
from clockify_dagster.contract import CONTRACT, flatten
from clockify_dagster.refresh import Scope, refresh_span
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults
from clockify_dagster.warehouse import Span, TablesLoad, Warehouse
from clockify_dagster.warehouse.connection import Database
from clockify_dagster.warehouse.staging import Staging

Document = dict[str, Any]
USERS = 14
ONCE = 1 + 1 + 3  # users and tags; what the change feed takes


class Office:
    """An account with a day's work of many, and a warehouse into which it was loaded once."""

    def __init__(self, sandbox: Sandbox, database: Path) -> None:
        self.sandbox, self.account = sandbox, sandbox.account
        self.warehouse = Warehouse(Database(database))
        self.place = self.account.add_workspace("Office")["id"]
        self.tags = [self.account.add_tag(self.place, name) for name in ("kept", "doomed")]
        self.users = [self.account.add_user(self.place, f"user {n}") for n in range(USERS)]
        morning = self.account.now().replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=2)
        self.entries = [
            self.account.add_entry(self.place, user, morning, tagIds=[self.tags[n % 2]["id"]])
            for n, user in enumerate(self.users)
        ]

    def refresh(self, entries_from: str = "auto", days: int = 30) -> list[str]:
        """Refresh the tags and the entries of the last days, of 200; gives the paths that were asked for."""
        self.sandbox.reset_requests()
        end = self.account.now() + timedelta(days=1)
        with Transport(self.sandbox.api_key, requests_per_second=1e9) as transport:
            client = ClockifyClient(transport, self.sandbox.api_url, self.sandbox.reports_url)
            tags = Staging(CONTRACT.family("clockify_tags"))
            for page in client.tags(self.place):
                tags.add(flatten(tags.family, page))
            self.warehouse.write(TablesLoad(tags))
            scope = Scope(
                client,
                self.warehouse,
                "clockify_timeentries",
                {self.place: "Office"},
                span=Span(end - timedelta(days=days), end),
                limits=Span(end - timedelta(days=200), end),
                entries_from=entries_from,
            )
            load, _ = refresh_span(scope)
            self.warehouse.write(load)
        return [request.path for request in self.sandbox.requests]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse.database.reading() as connection:
            return connection.execute(sql).fetchall()

    def listed(self, asked: list[str]) -> set[str]:
        """The users whose entries were listed."""
        return {path.split("/user/")[1].split("/")[0] for path in asked if "/user/" in path}

    def assert_equal(self) -> None:
        """The tables hold what the account has."""
        every = self.account.workspace(self.place).entries.by_id.values()
        held = self.rows("SELECT id, description, userid, projectid, hourlyrate__amount FROM clockify_timeentries")
        assert sorted(held) == sorted(
            (
                *(each["id"], each["description"], each["userId"], each["projectId"]),
                each["hourlyRate"] and each["hourlyRate"]["amount"],
            )
            for each in every
        )
        tags = self.rows("SELECT timeentry_id, tag_id FROM clockify_timeentries__tags")
        assert sorted(tags) == sorted((each["id"], tag) for each in every for tag in each["tagIds"])


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Office]:
    with Sandbox(Account()) as sandbox:
        yield Office(sandbox, tmp_path / "clockify.duckdb")


@pytest.fixture
def office(empty: Office) -> Office:
    empty.refresh(days=200)
    return empty


def test_where_nothing_has_changed_nobody_is_listed(office: Office) -> None:
    asked = office.refresh()
    assert office.listed(asked) == set()
    assert len(asked) == ONCE + 2
    office.assert_equal()


def test_only_those_are_listed_whose_entries_have_changed(office: Office) -> None:
    moment = office.account.now() - timedelta(days=3)
    edits: list[Callable[[], Any]] = [
        lambda: office.account.edit_entry(office.entries[0], description="edited"),
        lambda: office.account.edit_entry(office.entries[1], tagIds=[]),
        lambda: office.account.delete_entry(office.entries[2]),
        lambda: office.account.add_entry(office.place, office.users[3], moment),
        lambda: office.account.move_entry(office.entries[4], moment),
        lambda: office.account.move_entry(office.entries[5], moment - timedelta(days=100)),
        lambda: office.account.edit_entry(office.entries[6], userId=office.users[7]["id"]),
        lambda: office.account.edit_entry(office.entries[8], billable=True),
        lambda: office.account.edit_entry(office.entries[9], isLocked=True),
        lambda: office.account.add_entry(office.place, office.users[10], moment, None),
    ]
    for edit in edits:
        edit()
    asked = office.refresh()
    assert office.listed(asked) == {user["id"] for user in office.users[:11]}
    office.assert_equal()


def test_an_edit_that_no_report_shows_comes_by_the_feed(office: Office) -> None:
    office.account.edit_entry(office.entries[0], hourlyRate={"amount": 4200, "currency": "EUR"})
    office.refresh()
    office.assert_equal()


def test_a_tag_that_was_deleted_stays_with_its_entries_and_lists_nobody(office: Office) -> None:
    office.account.delete_tag(office.tags[1])
    assert office.listed(office.refresh()) == set()
    office.assert_equal()


def test_a_timer_that_runs_is_seen_to_stop(office: Office) -> None:
    timer = office.account.add_entry(office.place, office.users[0], office.account.now() - timedelta(hours=1), None)
    office.refresh()
    office.account.stop_timer(timer)
    office.refresh()
    sql = "SELECT count(*) FROM clockify_timeentries WHERE timeinterval_end IS NULL"
    assert office.rows(sql) == [(0,)]
    office.assert_equal()


@pytest.mark.parametrize("kind", [faults.Status(403), faults.Status(400)], ids=["by the plan", "by the range"])
def test_where_reports_are_refused_everybody_is_listed(office: Office, kind: faults.Kind) -> None:
    office.sandbox.faults.add(Fault("reports/detailed", kind, times=None))
    assert len(office.listed(office.refresh())) == USERS
    office.assert_equal()


def test_by_the_setting_everybody_is_listed(office: Office) -> None:
    assert len(office.refresh("users")) == ONCE + USERS


def test_a_first_load_lists_everybody_and_asks_for_no_report(empty: Office) -> None:
    asked = empty.refresh(days=200)
    assert len(asked) == ONCE - 3 + USERS


def test_by_the_setting_a_first_load_lists_only_those_who_have_entries(empty: Office) -> None:
    for entry in empty.entries[2:]:
        empty.account.delete_entry(entry)
    empty.account.add_entry(empty.place, empty.users[2], empty.account.now() - timedelta(hours=1), None)
    asked = empty.refresh("reports", days=200)
    assert empty.listed(asked) == {user["id"] for user in empty.users[:3]}
    empty.assert_equal()
