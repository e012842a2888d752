"""Which rows replace which: whole tables, spans of time, parents with their children; keys stay unique throughout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Span
from clockify_dagster.warehouse import Database, PageStaging
from clockify_dagster.warehouse.dropped_rows import drop_workspaces
from clockify_dagster.warehouse.state_tables import ensure_state
from clockify_dagster.warehouse.writer import replace_span, replace_tables

Staged = Callable[..., PageStaging]
ENTRIES = CONTRACT.family("clockify_timeentries")
DAY = datetime(2026, 3, 1, tzinfo=timezone.utc)
SPAN = Span(DAY, DAY + timedelta(days=1))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "clockify.duckdb", lock_timeout=1)


def entry(identity: str, hour: int, *tags: str, user: str = "u", workspace: str = "w") -> dict[str, Any]:
    """An entry's document that starts so many hours after the day's beginning."""
    start = DAY + timedelta(hours=hour)
    interval = {"start": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "end": None, "duration": None}
    return {"id": identity, "workspaceId": workspace, "userId": user, "timeInterval": interval, "tagIds": list(tags)}


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Callable[..., PageStaging]]:
    """Rows on their way: `staged([entry(...), ...], [...])`, a list a page."""
    made = []

    def stage(*pages: Iterable[dict[str, Any]]) -> PageStaging:
        made.append(PageStaging(ENTRIES, Database(tmp_path / "clockify.duckdb")))
        for page in pages:
            made[-1].add(json.dumps(list(page)).encode())
        made[-1].finish()
        return made[-1]

    yield stage
    for staging in made:
        staging.close()


def held(database: Database) -> dict[str, list[str]]:
    """What is in the tables: by entry, its tags."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT id, coalesce(list(tag_id ORDER BY tag_id) FILTER (tag_id IS NOT NULL), []) "
            "FROM clockify_timeentries LEFT JOIN clockify_timeentries__tags ON id = timeentry_id "
            "GROUP BY id ORDER BY id"
        ).fetchall()
        (tags,) = connection.execute("SELECT count(*) FROM clockify_timeentries__tags").fetchall()[0]
    assert tags == sum(len(each) for _, each in rows), "no tag without its entry"
    return dict(rows)


def put(database: Database, staging: PageStaging, span: Span | None = SPAN, **options: Any) -> dict[str, int]:
    with database.writing() as connection:
        if span is None:
            return dict(replace_tables(connection, staging, **options).written)
        return dict(replace_span(connection, staging, span, ZoneInfo("UTC"), **options).written)


def test_a_span_is_replaced_and_what_is_outside_stays(database: Database, staged: Staged) -> None:
    put(database, staged([entry("a", 1, "x"), entry("b", 23, "x", "y"), entry("late", 30, "z")]), None)
    assert put(database, staged([entry("a", 2, "y"), entry("c", 3)])) == {
        "clockify_timeentries": 2,
        "clockify_timeentries__tags": 1,
        "clockify_timeentries__customfields": 0,
    }
    assert held(database) == {"a": ["y"], "c": [], "late": ["z"]}


def test_a_span_ends_before_its_end(database: Database, staged: Staged) -> None:
    put(database, staged([entry("first", 0), entry("next", 24)]), None)
    put(database, staged())
    assert held(database) == {"next": []}


def test_a_row_that_moved_in_is_there_once_with_its_new_children(database: Database, staged: Staged) -> None:
    put(database, staged([entry("a", 40, "x", "y")]), None)
    put(database, staged([entry("a", 4, "z")]))
    assert held(database) == {"a": ["z"]}


def test_a_row_found_elsewhere_goes_to_its_new_place(database: Database, staged: Staged) -> None:
    put(database, staged([entry("a", 4, "x")]), None)
    put(database, staged([entry("a", 50, "x")]))
    put(database, staged())
    assert held(database) == {"a": ["x"]}, "it is outside of the span now"


def test_deleted_rows_go_from_wherever_they_are_with_their_children(database: Database, staged: Staged) -> None:
    put(database, staged([entry("a", 40, "x"), entry("b", 41, "y")]), None)
    put(database, staged(), deleted=["a", "never there"])
    assert held(database) == {"b": ["y"]}


def test_rows_of_users_who_are_served_no_more_stay(database: Database, staged: Staged) -> None:
    put(database, staged([entry("a", 1, "x", user="gone"), entry("b", 2, user="here")]), None)
    retained = [("w", "gone"), ("other", "here")]
    put(database, staged([entry("c", 3, user="here")]), retained_users=retained)
    assert held(database) == {"a": ["x"], "c": []}
    put(database, staged(), None, retained_users=retained)
    assert held(database) == {"a": ["x"]}


def test_a_row_that_was_read_twice_counts_as_it_was_read_last(database: Database, staged: Staged) -> None:
    put(database, staged([entry("a", 1, "x", "y"), entry("b", 2)], [entry("a", 5, "z")]))
    assert held(database) == {"a": ["z"], "b": []}
    put(database, staged([entry("a", 1, "x"), entry("a", 2, "x")]))
    assert held(database) == {"a": ["x"]}


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_changes_when_anything_at_all_ends_the_write_in_its_middle(
    database: Database, staged: Staged, fault: type[BaseException]
) -> None:
    def fail() -> None:
        with database.writing() as connection:
            replace_span(connection, staged([entry("b", 2, "y")]), SPAN, ZoneInfo("UTC"))
            raise fault

    put(database, staged([entry("a", 1, "x")]))
    before = held(database)
    with pytest.raises(fault):
        fail()
    assert held(database) == before


def test_columns_go_by_name_whatever_order_the_table_has_them_in(database: Database, staged: Staged) -> None:
    columns = [column.name for column in reversed(ENTRIES[0].columns)]
    with database.writing() as connection:
        types = {column.name: column.type.sql for column in ENTRIES[0].columns}
        connection.execute(f"CREATE TABLE {ENTRIES[0].name} ({', '.join(f'{c} {types[c]}' for c in columns)})")
    put(database, staged([entry("a", 1, user="somebody", workspace="somewhere")]))
    with database.reading() as connection:
        rows = connection.execute("SELECT id, userid, workspaceid FROM clockify_timeentries").fetchall()
    assert rows == [("a", "somebody", "somewhere")]


def test_rows_of_a_dropped_workspace_go_with_their_children_in_a_file_of_an_older_version_too(
    database: Database, staged: Staged
) -> None:
    put(database, staged([entry("a", 1, "x"), entry("b", 2, "y", workspace="other")]))
    with database.writing() as connection:
        connection.execute("ALTER TABLE clockify_timeentries__tags DROP COLUMN workspaceid")
        ensure_state(connection)
        drop_workspaces(connection, CONTRACT, ["w"])
    assert held(database) == {"b": ["y"]}
    with database.reading() as connection:
        assert connection.execute("SELECT tag_id FROM clockify_timeentries__tags").fetchall() == [("y",)]


def test_rows_that_lack_their_workspace_go_when_their_key_comes_again_with_a_load_of_some_workspaces(
    database: Database, staged: Staged
) -> None:
    put(database, staged([entry("a", 1, "x"), entry("b", 2, "y"), entry("other", 3, "z", workspace="other")]))
    with database.writing() as connection:
        for table in ENTRIES[:2]:  # as older versions may have left them
            connection.execute(f"UPDATE {table.name} SET workspaceid = NULL")
    put(database, staged([entry("a", 2, "new")]), among=["w"])
    assert held(database) == {"a": ["new"], "b": ["y"], "other": ["z"]}
