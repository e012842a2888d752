"""Pages read by DuckDB give the rows that the contract's own flattening gives, or are left to it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from clockify_dagster.contract import CONTRACT, flatten
from clockify_dagster.contract.frames import Flattened
from clockify_dagster.errors import ContractError, DatabaseUnusableError
from clockify_dagster.warehouse.spool import Spool
from clockify_dagster.warehouse.staging import Staging

Document = dict[str, Any]
Rows = dict[str, list[tuple[Any, ...]]]
FAMILY = CONTRACT.family("clockify_timeentries")
ENTRIES, TAGS = (table.name for table in FAMILY)
START = datetime(2024, 3, 1, tzinfo=timezone.utc)
END = START + timedelta(days=10)


@pytest.fixture
def make_spool(tmp_path: Path) -> Iterator[Callable[..., Spool]]:
    made: list[Spool] = []

    def make(start: datetime | None = None, end: datetime | None = None) -> Spool:
        made.append(Spool(FAMILY, tmp_path / "clockify.duckdb", start, end))
        return made[-1]

    yield make
    for spool in made:
        spool.close()


def staged(staging: Staging) -> Rows:
    """The rows that count, by table, as DuckDB gives them."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        with staging.registered(connection) as names:
            return {
                table.name: connection.execute(
                    f"SELECT {', '.join(column.name for column in table.document_columns)} "
                    f"FROM {names[table.name]} ORDER BY ALL"
                ).fetchall()
                for table in FAMILY
            }


def encoded(documents: Any) -> bytes:
    return json.dumps(documents, ensure_ascii=False).encode("utf-8", "surrogatepass")


def entry(identity: str = "e1", **fields: Any) -> Document:
    interval = {"start": "2024-03-01T08:00:00Z", "end": "2024-03-01T09:30:00Z", "duration": "PT1H30M"}
    return {
        "id": identity, "timeInterval": interval, "tagIds": ["t1"], "userId": "u1", "workspaceId": "w1",
        "description": "work", "billable": True, "isLocked": False, "projectId": "p1", "taskId": None,
        "type": "REGULAR", "hourlyRate": {"amount": 10500, "currency": "USD"}, "costRate": None,
        "customFieldValues": [], "kioskId": None, **fields,
    }  # fmt: skip


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


@pytest.mark.parametrize("seed", range(60))
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


def test_the_files_of_a_process_that_was_killed_go_with_the_next_load_but_not_those_of_a_living_one(
    tmp_path: Path, make_spool: Callable[..., Spool]
) -> None:
    living = make_spool()
    assert living.read(encoded([entry()]))
    killed = tmp_path / ".clockify.duckdb.loading-killed"
    killed.mkdir()
    (killed / "in-use").touch()
    (killed / "page-1.json").write_text("[")
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
