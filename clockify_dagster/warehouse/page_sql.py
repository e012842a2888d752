"""SQL that reads a page of documents as it was received, made from the contract: no column stands here a second time.

A page goes through two temporary tables. The raw one holds JSON as received: a column for each key of the documents
that the table reads, or one column with the whole document where documents stand inside of something (an envelope, or
a list in another document). The typed one holds the rows. Values of the usual form are typed by DuckDB. For each column
there is SQL that finds the values of any other form, which are for `contract/values.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clockify_dagster.contract.column import Column, Type
from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.ddl import literal, quoted

SEEN = "_seen"
"""The column that says when a row was read: of several rows with one key, the one with the highest number counts."""

NOT_AN_OBJECT = "!"
"""Stands before a value of which a part was wanted though it is not an object. No JSON begins with it."""

_ITEM = "item"
_DOCUMENT = "document"
_PARENT = "_parent"
_NUMBER = r"-?\d+(\.\d+)?([eE][-+]?\d+)?"
# The forms that Clockify writes: UTC, and in reports a zone's offset. The cast tells whether there is such a day;
# Python has no year 0.
_INSTANT = r"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(Z|[+-](0\d|1[0-4]):[0-5]\d)"


@dataclass(frozen=True)
class PageSource:
    """Where the documents of a table stand in an answer.

    Attributes:
        envelope: the dotted way from the answer to the list of documents; empty where the answer is that list.
        inside: the key of each document under which the list of this table's documents stands (the tasks of projects).
        facts: what the request says and the document need not, by name.
        outer_facts: likewise, but read from the document around, by its keys (the id of a task's project).
    """

    envelope: str = ""
    inside: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    outer_facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_plain_documents(self) -> bool:
        """Whether the answer is the list of documents itself."""
        return not self.envelope and self.inside is None


def raw_table(root: Table, children: tuple[Table, ...], source: PageSource, *, file: str, size: int) -> str:
    """The rows of the raw table of a root, from a file of so many bytes: one for each document, in their order."""
    if source.has_plain_documents:
        keys = [column.steps[0] for column in root.document_columns if column.is_in_document]
        keys += [(child.rows_path or "").split(".")[0] for child in children]
        return f"SELECT * FROM {_json(file, size, 'array', keys)}"
    if source.inside is None:
        first, *rest = source.envelope.split(".")
        answer = _json(file, size, "unstructured", [first])
        return f"SELECT unnest(json_extract({quoted(first)}, {_path(rest, '[*]')})) AS {_DOCUMENT} FROM {answer}"
    outer = _json(file, size, "array", [source.inside, *source.outer_facts.values()])
    facts = "".join(f", {quoted(key)} ->> '$' AS {_fact(name)}" for name, key in source.outer_facts.items())
    return f"SELECT unnest(json_extract({quoted(source.inside)}, '$[*]')) AS {_DOCUMENT}{facts} FROM {outer}"


def raw_items(child: Table, source: PageSource, *, raw: str, typed: str, key: str) -> str:
    """The rows of a child's raw table: an item of a document's list each, with its parent's key and reading."""
    lists = f"SELECT rowid AS _row, {_list_of(child, source)} AS _list FROM {raw}"
    return (
        f"SELECT {_PARENT}, {SEEN}, {_ITEM} FROM (SELECT typed.{quoted(key)} AS {_PARENT}, typed.{SEEN}, "
        f"unnest(json_extract(_list, '$[*]')) AS {_ITEM} FROM ({lists}) AS raw JOIN {typed} AS typed "
        f"ON raw._row = typed.rowid WHERE starts_with(CAST(_list AS VARCHAR), '[')) "
        f"WHERE CAST({_ITEM} AS VARCHAR) NOT IN ('null', '\"\"')"
    )


def odd_lists(child: Table, source: PageSource, raw: str) -> str:
    """The values that stand where a child's list should be, and are something else."""
    items = f"CAST({_list_of(child, source)} AS VARCHAR)"
    return f"SELECT {items} FROM {raw} WHERE NOT starts_with({items}, '[') AND {items} NOT IN ('null', '\"\"')"


def _json(file: str, size: int, form: str, keys: list[str]) -> str:
    # with one column of JSON alone DuckDB would give the whole document
    names = list(dict.fromkeys([*keys, "_"]))
    columns = ", ".join(f"{literal(key)}: 'JSON'" for key in names)
    return (
        f"read_json({literal(file)}, format = '{form}', columns = {{{columns}}}, maximum_object_size = {size + 1}, "
        "hive_partitioning = false)"
    )


def _list_of(child: Table, source: PageSource) -> str:
    """The JSON of a child's list; SQL's null where it is absent."""
    return _extract(*_place((child.rows_path or "").split("."), source))


def _path(steps: Sequence[str], end: str = "") -> str:
    return literal("$" + "".join(f".{quoted(step)}" for step in steps) + end)


def _extract(place: str, steps: Sequence[str]) -> str:
    return f"json_extract({place}, {_path(steps)})" if steps else place


def _fact(name: str) -> str:
    return quoted(f"_fact_{name}")


@dataclass(frozen=True)
class ColumnSQL:
    """How one column of a page is read: its typed value, whether a value needs a closer look, and its JSON.

    Attributes:
        typed: the value where it has the usual form, else null.
        may_be_odd: whether the value is there and has another form; None where that cannot be. What stands inside of
            something that is not an object is not seen by it, but by `not_objects`.
        is_odd: the same without that exception, by a longer way.
        json: the JSON of the value as text. Null where it is absent; with `NOT_AN_OBJECT` before it where a part of
            something was wanted that is not an object.
    """

    column: Column
    typed: str
    may_be_odd: str | None = None
    is_odd: str = "false"
    json: str = "NULL"


def column_sql(table: Table, column: Column, source: PageSource) -> ColumnSQL:
    """The SQL of a column of a root or, from its items, of a child."""
    if table.parent is not None and column.list_path is None and column.fact is None:
        return ColumnSQL(column, _PARENT)
    if not column.is_in_document:
        return ColumnSQL(column, _of_request(column, source))
    place, steps = _place(column.steps, source, table)
    text = f"({place} ->> {_path(steps)})"
    json = _json_at(place, steps)
    typed, is_usual = _typed(column.type, text)
    if is_usual is None:
        # whatever it is, its JSON is the text; only a way through something that is not an object leads nowhere
        may_be_odd, is_odd = None, f"starts_with({json}, '{NOT_AN_OBJECT}')"
    else:
        may_be_odd = f"CASE WHEN {is_usual} THEN false ELSE {text} <> '' END"
        is_odd = f"CASE WHEN {is_usual} THEN false ELSE {json} <> '\"\"' END"
    if column.fact is not None:
        typed = f"coalesce({typed}, {_of_request(column, source)})"
    elif table.parent is not None and column.name == table.columns[0].name:
        typed = f"coalesce({typed}, {_PARENT})"  # an item that does not name its parent belongs to where it stands
    return ColumnSQL(column, typed, may_be_odd, is_odd, json)


def not_objects(table: Table, source: PageSource) -> list[str]:
    """Conditions: something of which the table wants a part is there, and is not an object."""
    columns = [c for c in table.document_columns if c.is_in_document and (c.list_path or not table.parent)]
    places = [_place(column.steps, source, table) for column in columns]
    around = {_extract(place, steps[:depth]) for place, steps in places for depth in range(len(steps))}
    texts = [f"CAST({each} AS VARCHAR)" for each in sorted(around)]
    return [f"NOT starts_with({text}, '{{') AND {text} NOT IN ('null', '\"\"')" for text in texts]


def _place(steps: Sequence[str], source: PageSource, table: Table | None = None) -> tuple[str, Sequence[str]]:
    """The column of the raw table of documents, or of the given one, that the steps lead into, and the rest of them."""
    if table is not None and table.parent is not None:
        return _ITEM, steps
    return (quoted(steps[0]), steps[1:]) if source.has_plain_documents else (_DOCUMENT, steps)


def _of_request(column: Column, source: PageSource) -> str:
    name = str(column.fact)
    if name in source.outer_facts:
        return _fact(name)
    return literal(source.facts[name]) if name in source.facts else "NULL::VARCHAR"


def _json_at(place: str, steps: Sequence[str]) -> str:
    """The JSON text at the end of some steps; see `ColumnSQL.json`."""
    json = f"nullif(CAST({place} AS VARCHAR), 'null')"
    for step in steps:
        inner = f"nullif(CAST({_extract(json, [step])} AS VARCHAR), 'null')"
        json = (
            f"CASE WHEN starts_with({json}, '{{') THEN {inner} WHEN {json} = '\"\"' THEN NULL "
            f"WHEN starts_with({json}, '{NOT_AN_OBJECT}') THEN {json} ELSE '{NOT_AN_OBJECT}' || {json} END"
        )
    return json


def _typed(type_: Type, text: str) -> tuple[str, str | None]:
    """The typed value of a text, and whether the text has the usual form; None where every text has it."""
    if type_ is Type.ID:
        return f"nullif({text}, '')", None
    if type_ is Type.TEXT:
        return text, None
    if type_ is Type.BOOLEAN:
        usual = f"{text} IN ('true', 'false')"
    elif type_ is Type.FLOAT:
        usual = f"(regexp_full_match({text}, '{_NUMBER}') AND isfinite(TRY_CAST({text} AS DOUBLE)))"
    else:
        usual = (
            f"({text} >= '0001' AND regexp_full_match({text}, '{_INSTANT}') "
            f"AND TRY_CAST({text} AS {type_.sql}) IS NOT NULL)"
        )
    return f"CASE WHEN {usual} THEN TRY_CAST({text} AS {type_.sql}) END", usual
