"""A declaration that contradicts itself is refused when it is made, with its fault by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clockify_dagster.contract import CHANGED_AT, LOADED_AT, Column, Contract, Listing, Orphans, Reference, Table, Type

ID = Column("id", Type.ID, "id", "The thing.")
NAME = Column("name", Type.TEXT, "name", "Its name.")
BORN = Column("born", Type.TIMESTAMP, "born", "When it began.")
LINK = Column("thing_id", Type.ID, "id", "The thing.")
PART = Column("part_id", Type.ID, "partIds[]", "The part.")
PLACE = Column("place", Type.ID, "{place}", "The place whose things are listed.")
DATED_PARTS = (LINK, replace(PART, path="parts[].id"), replace(BORN, path="parts[].born"))


def table(name: str = "things", columns: tuple[Column, ...] = (ID, NAME, BORN), **facts: Any) -> Table:
    return Table(name=name, pipeline="Things", description="All things.", columns=columns, **facts)


def child(columns: tuple[Column, ...] = (LINK, PART), **facts: Any) -> Table:
    key = tuple(column.name for column in columns)
    return table(**{"name": "parts", "columns": columns, "primary_key": key, "parent": "things", **facts})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": "Name"}, "'Name' is not a column name"),
        ({"name": "my name"}, "'my name' is not a column name"),
        ({"description": " "}, "has no description"),
        ({"path": "a[].b[]"}, "may open one list"),
        ({"path": ""}, "a path, or a leading underscore"),
        ({"name": "_name"}, "a path, or a leading underscore"),
        ({"references": Reference("things", Orphans.ALLOWED)}, "refers but is not an ID"),
        ({"path": "{place}"}, "is a fact of the request but not an ID"),
        ({"otherwise": "place"}, "is a fact of the request but not an ID"),
    ],
)
def test_a_column_that_could_not_work_is_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        replace(NAME, **change)


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"columns": (ID, NAME, NAME)}, "a column twice"),
        ({"description": ""}, "has no description"),
        ({"primary_key": ()}, "has no key"),
        ({"primary_key": ("key",)}, r"\['key'\] are not columns"),
        ({"required": ("when",)}, r"\['when'\] are not columns"),
        ({"partition_column": "when"}, r"\['when'\] are not columns"),
        ({"partition_column": "id"}, "id is neither an instant nor the text of a day"),
        ({"partition_column": "born"}, "born is not required"),
        ({"columns": (ID, PART)}, "only the rows of a child come from a list"),
        ({"columns": (ID, PLACE), "listing": Listing("things")}, r"\['place'\] are not facts of its listing"),
    ],
)
def test_a_table_that_could_not_work_is_refused(facts: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        replace(table(), **facts)


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"columns": (LINK, PART, replace(PART, name="other", path="others[]"))}, "several lists"),
        ({"columns": (LINK, NAME), "primary_key": ("thing_id",)}, "come from a list"),
        ({"primary_key": ("part_id",)}, "column 1 must lead to its parent"),
        ({"columns": (replace(LINK, type=Type.TEXT), PART)}, "is not an ID"),
        (
            {"columns": (replace(LINK, references=Reference("things", Orphans.ALLOWED)), PART)},
            "leads to its parent already",
        ),
        ({"columns": (LINK, PART, BORN)}, "only column 1 is outside of the list, not \\['born'\\]"),
        ({"columns": DATED_PARTS, "partition_column": "born"}, "goes with its parent, not by day"),
        ({"columns": DATED_PARTS, "required": ("born",)}, "only the way to its parent is required"),
        ({"listing": Listing("things/parts")}, "a child stands in its parent's documents, not in a listing"),
    ],
)
def test_a_child_that_could_not_work_is_refused(facts: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        replace(child(), **facts)


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"variants": ()}, "at least one set of parameters"),
        ({"page_size": 0}, "a page has at least one row"),
    ],
)
def test_a_listing_that_could_not_work_is_refused(facts: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Listing("things", **facts)


def test_a_column_may_be_a_fact_of_the_request_or_fall_back_on_one() -> None:
    listing = Listing("places/{place}/things")
    assert listing.facts == ("place",)
    things = table(columns=(ID, PLACE), listing=listing)
    assert (things["place"].fact, things["place"].steps, things["place"].is_in_document) == ("place", (), False)
    fallback = replace(ID, name="place", path="placeId", otherwise="place")
    assert (fallback.fact, fallback.steps, fallback.is_in_document) == ("place", ("placeId",), True)
    assert ID.fact is None


REFERRING = Column("thing", Type.ID, "thing", "A thing.", Reference("things", Orphans.ALLOWED))


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        ((table(), table()), "two tables have one name"),
        ((table("others", (ID, REFERRING)),), "refers to things, which is not a table"),
        (
            (table(columns=(ID, NAME), primary_key=("id", "name")), table("others", (ID, REFERRING))),
            "which is not a key",
        ),
        ((child(),), "which is not a table"),
        ((child(), table()), "stands before its parent"),
    ],
)
def test_tables_that_contradict_each_other_are_refused(tables: tuple[Table, ...], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Contract(*tables)


def test_a_child_of_a_child_is_refused() -> None:
    # its one column of a key must be called id, else the reference to it is refused already
    middle = child((replace(LINK, name="id"), PART), primary_key=("id",))
    with pytest.raises(ValueError, match="crumbs: grandchild"):
        Contract(table(), middle, replace(child(), name="crumbs", parent="parts"))


def test_every_table_gets_the_columns_about_loading_once() -> None:
    assert table().columns[-2:] == (LOADED_AT, CHANGED_AT)
    assert replace(table(), name="others").columns == table().columns
    assert not {LOADED_AT, CHANGED_AT} & set(table().document_columns)


def test_a_child_refers_to_its_parent_and_cannot_be_an_orphan() -> None:
    assert child().references == {"thing_id": Reference("things", Orphans.IMPOSSIBLE)}


def test_a_row_needs_its_key_and_what_is_required_but_a_child_only_its_parent() -> None:
    assert table(partition_column="born", required=("born",)).never_null == ("id", "born")
    assert child().never_null == ("thing_id",)


def test_a_contract_knows_its_families() -> None:
    things, parts, others = table(), child(), table("others")
    contract = Contract(things, parts, others)
    assert contract.roots == (things, others)
    assert contract.family("things") == (things, parts)


def test_an_unknown_column_is_a_key_error_that_names_it() -> None:
    with pytest.raises(KeyError, match="things has no column age"):
        table()["age"]


def test_the_steps_of_a_path_count_from_the_item_of_its_list() -> None:
    assert replace(NAME, path="a.b").steps == ("a", "b")
    assert replace(NAME, path="a.b[].c.d").steps == ("c", "d")
    assert replace(NAME, path="a.b[].c.d").list_path == "a.b"
    assert PART.steps == ()
