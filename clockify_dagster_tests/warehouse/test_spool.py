"""What a spool knows of its pages, which of their rows count, and the folder in which it keeps them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from clockify_dagster.contract import CONTRACT, flatten
from clockify_dagster.errors import DatabaseUnusableError
from clockify_dagster.warehouse.spool import Spool
from clockify_dagster_tests.conftest import Document
from clockify_dagster_tests.warehouse.pages import ENTRIES, FAMILY, TAGS, encoded, entry, staged

START = datetime(2024, 3, 1, tzinfo=timezone.utc)
END = START + timedelta(days=10)


def test_an_empty_page_is_read(make_spool: Callable[..., Spool]) -> None:
    rows = make_spool().read(b"[]")
    assert rows is not None
    assert (len(rows), rows.oldest, rows.is_newest_first) == (0, None, True)


def test_what_a_walk_must_know_of_a_page_is_known(make_spool: Callable[..., Spool]) -> None:
    def at(hour: int, **fields: Any) -> Document:
        return entry(f"e{hour}", timeInterval={"start": f"2024-03-01T{hour:02}:00:00Z"}, **fields)

    spool = make_spool(START + timedelta(hours=6), END)
    rows = spool.read(encoded([at(9), at(7), at(5)]))
    again = spool.read(encoded([at(7), at(5, description="edited"), at(6)]))
    assert rows is not None
    assert again is not None
    assert rows.is_newest_first
    assert not again.is_newest_first
    assert rows.oldest == START + timedelta(hours=5)
    assert rows.is_within.tolist() == [True, True, False]
    assert list(rows.near(START + timedelta(hours=7))) == [(1, START + timedelta(hours=7)), (2, rows.oldest)]
    assert rows.mark(1) == again.mark(0)
    assert rows.mark(2) != rows.mark(1)
    assert rows.without({1}).identities == ["e9", "e5"]


def test_of_what_is_read_twice_the_later_row_counts_with_its_tags(make_spool: Callable[..., Spool]) -> None:
    spool = make_spool()
    assert spool.read(encoded([entry("e1", description="old", tagIds=["t1", "t2"]), entry("e2")]))
    assert spool.read(encoded([entry("e1", description="new", tagIds=["t3"])]))
    spool.add(flatten(FAMILY, [entry("e2", description="newest", tagIds=[])]))
    rows = staged(spool)
    description = [column.name for column in FAMILY[0].document_columns].index("description")
    assert [(row[0], row[description]) for row in rows[ENTRIES]] == [("e1", "new"), ("e2", "newest")]
    assert rows[TAGS] == [("e1", "t3")]


def test_rows_may_still_come_after_it_was_finished(make_spool: Callable[..., Spool]) -> None:
    spool = make_spool()
    assert spool.read(encoded([entry("e1")]))
    spool.finish()
    assert spool.read(encoded([entry("e1", tagIds=[])]))
    assert staged(spool)[TAGS] == []


def test_nothing_is_left_behind_when_it_is_closed(tmp_path: Path, make_spool: Callable[..., Spool]) -> None:
    spool = make_spool()
    assert spool.read(encoded([entry()]))
    assert list(tmp_path.iterdir())
    spool.close()
    spool.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("files", [["in-use", "page-1.json"], ["page-1.json"], []])
def test_the_files_of_a_process_that_was_killed_go_with_the_next_load_but_not_those_of_a_living_one(
    tmp_path: Path, make_spool: Callable[..., Spool], files: list[str]
) -> None:
    living = make_spool()
    assert living.read(encoded([entry()]))
    killed = tmp_path / ".clockify.duckdb.loading-killed"
    killed.mkdir()
    for name in files:
        (killed / name).touch()
    make_spool()
    assert not killed.exists()
    assert len(staged(living)[ENTRIES]) == 1


def test_a_folder_that_cannot_be_written_is_told_as_the_databases(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnusableError, match="CLOCKIFY_DATABASE"):
        Spool(FAMILY, tmp_path / "file" / "clockify.duckdb", None, None)


def test_a_folder_may_be_called_anything(tmp_path: Path) -> None:
    folder = tmp_path / "a [b] *? 'c' day=1"
    spool = Spool(FAMILY, folder / "clockify.duckdb", None, None)
    assert spool.read(encoded([entry("e1", tagIds=["t1"]), entry("e2")]))
    assert spool.read(encoded([entry("e1", tagIds=["t2"])]))
    rows = staged(spool)
    assert ([row[0] for row in rows[ENTRIES]], rows[TAGS]) == (["e1", "e2"], [("e1", "t2"), ("e2", "t1")])
    spool.close()


def test_a_family_whose_children_are_objects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="plain values"):
        Spool(CONTRACT.family("clockify_users"), tmp_path / "clockify.duckdb", None, None)
