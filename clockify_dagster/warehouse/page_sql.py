"""SQL that reads a page of documents as it was received, made from the contract: no column stands here a second time.

What `contract.flatten` does document by document, DuckDB does here a page at a time, several times as fast and without
Python's lock. It only does it for documents of the usual form, where both give the same rows: each value is taken as
the JSON text that it is, and any text that could mean something else to `contract.values` makes the page unusual.
An unusual page is for `flatten`.

The tables of a family that can be read so: a root, and children whose rows are the plain items of a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clockify_dagster.contract.model import Column, Table, Type
from clockify_dagster.warehouse.ddl import literal, quoted

_PAGE = "page"  # the temporary table that holds the typed rows of the root
_NUMBER = r"-?\d+(\.\d+)?([eE][-+]?\d+)?"
# The form that Clockify writes. Whether there is such a day tells the cast; the year 0 is none to Python.
_INSTANT = r'"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ"'


class PageSQL:
    """The statements for a family of tables, the root first."""

    def __init__(self, family: Sequence[Table]) -> None:
        """Make them. Raises `ValueError` for a family that cannot be read so."""
        self.root, *self.children = family
        if any(child.keeps_all_documents or not _is_plain(child) for child in self.children):
            raise ValueError(f"{self.root.name} has children that are more than a list of plain values")
        self._texts = [_place(column) for column in self.root.document_columns if column.type in _TEXTS]

    def read(self, file: str, size: int) -> str:
        """Make the table of typed rows from a file that holds a JSON list, of so many bytes.

        Each row says whether its document is usual but for odd texts, and whether it has any. An odd text is one in a
        text column that is no JSON string: it is to be compared with `contract.values`.
        """
        usual = [
            *(_is_usual(column) for column in self.root.document_columns if column.type not in _TEXTS),
            *(f"coalesce({_text(_place(self.root[name]))}, '\"\"') <> '\"\"'" for name in self.root.never_null),
            *(_has_usual_items(child) for child in self.children),
        ]
        columns = [
            *(f"{_typed(column)} AS {quoted(column.name)}" for column in self.root.document_columns),
            *(f"{_path_of(child.rows_path or '')} AS {quoted(child.name)}" for child in self.children),
            f"{' AND '.join(usual)} AS _usual",
            f"coalesce({' OR '.join(map(_is_odd, self._texts))}, false) AS _odd",
        ]
        return f"CREATE OR REPLACE TEMP TABLE {_PAGE} AS SELECT {', '.join(columns)} FROM {self._json(file, size)}"

    def odd_texts(self, file: str, size: int) -> str:
        """The odd texts of the file, each once."""
        texts = ", ".join(_text(place) for place in self._texts)
        return (
            f"SELECT DISTINCT text FROM (SELECT unnest([{texts}]) AS text FROM {self._json(file, size)}) "
            f"WHERE {_is_odd('text')}"
        )

    @property
    def check(self) -> str:
        """One row: whether all documents are usual but for odd texts, and no id is there twice; whether any is odd."""
        return (
            f"SELECT coalesce(bool_and(_usual), true) AND count(DISTINCT {self._key}) = count(*), "
            f"coalesce(bool_or(_odd), false) FROM {_PAGE}"
        )

    @property
    def outline(self) -> str:
        """Of each document, in their order: its id, and its start in microseconds."""
        return f"SELECT {self._key} AS id, epoch_us({self._start}) AS start FROM {_PAGE}"

    def rows(self, table: Table, piece: int, condition: str) -> str:
        """The typed rows of a table whose document meets the condition, with the piece's number."""
        number = f"{piece}::INTEGER AS {quoted(PIECE)}"
        if table is self.root:
            columns = ", ".join(quoted(column.name) for column in table.document_columns)
            return f"SELECT {columns}, {number} FROM {_PAGE} WHERE {condition}"
        link, item = table.document_columns
        return (
            f"SELECT DISTINCT key AS {quoted(link.name)}, item ->> '$' AS {quoted(item.name)}, {number} "
            f"FROM (SELECT {self._key} AS key, unnest({quoted(table.name)}) AS item FROM {_PAGE} WHERE {condition}) "
            f"WHERE {_text('item')} <> '\"\"'"
        )

    def within(self, start: str, end: str) -> str:
        """A condition for `rows`: an entry starts from an instant to before another, both written in ISO 8601."""
        return f"{self._start} >= TIMESTAMPTZ {literal(start)} AND {self._start} < TIMESTAMPTZ {literal(end)}"

    def _json(self, file: str, size: int) -> str:
        """The file as a table: a column for each key of the documents, its JSON as text."""
        keys = ", ".join(f"{literal(key)}: {literal(_json_type(inner))}" for key, inner in self._tree().items())
        return (
            f"read_json({literal(file)}, format = 'array', columns = {{{keys}}}, maximum_object_size = {size}, "
            "hive_partitioning = false)"
        )

    @property
    def _key(self) -> str:
        (key,) = self.root.primary_key
        return quoted(key)

    @property
    def _start(self) -> str:
        """The first instant of an entry is its start, also in the table that has no partitions."""
        return quoted(next(column.name for column in self.root.document_columns if column.type is Type.TIMESTAMP))

    def _tree(self) -> dict[str, Any]:
        """The keys that the tables read, those within objects too; a list's is `[]`."""
        tree: dict[str, Any] = {}
        for column in self.root.document_columns:
            _put(tree, column.steps)
        for child in self.children:
            _put(tree, (child.rows_path or "").split("."))["[]"] = {}
        return tree


PIECE = "_piece"
"""The column that holds a piece's number: of what was read twice, the row of the higher one counts."""

_TEXTS = (Type.ID, Type.TEXT)


def _put(tree: dict[str, Any], steps: Sequence[str]) -> dict[str, Any]:
    for step in steps:
        tree = tree.setdefault(step, {})
    return tree


def _json_type(tree: dict[str, Any]) -> str:
    if not tree:
        return "JSON"
    if "[]" in tree:
        return "JSON[]"
    return f"STRUCT({', '.join(f'{quoted(key)} {_json_type(inner)}' for key, inner in tree.items())})"


def _is_plain(child: Table) -> bool:
    link, *rest = child.document_columns
    return len(rest) == 1 and not rest[0].steps and rest[0].type is Type.ID and link.list_path is None


def _path_of(path: str) -> str:
    return ".".join(quoted(step) for step in path.split("."))


def _place(column: Column) -> str:
    return ".".join(quoted(step) for step in column.steps)


def _text(place: str) -> str:
    """The JSON text that stands at a place, quotes and all."""
    return f"CAST({place} AS VARCHAR)"


def _is_odd(place: str) -> str:
    """Whether a text is no string; an empty list, which most custom fields are, needs no closer look."""
    return f"({_is_no_string(place)} AND {_text(place)} <> '[]')"


def _is_no_string(place: str) -> str:
    """JSON of a string begins with a quotation mark, which stands before all that other JSON begins with."""
    return f"{_text(place)} >= '#'"


def _is_usual(column: Column) -> str:
    place = _text(_place(column))
    if column.type is Type.BOOLEAN:
        usual = f"{place} IN ('true', 'false')"
    elif column.type is Type.FLOAT:
        usual = f"(regexp_full_match({place}, '{_NUMBER}') AND isfinite(coalesce({_typed(column)}, 'inf')))"
    else:
        is_instant = f"regexp_full_match({place}, '{_INSTANT}') AND {_typed(column)} IS NOT NULL"
        usual = f"({place} = '\"\"' OR ({place} >= '\"0001' AND {is_instant}))"
    return f"({place} IS NULL OR {usual})"


def _has_usual_items(child: Table) -> str:
    items = _path_of(child.rows_path or "")
    return f"coalesce(len(list_filter({items}, lambda item: {_is_no_string('item')})) = 0, true)"


def _typed(column: Column) -> str:
    """The value of a usual text."""
    place = _place(column)
    if column.type is Type.ID:
        return f"nullif({place} ->> '$', '')"
    if column.type is Type.TEXT:
        return f"{place} ->> '$'"
    plain = f"{place} ->> '$'" if column.type is Type.TIMESTAMP else _text(place)
    return f"TRY_CAST({plain} AS {column.type.sql})"
