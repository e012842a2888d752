"""Pages read by DuckDB give the rows that the contract's values say, whatever stands in them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.errors import ContractError
from clockify_dagster.warehouse import PageSource, PageStaging
from clockify_dagster_tests.conftest import Document
from clockify_dagster_tests.warehouse.pages import ENTRIES, TAGS, encoded, entry, staged
from clockify_dagster_tests.warehouse.reference import NoRowError, comparable, reference_rows

USUAL: dict[str, list[Any]] = {
    "description": ["", "work", "Žluť 🦊 \u202e", 'a "quoted" \\ text\n\t\u0001', "NUL \0", "x" * 5000, None],
    "billable": [True, False, None],
    "isLocked": [True, False, None],
    "hourlyRate": [None, {"amount": 10500, "currency": "USD"}, {"amount": 0.1}, {"amount": -1e300}, {}],
    "costRate": [None, {"amount": 2**53 + 1, "currency": None}],
    "projectId": ["p1", "", None],
    "taskId": ["k1", "", None],
    "tagIds": [None, [], ["t1"], ["t1", "t2", "t1"], ["t1", None, ""]],
    "customFieldValues": [None, [], [{"value": "ä", "n": 5}], {"a": {"b": [1, 2]}}],
    "timeInterval": [
        {"start": start, "end": end, "duration": duration}
        for start, duration in (("2024-03-01T00:00:00Z", "PT1H"), ("2024-03-10T23:59:59Z", None))
        for end in (None, "", "2024-12-31T23:59:59Z", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z")
    ],
}
AWKWARD: list[Any] = [
    0, -0.0, 7, 2**70, 10**400, 1.5, 1e16, 1e-7, float("inf"), float("nan"), "12", "true", "null", "[]", "{}", "",
    "\ud83d", "2024-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "2024-03-01T24:00:00Z", "2024-03-01T08:00:60Z",
    "2024-03-01T08:00:00+0200", "2024-03-01 08:00", "2024-03-01T08:00:00.123456789Z", " 2024-03-01T08:00:00Z",
    "20240-3-01T08:00:00Z", [], ["a"], [1], [["a"]], {}, {"amount": True, "currency": 5}, {"amount": "12"},
    {"amount": 1e308, "currency": {"code": "USD"}}, {"start": "2024-03-02T00:00:00Z"}, True, False, 'say "so"',
    [{"value": 1.0}], [{"value": "a\nb"}], {"b": 1, "a": 2}, None,
]  # fmt: skip


def made_up(chance: random.Random, number: int, awkward: float) -> Document:
    document = entry(f"e{number}")
    for key, values in USUAL.items():
        drawn = chance.random()
        if drawn < awkward:
            document[key] = chance.choice(AWKWARD)
        elif drawn < 0.9:
            document[key] = chance.choice(values)
        elif key != "timeInterval":
            del document[key]
    if chance.random() < awkward:
        document["timeInterval"] = {
            **USUAL["timeInterval"][0],
            chance.choice(["end", "duration"]): chance.choice(AWKWARD),
        }
    return document


def check(staging: PageStaging, body: bytes, documents: list[Document], source: PageSource | None = None) -> None:
    """The page gives the reference's rows and faults, or both refuse it."""
    try:
        expected, faults = reference_rows(staging.family, documents, source.facts if source else {})
    except NoRowError:
        with pytest.raises(ContractError):
            staging.add(body, source)
        return
    rows = staging.add(body, source)
    assert len(rows) == len(documents)
    held = staged(staging)
    for table in staging.family:
        assert comparable(table, held[table.name]) == comparable(table, expected[table.name])
    assert {(fault.table, fault.column): fault.count for fault in staging.faults} == faults


@pytest.mark.parametrize("seed", range(40))
def test_a_page_gives_the_rows_that_the_values_say(make_staging: Callable[..., PageStaging], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    awkward = chance.choice([0, 0, 0.005, 0.05])
    body = encoded([made_up(chance, number, awkward) for number in range(60)])
    check(make_staging(), body, json.loads(body))


ODD = {
    "a number for a text": entry(description=5),
    "a fraction for a text": entry(description=1.50),
    "an object for a text": entry(description={"b": 1, "a": [True, None]}),
    "a float that is written otherwise": entry(description=[1e16]),
    "a text for a flag": entry(billable="true"),
    "a number for a flag": entry(billable=1),
    "a text for an amount": entry(hourlyRate={"amount": "12"}),
    "an amount beyond all numbers": entry(hourlyRate={"amount": 10**400}),
    "a text for a rate": entry(hourlyRate=""),
    "a text for tags": entry(tagIds=""),
    "numbers for tags": entry(tagIds=["t1", 5]),
    "an end with an offset": entry(timeInterval={"start": "2024-03-01T08:00:00Z", "end": "2024-03-01T11:00:00+02:00"}),
    "an end on no day": entry(timeInterval={"start": "2024-03-01T08:00:00Z", "end": "2024-02-30T08:00:00Z"}),
    "half a character": entry(description="\ud83d"),
    "half a character where nobody looks": entry(mood="\ud83d"),
    "a number for an id": entry(10**23),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("document", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("around", ["", "inside.deeper"], ids=["plain", "in an envelope"])
def test_an_odd_document_among_usual_ones_changes_nothing(
    make_staging: Callable[..., PageStaging], document: Document, around: str
) -> None:
    documents = [entry("e0"), document, entry("e2")]
    body = encoded({"inside": {"deeper": documents}, "total": 3} if around else documents)
    read = json.loads(body)
    check(make_staging(), body, read["inside"]["deeper"] if around else read, PageSource(envelope=around))


MEMBERSHIPS = {
    "of two kinds": [{"targetId": "w", "membershipType": "WORKSPACE"}, {"targetId": "p", "membershipType": "PROJECT"}],
    "without its user": [{"userId": "", "targetId": "w"}],
    "of somebody else": [{"userId": "u2", "targetId": "w", "hourlyRate": {"amount": "12", "currency": "EUR"}}],
    "twice": [{"targetId": "w", "membershipStatus": "OLD"}, {"targetId": "w", "membershipStatus": "NEW"}],
    "with a rate that is a number": [{"targetId": "w", "hourlyRate": 5, "costRate": ""}],
    "null and empty": [None, "", {"targetId": "w"}],
    "a text": "none",
    "an object": {"targetId": "w"},
    "a text within": ["w"],
}


@pytest.mark.parametrize("memberships", MEMBERSHIPS.values(), ids=MEMBERSHIPS.keys())
def test_children_that_are_objects_are_rows(make_staging: Callable[..., PageStaging], memberships: Any) -> None:
    documents = [{"id": "u1", "name": "Ana", "settings": {}, "memberships": memberships}, {"id": "u3"}]
    check(make_staging(family=CONTRACT.family("clockify_users")), encoded(documents), documents)


@pytest.mark.parametrize("identity", [None, ""])
@pytest.mark.parametrize("root", [root for root in CONTRACT.roots if root.primary_key == ("id",)], ids=lambda t: t.name)
def test_a_document_without_an_id_is_an_error_that_names_table_and_column(
    make_staging: Callable[..., PageStaging], root: Any, identity: Any
) -> None:
    path = re.escape(root["id"].path)
    with pytest.raises(ContractError, match=rf"^{root.name}: .* id \({path} in Clockify's document\) is missing"):
        make_staging(family=CONTRACT.family(root.name)).add(encoded([{**entry(), "id": identity}]))


@pytest.mark.parametrize(
    "interval", [None, "", {}, {"start": None}, {"start": ""}, {"start": "soon"}, {"start": 5}, "08:00-09:00", 7]
)
def test_an_entry_without_a_usable_start_is_an_error_that_names_table_id_and_column(
    make_staging: Callable[..., PageStaging], interval: Any
) -> None:
    with pytest.raises(ContractError) as error:
        make_staging().add(encoded([entry(), entry("e2", timeInterval=interval)]))
    for fact in ("clockify_timeentries", '"e2"', "timeinterval_start"):
        assert fact in str(error.value)


def test_documents_may_stand_in_other_documents_and_know_what_is_around(
    make_staging: Callable[..., PageStaging],
) -> None:
    staging = make_staging(family=CONTRACT.family("clockify_tasks"))
    projects = [
        {"id": "p1", "tasks": [{"id": "t1", "assigneeIds": ["u1"]}, {"id": "t2", "projectId": "p9"}]},
        {"id": "p2", "tasks": None},
        {"id": "p3", "tasks": []},
        {"id": "p4"},
    ]
    source = PageSource(inside="tasks", facts={"workspace": "w"}, outer_facts={"project": "id"})
    assert staging.add(encoded(projects), source).ids == ["t1", "t2"]
    tasks, assignees = CONTRACT.family("clockify_tasks")
    places = [[c.name for c in tasks.document_columns].index(name) for name in ("id", "projectid", "workspaceid")]
    held = staged(staging)
    assert [tuple(row[n] for n in places) for row in held[tasks.name]] == [("t1", "p1", "w"), ("t2", "p9", "w")]
    assert held[assignees.name] == [("t1", "u1", "w")]


NO_LISTS = {
    "an object": b'{"id": "e1"}',
    "null": b"null",
    "nothing": b"",
    "a page of HTML": b"<html></html>",
    "cut in an object": b'[{"id": "e1", "timeInterval": {"start": "2024-0',
    "cut between objects": b'[{"id": "e1", "timeInterval": {"start": "2024-03-01T08:00:00Z"}},',
    "a document that is null": encoded([entry(), None]),
    "a document that is a number": encoded([entry(), 5]),
    "a document that is a list": encoded([[entry()]]),
    "bytes that are not text": b'[{"id": "\xff"}]',
}


@pytest.mark.parametrize("body", NO_LISTS.values(), ids=NO_LISTS.keys())
def test_what_is_not_a_list_of_documents_is_refused_and_leaves_nothing(
    make_staging: Callable[..., PageStaging], body: bytes
) -> None:
    staging = make_staging()
    with pytest.raises(ValueError, match=r"not JSON|list of documents"):
        staging.add(body)
    assert staged(staging) == {ENTRIES: [], TAGS: []}


def test_of_a_key_that_comes_twice_the_last_value_counts(make_staging: Callable[..., PageStaging]) -> None:
    staging = make_staging()
    staging.add(b'[{"id": "e1", "id": "e2", "timeInterval": {"start": "2024-03-01T08:00:00Z"}}]')
    assert [row[0] for row in staged(staging)[ENTRIES]] == ["e2"]
