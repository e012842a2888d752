"""Lists of several pages, which change or break while they are read: no row is lost, none comes twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clockify_dagster.defs import resources
from clockify_dagster.sandbox import Account, faults
from clockify_dagster_tests.faults.conftest import ENTRIES, ENTRY_TAGS, Loaded, everything

LISTING = r"/time-entries\?"


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    made = resources.connect

    def connect(*given: Any) -> Any:
        client = made(*given)
        client._size = 4
        return client

    monkeypatch.setattr(resources, "connect", connect)


def newest(account: Account, count: int) -> list[Any]:
    entries = next(iter(account.workspaces.values())).entries.by_id.values()
    return sorted(entries, key=lambda entry: entry["timeInterval"]["start"])[-count:]


def delete_newest(account: Account) -> None:
    for entry in newest(account, 9):
        account.delete_entry(entry)


BETWEEN_PAGES: dict[str, Callable[[Account], object]] = {
    "newest entries are deleted": delete_newest,
    "an entry is added": lambda account: account.add_entry(
        next(iter(account.workspaces)), next(iter(account.users)), newest(account, 1)[0]["timeInterval"]["start"]
    ),
    "nothing happens": lambda account: account,
}


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("change", BETWEEN_PAGES.values(), ids=BETWEEN_PAGES)
def test_no_row_is_skipped_or_doubled_when_the_list_changes_between_pages(
    loaded: Loaded, change: Callable[[Account], object]
) -> None:
    ids = {entry["id"] for entry in newest(loaded.account, 100)}
    loaded.fault(LISTING, faults.After(change))
    loaded.refresh()
    held = [row["id"] for row in loaded.rows(ENTRIES, "id")]
    stayed = ids & {entry["id"] for entry in newest(loaded.account, 100)}
    assert len(held) == len(set(held))
    assert stayed <= set(held)
    assert loaded.execute(f"SELECT count(*) FROM {ENTRY_TAGS} ANTI JOIN {ENTRIES} AS e ON e.id = timeentry_id") == [
        (0,)
    ]
    loaded.sandbox.faults.clear()
    loaded.refresh()
    loaded.assert_exact(ENTRIES)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize(
    ("kind", "words"),
    [(faults.Cut(), "broke in the middle"), (faults.SamePage(), "same page twice"), (faults.Status(403), "403")],
)
def test_a_list_that_breaks_after_its_first_page_replaces_nothing(
    loaded: Loaded, kind: faults.Kind, words: str
) -> None:
    before = everything(loaded.database)
    loaded.fault(r"/tags\?.*page=2\b", kind, times=None)
    result = loaded.load("clockify_tags", expect=False)
    assert words in loaded.failures(result)["clockify_tags"]
    assert everything(loaded.database) == before
    loaded.heal("clockify_tags")
