"""Pages read by DuckDB give the rows that the contract's own flattening gives, or are left to it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from clockify_dagster.contract import flatten
from clockify_dagster.contract.frames import Flattened
from clockify_dagster.errors import ContractError
from clockify_dagster.warehouse.spool import Spool
from clockify_dagster.warehouse.staging import Staging
from clockify_dagster_tests.conftest import Document
from clockify_dagster_tests.warehouse.pages import ENTRIES, FAMILY, TAGS, encoded, entry, staged

START = datetime(2024, 3, 1, tzinfo=timezone.utc)
END = START + timedelta(days=10)

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


def carefully(documents: list[Document]) -> Flattened:
    return flatten(FAMILY, documents).between(START, END)


@pytest.mark.parametrize("seed", range(30))
def test_a_page_gives_the_rows_and_misfits_of_the_careful_way_whichever_way_it_takes(
    make_spool: Callable[..., Spool], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    spool, reference = make_spool(START, END), Staging(FAMILY)
    taken = 0
    for page in range(4):
        awkward = chance.choice([0, 0, 0.005, 0.05])
        body = encoded([made_up(chance, page * 20 + number, awkward) for number in range(30)])
        documents = json.loads(body)
        try:
            expected = carefully(documents)
        except ContractError:
            assert spool.read(body) is None
            continue
        rows = spool.read(body)
        if rows is None:
            spool.add(expected)
        else:
            taken += 1
            assert rows.identities == [document["id"] for document in documents]
        assert rows is not None or awkward
        reference.add(expected)
    assert staged(spool) == staged(reference)
    assert spool.misfits == reference.misfits


ODD = {
    "a number for a text": entry(description=5),
    "a fraction for a text": entry(description=1.50),
    "an object for a text": entry(description={"b": 1, "a": [True, None]}),
    "a float that is written otherwise": entry(description=[1e16]),
    "a text for a flag": entry(billable="true"),
    "a number for a flag": entry(billable=1),
    "a text for an amount": entry(hourlyRate={"amount": "12"}),
    "an amount beyond all numbers": entry(hourlyRate={"amount": 10**400}),
    "no object for a rate": entry(hourlyRate=""),
    "a text for tags": entry(tagIds=""),
    "numbers for tags": entry(tagIds=["t1", 5]),
    "an end with an offset": entry(timeInterval={"start": "2024-03-01T08:00:00Z", "end": "2024-03-01T11:00:00+02:00"}),
    "an end on no day": entry(timeInterval={"start": "2024-03-01T08:00:00Z", "end": "2024-02-30T08:00:00Z"}),
    "half a character": entry(description="\ud83d"),
    "half a character where nobody looks": entry(mood="\ud83d"),
    "digits for an id": entry(10**23),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("document", ODD.values(), ids=ODD.keys())
def test_an_odd_document_among_usual_ones_changes_nothing(make_spool: Callable[..., Spool], document: Document) -> None:
    spool, reference = make_spool(), Staging(FAMILY)
    body = encoded([entry("e0"), document, entry("e2")])
    expected = flatten(FAMILY, json.loads(body))
    if spool.read(body) is None:
        spool.add(expected)
    reference.add(expected)
    assert staged(spool) == staged(reference)
    assert spool.misfits == reference.misfits


LEFT = {
    "a key twice": b'[{"id": "e1", "id": "e2", "timeInterval": {"start": "2024-03-01T08:00:00Z"}}]',
    "an inner key twice": b'[{"id": "e1", "timeInterval": {"start": "2024-03-01T08:00:00Z", "start": ""}}]',
    "a key twice in a text": b'[{"id":"e","timeInterval":{"start":"2024-03-01T08:00:00Z"},"type":{"a":1,"a":2}}]',
    "no list": b'{"id": "e1"}',
    "null": b"null",
    "nothing": b"",
    "a page of HTML": b"<html></html>",
    "cut in an object": b'[{"id": "e1", "timeInterval": {"start": "2024-0',
    "cut between objects": b'[{"id": "e1", "timeInterval": {"start": "2024-03-01T08:00:00Z"}},',
    "a document that is null": encoded([entry(), None]),
    "a document that is a number": encoded([entry(), 5]),
    "a document that is a list": encoded([[entry()]]),
    "no id": encoded([entry(id=None)]),
    "an empty id": encoded([entry(id="")]),
    "no interval": encoded([entry(timeInterval=None)]),
    "an interval that is a text": encoded([entry(timeInterval="08:00")]),
    "no start": encoded([entry(timeInterval={"start": None})]),
    "a start that is none": encoded([entry(timeInterval={"start": "soon"})]),
    "one document twice": encoded([entry(description="old"), entry(description="new")]),
    "bytes that are no text": b'[{"id": "\xff"}]',
}


@pytest.mark.parametrize("body", LEFT.values(), ids=LEFT.keys())
def test_what_is_no_list_of_usual_documents_is_left_and_leaves_nothing(
    make_spool: Callable[..., Spool], body: bytes
) -> None:
    spool = make_spool()
    assert spool.read(body) is None
    assert staged(spool) == {ENTRIES: [], TAGS: []}
