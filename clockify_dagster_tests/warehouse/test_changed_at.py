"""`_changed_at`: when a row's content last changed here, whatever is written again in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.days import Span
from clockify_dagster.warehouse import Database, PageStaging
from clockify_dagster.warehouse.ddl import ensure_table
from clockify_dagster.warehouse.writer import replace_span, replace_tables
from clockify_dagster_tests.conftest import Document
from clockify_dagster_tests.warehouse.pages import ENTRIES, TAGS, encoded, entry

MARCH = Span(datetime(2024, 3, 1, tzinfo=timezone.utc), datetime(2024, 4, 1, tzinfo=timezone.utc))
APRIL = {"start": "2024-04-02T08:00:00Z", "end": "2024-04-02T09:30:00Z", "duration": "PT1H30M"}
MakeStaging = Callable[..., PageStaging]
Put = Callable[..., dict[str, list[str]]]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "clockify.duckdb", lock_timeout=1)


@pytest.fixture
def put(database: Database, make_staging: MakeStaging) -> Put:
    """Load these entries in place of March's, or of all; gives, by table, the keys of rows that are new or changed."""

    def load(*documents: Document, whole: bool = False, **options: Any) -> dict[str, list[str]]:
        staging = make_staging()
        staging.add(encoded(list(documents)))
        staging.finish()
        with database.writing() as connection:
            if whole:
                replace_tables(connection, staging, **options)
            else:
                replace_span(connection, staging, MARCH, ZoneInfo("UTC"), **options)
        return changed(database)

    return load


def changed(database: Database) -> dict[str, list[str]]:
    """By table, the keys of the rows that the last load found new or changed."""
    keys = {ENTRIES: "id", TAGS: "timeentry_id || ' ' || tag_id"}
    with database.reading() as connection:
        (last,) = connection.execute(f"SELECT max(_loaded_at) FROM {ENTRIES}").fetchall()[0]
        sql = "SELECT {} FROM {} WHERE _changed_at = ? ORDER BY 1"
        return {
            table: [key for (key,) in connection.execute(sql.format(key, table), [last]).fetchall()]
            for table, key in keys.items()
        }


@pytest.mark.parametrize("whole", [False, True])
def test_a_row_that_comes_as_it_was_keeps_when_it_changed_and_says_when_it_was_loaded(
    database: Database, put: Put, whole: bool
) -> None:
    assert put(entry("a"), entry("b"), whole=whole) == {ENTRIES: ["a", "b"], TAGS: ["a t1", "b t1"]}
    assert put(entry("a"), entry("b"), whole=whole) == {ENTRIES: [], TAGS: []}
    with database.reading() as connection:
        for table in (ENTRIES, TAGS):
            times = connection.execute(f"SELECT count(*), bool_and(_changed_at < _loaded_at) FROM {table}").fetchall()
            assert times == [(2, True)]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    "edit",
    [
        {"description": "other work"},
        {"description": None},
        {"billable": False},
        {"hourlyRate": {"amount": 10501, "currency": "USD"}},
        {"hourlyRate": None},
        {"timeInterval": {"start": "2024-03-01T08:00:00Z", "end": "2024-03-01T09:30:01Z", "duration": "PT1H30M"}},
        {"projectId": None, "taskId": "p1"},  # the same values in other columns
        {"timeInterval": APRIL},
    ],
    ids=lambda edit: ", ".join(edit),
)
def test_a_change_in_any_column_is_seen_and_only_there(put: Put, edit: Document, whole: bool) -> None:
    put(entry("a"), entry("b"), whole=whole)
    assert put(entry("a", **edit), entry("b"), whole=whole) == {ENTRIES: ["a"], TAGS: []}


def test_a_row_that_is_new_beside_old_ones_has_changed_when_it_came(put: Put) -> None:
    put(entry("a"))
    assert put(entry("a"), entry("b")) == {ENTRIES: ["b"], TAGS: ["b t1"]}


def test_an_entry_that_moved_has_changed_and_its_tags_have_not(put: Put) -> None:
    put(entry("a", timeInterval=APRIL), entry("b"))
    assert put(entry("a"), entry("b")) == {ENTRIES: ["a"], TAGS: []}
    assert put(entry("a", timeInterval=APRIL), entry("b")) == {ENTRIES: ["a"], TAGS: []}


def test_a_tag_that_was_added_is_new_and_the_others_of_the_entry_are_not(put: Put) -> None:
    put(entry("a", tagIds=["t1", "t2"]))
    assert put(entry("a", tagIds=["t2", "t3"])) == {ENTRIES: [], TAGS: ["a t3"]}


def test_a_row_that_was_gone_in_between_is_new_again(put: Put) -> None:
    put(entry("a"), entry("b"))
    put(entry("b"))
    assert put(entry("a"), entry("b")) == {ENTRIES: ["a"], TAGS: ["a t1"]}


def test_rows_that_were_not_read_stay_with_their_times(put: Put) -> None:
    put(entry("a", userId="gone"), entry("b"))
    assert put(entry("b"), whole=True, retained_users=[("w1", "gone")]) == {ENTRIES: [], TAGS: []}


def test_a_row_that_stands_there_twice_comes_back_once(database: Database, put: Put) -> None:
    put(entry("a"))
    with database.writing() as connection:
        connection.execute(f"INSERT INTO {ENTRIES} SELECT * FROM {ENTRIES}")
    put(entry("a"))
    with database.reading() as connection:
        assert connection.execute(f"SELECT count(*) FROM {ENTRIES}").fetchall() == [(1,)]


@pytest.mark.parametrize("table", list(CONTRACT), ids=lambda table: table.name)
def test_rows_of_an_older_file_have_changed_when_they_were_loaded(database: Database, table: Table) -> None:
    loaded_at = MARCH.start + timedelta(hours=5)
    with database.writing() as connection:
        ensure_table(connection, table)
        connection.execute(f"ALTER TABLE {table.name} DROP COLUMN _changed_at")
        connection.execute(f"INSERT INTO {table.name} (_loaded_at) VALUES (?)", [loaded_at])
    with database.writing() as connection:
        ensure_table(connection, table)
    with database.reading() as connection:
        assert connection.execute(f"SELECT _changed_at FROM {table.name}").fetchall() == [(loaded_at,)]


def test_a_sync_of_an_older_file_finds_that_nothing_has_changed(database: Database, put: Put) -> None:
    put(entry("a"))
    with database.writing() as connection:
        for table in (ENTRIES, TAGS):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN _changed_at")
    assert put(entry("a")) == {ENTRIES: [], TAGS: []}
