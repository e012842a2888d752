"""Tables of two accounts in one file, each in a schema of its own."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Span
from clockify_dagster.errors import NotLoadedError
from clockify_dagster.warehouse import Database, EntriesLoad, Load, Warehouse, load_state
from clockify_dagster_tests.conftest import opened

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
SPAN = Span(datetime(2026, 1, 1, tzinfo=timezone.utc), NOW)


def warehouse(tmp_path: Path, schema: str) -> Warehouse:
    return Warehouse(Database(tmp_path / "both.duckdb", lock_timeout=5, schema=schema))


def load(into: Warehouse, *names: str) -> None:
    staging = into.staging(CONTRACT.family("clockify_tags"))
    staging.add_documents([{"id": name, "name": name, "workspaceId": "w"} for name in names])
    into.write(Load(staging, NOW))


def names(of: Warehouse) -> list[str]:
    return sorted(of.read("clockify_tags")["name"])


def test_each_schema_has_its_own_tables(tmp_path: Path) -> None:
    one, two = warehouse(tmp_path, "main"), warehouse(tmp_path, 'second "account"')
    load(one, "a", "b")
    with pytest.raises(NotLoadedError, match='no schema second "account" in the database'):
        two.read("clockify_tags")
    load(two, "c")
    load(two, "d")
    assert (names(one), names(two)) == (["a", "b"], ["d"])
    assert (one.row_counts()["clockify_tags"], two.row_counts()["clockify_tags"]) == (2, 1)
    with opened(tmp_path / "both.duckdb") as connection:
        found = connection.execute(
            "SELECT schema_name FROM duckdb_tables() WHERE table_name = 'clockify_tags' ORDER BY 1"
        ).fetchall()
    assert found == [("main",), ('second "account"',)]


def test_each_schema_has_its_own_load_state(tmp_path: Path) -> None:
    one, two = warehouse(tmp_path, "main"), warehouse(tmp_path, "second")
    load(two, "c")
    staging = one.staging(CONTRACT.family("clockify_timeentries"), SPAN)
    one.write(EntriesLoad(staging, NOW, span=SPAN, workspaces=("w",), last_load=None, zone=ZoneInfo("UTC")))
    with one.database.reading() as connection:
        assert list(load_state.loaded_spans(connection)) == ["w"]
        assert load_state.last_load(connection, "clockify_tags") is None
    with two.database.reading() as connection:
        assert load_state.loaded_spans(connection) == {}
        assert load_state.last_load(connection, "clockify_tags") is not None
