"""What is remembered of the workspaces of a table, also in a file of an older version."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from clockify_dagster.contract import CONTRACT, WORKSPACES
from clockify_dagster.warehouse import Database, Load, PageSource, Warehouse
from clockify_dagster.warehouse.load_state import faults_of
from clockify_dagster.warehouse.workspace_state import (
    NOT_CHOSEN,
    UNSEEN,
    were_loaded,
    without_days,
    workspace_states,
)

TAGS = "clockify_tags"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(Database(tmp_path / "clockify.duckdb", lock_timeout=1))


def load(warehouse: Warehouse, table: str, *read: str, **unread: str) -> None:
    staging = warehouse.staging(CONTRACT.family(table))
    if table == WORKSPACES:
        staging.add_documents([{"id": each, "name": each} for each in read])
    warehouse.write(Load(staging, datetime.now(timezone.utc), read, unread))


def test_a_workspace_was_loaded_if_any_load_ever_read_it(warehouse: Warehouse) -> None:
    load(warehouse, TAGS, "a", "b", c="NotAllowedError")
    load(warehouse, TAGS, "a", b="ServerFaultError", c="NotAllowedError")
    with warehouse.database.reading() as connection:
        assert were_loaded(connection, TAGS, ["a", "b", "c", "d"]) == {"a", "b"}
        assert were_loaded(connection, "clockify_clients", ["a"]) == set()
        unread = {each: state.unread for each, state in workspace_states(connection, TAGS).items()}
    assert unread == {"a": None, "b": "ServerFaultError", "c": "NotAllowedError"}


def test_one_that_is_no_longer_named_is_forgotten_with_its_rows(warehouse: Warehouse) -> None:
    load(warehouse, TAGS, "a", "b")
    load(warehouse, TAGS, "a")
    with warehouse.database.reading() as connection:
        assert were_loaded(connection, TAGS, ["a", "b"]) == {"a"}


def test_no_days_are_expected_of_workspaces_that_are_left_out_or_never_were_read(warehouse: Warehouse) -> None:
    load(warehouse, WORKSPACES, "a", "b", "c", "e")
    load(warehouse, WORKSPACES, "a", b=UNSEEN, c="NotAllowedError", d="NotAllowedError", e=NOT_CHOSEN, f=NOT_CHOSEN)
    with warehouse.database.reading() as connection:
        assert without_days(connection) == {"b", "d", "e", "f"}
        assert without_days(connection, [UNSEEN]) == {"b", "d"}, "the others may be chosen again"


def test_in_a_file_of_an_older_version_what_is_loaded_was_loaded_of_all_workspaces(warehouse: Warehouse) -> None:
    load(warehouse, WORKSPACES, "a", "b")
    load(warehouse, TAGS, "a", "b")
    with warehouse.database.writing() as connection:
        connection.execute("DROP TABLE clockify_state.workspace_loads")
    with warehouse.database.reading() as connection:
        assert were_loaded(connection, TAGS, ["a", "b"]) == {"a", "b"}
        assert without_days(connection) == set()
    load(warehouse, WORKSPACES, "a", b=UNSEEN, new="NotAllowedError")
    load(warehouse, TAGS, "a", b=UNSEEN)
    with warehouse.database.reading() as connection:
        assert were_loaded(connection, TAGS, ["a", "b"]) == {"a", "b"}
        assert were_loaded(connection, WORKSPACES, ["a", "b", "new"]) == {"a", "b"}


def test_that_a_workspace_is_unseen_is_noted_by_runs_of_others_unless_a_later_listing_read_it(
    warehouse: Warehouse,
) -> None:
    load(warehouse, WORKSPACES, "a", "b", "c")
    early = datetime.now(timezone.utc)
    for listed_at, read, unread in ((datetime.now(timezone.utc), "b", "c"), (early, "a", "b")):
        staging = warehouse.staging(CONTRACT.family(WORKSPACES))
        staging.add_documents([{"id": read, "name": read}])
        warehouse.write(Load(staging, listed_at, (read,), {unread: UNSEEN}, among=frozenset([read])))
    with warehouse.database.reading() as connection:
        assert without_days(connection) == {"c"}


def load_tags(warehouse: Warehouse, among: list[str] | None, **archived: object) -> None:
    """Load a tag of each workspace: `load_tags(warehouse, ["a"], a="what fits no flag")`."""
    staging = warehouse.staging(CONTRACT.family(TAGS))
    for each, value in archived.items():
        documents = [{"id": f"tag of {each}", "workspaceId": each, "archived": value}]
        staging.add(json.dumps(documents).encode(), PageSource(facts={"workspace": each}))
    chosen = None if among is None else frozenset(among)
    warehouse.write(Load(staging, datetime.now(timezone.utc), tuple(archived), among=chosen))


def lost(warehouse: Warehouse) -> list[tuple[str, int]]:
    with warehouse.database.reading() as connection:
        return [(fault.column, fault.count) for fault in faults_of(connection, TAGS)]


def test_values_that_were_lost_in_one_workspace_are_remembered_until_that_one_is_loaded_again(
    warehouse: Warehouse,
) -> None:
    load_tags(warehouse, ["a"], a="?")
    load_tags(warehouse, ["b"], b="?")
    assert lost(warehouse) == [("archived", 2)]
    load_tags(warehouse, ["b"], b=True)
    assert lost(warehouse) == [("archived", 1)]
    load_tags(warehouse, ["a"], a=True)
    assert lost(warehouse) == []


def test_what_an_older_version_noted_of_lost_values_stays_until_a_load_of_all_workspaces(warehouse: Warehouse) -> None:
    load_tags(warehouse, None, a="?", b=True)
    with warehouse.database.writing() as connection:
        connection.execute("ALTER TABLE clockify_state.misfits DROP COLUMN workspaceid")
    assert lost(warehouse) == [("archived", 1)]
    load_tags(warehouse, ["b"], b=True)
    assert lost(warehouse) == [("archived", 1)], "it may be of the other one"
    load_tags(warehouse, None, a=True, b=True)
    assert lost(warehouse) == []
