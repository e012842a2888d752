"""Whatever Clockify's documents hold is loaded or reported; nothing of it reaches SQL or an address unescaped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clockify_dagster.sandbox import faults
from clockify_dagster_tests.faults.conftest import Loaded, everything

INTEGRAL = "clockify_timeentries_integral"

TEXTS = {
    "100 kB": "x" * 100_000,
    "emoji": "\N{WOMAN}\u200d\N{GIRL} \N{WAVING WHITE FLAG}\ufe0f\u200d\N{RAINBOW} e\u0301",
    "right to left": "\u202e\u05e9\u05dc\u05d5\u05dd\u202c \u0645\u0631\u062d\u0628\u0627",
    "NUL": "before\0after",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\ufeff",
    "quotes and SQL": """'; DROP TABLE clockify_tags; -- "quoted" `ticked` $1 ? {} %s \\""",
    "blanks": "  \t\r\n ",
    "empty": "",
}


def test_texts_are_loaded_as_they_are(loaded: Loaded) -> None:
    held = {}
    for (kind, text), entry in zip(TEXTS.items(), list(_entries(loaded)), strict=False):
        loaded.account.edit_entry(entry, description=text)
        held[kind] = (loaded.account.add_tag(loaded.people.workspace, text), entry)
    loaded.load("clockify_tags", "clockify_timeentries", "clockify_timeentries__tags")
    assert set(held) == set(TEXTS)
    for kind, (tag, entry) in held.items():
        text = TEXTS[kind]
        assert loaded.execute("SELECT name FROM clockify_tags WHERE id = ?", tag["id"]) == [(text,)], kind
        found = loaded.execute("SELECT description FROM clockify_timeentries WHERE id = ?", entry["id"])
        assert found == [(text,)], kind
    loaded.assert_exact("clockify_tags", "clockify_timeentries")


def _entries(loaded: Loaded) -> Iterator[dict[str, Any]]:
    return iter(next(iter(loaded.account.workspaces.values())).entries.by_id.values())


def test_identifiers_reach_neither_sql_nor_an_address_unescaped(loaded: Loaded) -> None:
    odd = "a'b\"c; DROP TABLE clockify_users; --/../x?y=1&z#é %2F"
    place = loaded.account.workspace(loaded.people.workspace)
    user = loaded.account.add_user(loaded.people.workspace, "Odd one")
    with loaded.account.lock:
        for shelf in (loaded.account.users, place.members):
            shelf[odd] = shelf.pop(str(user["id"]))
        loaded.account.users[odd]["id"] = place.members[odd]["userId"] = odd
    loaded.account.add_entry(loaded.people.workspace, odd, next(_entries(loaded))["timeInterval"]["start"])
    loaded.load()
    assert loaded.execute("SELECT count(*) FROM clockify_timeentries WHERE userid = ?", odd) == [(1,)]
    loaded.assert_exact("clockify_users", "clockify_timeentries")
    assert any("a%27b%22c%3B%20DROP" in path for path in loaded.asked())


def test_numbers_keep_their_digits_in_a_text_and_booleans_and_objects_become_json(loaded: Loaded) -> None:
    kept = {
        "9007199254740993": 2**53 + 1,
        str(10**40 + 7): 10**40 + 7,
        "true": True,
        '{"a":[1,"é"]}': {"a": [1, "é"]},
    }
    for tag, value in zip(loaded.people.tags, kept.values(), strict=False):
        loaded.account.edit(tag, name=value)
    loaded.load("clockify_tags")
    for tag, text in zip(loaded.people.tags, kept, strict=False):
        assert loaded.execute("SELECT name FROM clockify_tags WHERE id = ?", tag["id"]) == [(text,)]


def test_dates_at_the_edges_are_loaded_as_they_are(loaded: Loaded) -> None:
    starts = ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"]
    moved = list(_entries(loaded))[:3]
    for start, entry in zip(starts, moved, strict=True):
        loaded.account.edit_entry(entry, timeInterval={"start": start, "end": start, "duration": "PT0S"})
    loaded.load(INTEGRAL, f"{INTEGRAL}__tags")
    loaded.assert_exact(INTEGRAL)
    for start, entry in zip(starts, moved, strict=True):
        (row,) = loaded.execute(
            f"SELECT strftime(timeinterval_start, '%Y-%m-%dT%H:%M:%SZ') FROM {INTEGRAL} WHERE id = ?", entry["id"]
        )
        assert row[0].zfill(len(start)) == start


def test_unknown_enum_values_and_new_keys_and_missing_keys_break_nothing(loaded: Loaded) -> None:
    place = loaded.account.workspace(loaded.people.workspace)
    with loaded.account.lock:
        place.document["featureSubscriptionType"] = "PLATINUM_2030"
        next(iter(place.tasks.values()))["status"] = "PAUSED"
        loaded.people.users[0]["settings"]["weekStart"] = "SOMEDAY"
        first, second = list(_entries(loaded))[:2]
        first["type"] = "DREAM"
        first["brandNew"] = {"deeply": [{"nested": 1}]}
        for key in set(second) - {"id", "userId", "workspaceId", "timeInterval"}:
            del second[key]
        loaded.people.tags[0].pop("archived")
    loaded.load()
    roots = ("clockify_workspaces", "clockify_tags", "clockify_tasks", "clockify_users", "clockify_timeentries")
    loaded.assert_exact(*roots)
    assert loaded.execute("SELECT type FROM clockify_timeentries WHERE id = ?", first["id"]) == [("DREAM",)]


@pytest.mark.parametrize("absent", ["null", "missing"])
def test_whatever_may_be_null_or_missing_may_be_so_in_every_document_at_once(loaded: Loaded, absent: str) -> None:
    place = loaded.account.workspace(loaded.people.workspace)
    # what the server itself needs to give the document to anybody
    kept = {"id", "userId", "workspaceId", "timeInterval", "projectId", "status", "customFields"}
    shelves = (place.clients, place.projects, place.tasks, place.tags, place.groups, place.entries.by_id)
    documents = [document for shelf in (*shelves, loaded.account.users) for document in shelf.values()]
    with loaded.account.lock:
        for document in documents:
            for key in set(document) - kept:
                document[key] = None
            if absent == "missing":
                for key in set(document) - kept:
                    del document[key]
    loaded.load()
    names = ("clients", "projects", "tasks", "tags", "usergroups", "users", "timeentries")
    loaded.assert_exact(*(f"clockify_{name}" for name in names))
    assert loaded.execute("SELECT DISTINCT name FROM clockify_tags") == [(None,)]


def test_a_value_that_does_not_fit_becomes_null_and_the_run_says_so(loaded: Loaded) -> None:
    loaded.account.edit(loaded.people.project, hourlyRate={"amount": "a lot", "currency": "USD"})
    loaded.account.edit(loaded.people.tags[0], archived="perhaps")
    result = loaded.load("clockify_projects", "clockify_tags")
    assert loaded.execute("SELECT hourlyrate__amount FROM clockify_projects") == [(None,)]
    said = "".join(
        str(event.step_materialization_data.materialization.metadata.get("values that did not fit"))
        for event in result.get_asset_materialization_events()
    )
    assert "clockify_tags.archived: 1 value did not fit" in said
    assert "clockify_projects.hourlyrate__amount: 1 value" in said
    assert "perhaps" in said
    assert "a lot" in said


@pytest.mark.parametrize("start", [None, "2026-02-30T00:00:00Z"])
def test_an_entry_without_a_start_is_an_error_that_names_it_and_its_table_stays(loaded: Loaded, start: Any) -> None:
    before = everything(loaded.database)
    first = next(_entries(loaded))
    interval, first["timeInterval"] = first["timeInterval"], {"start": start, "end": None, "duration": None}
    result = loaded.load("clockify_tags", "clockify_timeentries", expect=False)
    (message,) = loaded.failures(result).values()
    assert message.startswith(f'clockify_timeentries: the document with id "{first["id"]}" cannot become a row')
    assert "timeinterval_start" in message
    after = everything(loaded.database)
    for table in ("main.clockify_timeentries", "main.clockify_timeentries__tags"):
        assert after[table] == before[table]
    first["timeInterval"] = interval
    loaded.heal("clockify_timeentries")


def test_a_document_without_an_id_costs_its_table_and_no_other(loaded: Loaded) -> None:
    before = everything(loaded.database)
    loaded.fault(r"/tags\?", faults.Body([{"id": None, "name": "nobody"}]), times=None)
    loaded.account.add_client(loaded.people.workspace, "New client")
    result = loaded.load(expect=False)
    assert set(loaded.failures(result)) == {"clockify_tags"}
    assert "clockify_tags: the document with id null" in loaded.failures(result)["clockify_tags"]
    assert everything(loaded.database)["main.clockify_tags"] == before["main.clockify_tags"]
    loaded.assert_exact("clockify_clients", "clockify_timeentries")
