"""The page: nothing in it is loaded from elsewhere, and no name in it becomes a part of it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from clockify_dagster.errors import MissingExtraError
from clockify_dagster.report import page as page_module
from clockify_dagster.report.data import report_data, text_of
from clockify_dagster.report.page import page, write_report
from clockify_dagster.warehouse import Database
from clockify_dagster_tests.marts.conftest import ZONE
from clockify_dagster_tests.report.conftest import HOSTILE


class Parts(HTMLParser):
    """The tags of a page with their attributes, and what is in each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script" and self.cdata_elem == "script":
            self.scripts[-1] += data


def test_names_stay_names(loaded: Database) -> None:
    with loaded.reading() as connection:
        text = page(report_data(connection, ZONE), "/* </script><script> */")
    parts = Parts(text)
    data, library, _ = parts.scripts
    assert HOSTILE in json.loads(data)["data"]["hours_by_week"]["client"]["texts"]
    assert HOSTILE not in text
    assert library.strip() == "/* <\\/script><script> */", "nor can the library end its script"
    assert "img" not in {tag for tag, _ in parts.tags}


def test_nothing_is_loaded_from_elsewhere(loaded: Database) -> None:
    with loaded.reading() as connection:
        text = page(report_data(connection, ZONE), "")
    tags = Parts(text).tags
    assert not [given for _, given in tags if given.keys() & {"src", "href", "data", "srcset", "action", "background"}]
    assert {tag for tag, _ in tags}.isdisjoint({"link", "img", "iframe", "object", "embed", "base"})
    assert not [word for word in ("http:", "https:", "url(", "@import") if word in text.replace(HOSTILE, "")]
    assert not [word for word in ("fetch(", "XMLHttpRequest", "import(", "innerHTML") if word in text_of("page.js")]
    # and the browser is told to load nothing, whatever the library tries
    (policy,) = [given["content"] for _, given in tags if given.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_it_is_replaced_at_once_and_stays_where_a_new_one_cannot_be_made(
    loaded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new folder" / "report.html"
    monkeypatch.setattr(page_module, "_library", lambda: "first")
    assert not write_report(loaded, path, ZONE).is_empty
    monkeypatch.setattr(page_module, "_library", lambda: "\ud800")  # which no file can hold
    with pytest.raises(UnicodeEncodeError):
        write_report(loaded, path, ZONE)
    assert "first" in path.read_text(encoding="utf-8")
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]


def test_without_the_extra_it_says_what_to_install(
    loaded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "LIBRARY", "vl_convert_that_nobody_has")
    with pytest.raises(MissingExtraError, match=r"Install it: pip install 'clockify_dagster\[report\]'"):
        write_report(loaded, tmp_path / "report.html", ZONE)
