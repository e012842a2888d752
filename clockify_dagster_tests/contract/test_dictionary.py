"""The page of the data dictionary is up to date."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.contract.chart import relationships

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "tables.md"
_made = runpy.run_path(str(DOCS / "dictionary.py"))
main: Callable[[list[str]], int] = _made["main"]
page: Callable[..., str] = _made["page"]
refresh: Callable[[Table], str] = _made["refresh"]


def test_the_page_says_what_the_contract_says() -> None:
    written = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    assert written == page(), "docs/tables.md is stale. Run `make docs`"


def test_the_page_names_every_table_and_column() -> None:
    for table in CONTRACT:
        section = page().partition(f"## {table.name}\n")[2].partition("\n## ")[0]
        assert table.description in section
        for column in table.columns:
            assert f"| `{column.name}` | {column.type.sql} |" in section


def test_the_page_says_how_each_table_is_refreshed() -> None:
    assert refresh(CONTRACT["clockify_tags"]).startswith("as a whole")
    assert "timeinterval_start" in refresh(CONTRACT["clockify_timeentries"])
    assert refresh(CONTRACT["clockify_timeentries__tags"]).startswith("together with clockify_timeentries,")


def test_the_command_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == page()


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    assert main([str(tmp_path / "tables.md")]) == 0
    assert (tmp_path / "tables.md").read_text(encoding="utf-8") == page()


def test_the_relationship_picture_is_the_contracts() -> None:
    picture = (DOCS / "images" / "relationships.svg").read_text()
    assert picture == relationships(CONTRACT), "run `make docs`"
    assert picture.count("<rect") == len(list(CONTRACT))
    references = sum(target.table != table.name for table in CONTRACT for target in table.references.values())
    assert picture.count("<path") == references
