"""From documents to typed frames: one a table, columns and dtypes from the declaration. Keeps no state.

Dtypes: ID and TEXT `string`, BOOLEAN `boolean`, FLOAT `Float64`, TIMESTAMP `datetime64[us, UTC]`; all hold
nulls. What becomes of a single value is said in `values`, how whole columns become arrays in `arrays`; how
the frames of several batches become one table is the warehouse's affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from clockify_dagster.contract.arrays import Sources, array_of, array_of_usual
from clockify_dagster.contract.model import Column, Table, Type
from clockify_dagster.contract.values import Document, MisfitError, convert, json_text, reader
from clockify_dagster.errors import ContractError


@dataclass(frozen=True)
class Misfit:
    """Values of a column that did not fit its type and became null: how many, and one as JSON, cut short."""

    table: str
    column: str
    count: int
    sample: str

    def __str__(self) -> str:
        """A sentence for the log."""
        values = "value" if self.count == 1 else "values"
        return (
            f"{self.table}.{self.column}: {self.count} {values} did not fit the column's type and became "
            f"null, for example {self.sample}"
        )


def merge_misfits(*groups: Iterable[Misfit]) -> tuple[Misfit, ...]:
    """The misfits of several batches, one for each table and column: counts added, the first sample kept."""
    merged: dict[tuple[str, str], Misfit] = {}
    for misfit in (misfit for group in groups for misfit in group):
        place = (misfit.table, misfit.column)
        known = merged.get(place)
        merged[place] = replace(known, count=known.count + misfit.count) if known else misfit
    return tuple(merged.values())


@dataclass(frozen=True)
class Flattened:
    """A batch of documents as frames.

    Attributes:
        frames: by table name, root first, a frame with the table's document columns in their order.
        misfits: what became null since it did not fit, one for each table and column.
        family: the tables of the frames, root first.
    """

    frames: dict[str, pd.DataFrame]
    misfits: tuple[Misfit, ...]
    family: tuple[Table, ...]

    def between(self, start: datetime, end: datetime, column: str | None = None) -> Flattened:
        """Only the root rows from `start` (included) to `end` (excluded), and their children.

        The instants are aware. `column` is the root's partition column unless named. The misfits stay those
        of all documents. Raises `ValueError` where the root has no partition column and none is named, or
        where an instant is naive.
        """
        root = self.family[0]
        name = column or root.partition_column
        if name is None:
            raise ValueError(f"{root.name} has no partition column")
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("an instant without a time zone says nothing")
        instants = self.frames[root.name][name]
        return self.only((instants >= start) & (instants < end))

    def only(self, chosen: pd.Series[bool]) -> Flattened:
        """Only the root rows chosen (one boolean for each row of the root's frame), and their children."""
        root, *children = self.family
        frames = {root.name: self.frames[root.name][chosen].reset_index(drop=True)}
        ids = frames[root.name][root.primary_key[0]]
        for child in children:
            rows = self.frames[child.name]
            frames[child.name] = rows[rows[child.columns[0].name].isin(ids)].reset_index(drop=True)
        return replace(self, frames=frames)


def flatten(family: Sequence[Table], documents: Sequence[Document]) -> Flattened:
    """The documents of one listing as frames of its tables: the root first, then its children.

    A document that comes twice (a list may shift while it is read) counts once, as it was read last, and
    with the children of that last one; of a table that `keeps_all_documents` the rows of all of them count.
    Child rows with one key count once, the last. Values that do not fit become null and are told in
    `misfits`; in a key or a required column they raise `ContractError`, and so does null in a column that is
    `never_null`.
    """
    root, *children = family
    everything = Sources(list(documents))
    latest = _latest(root, everything)
    misfits: list[Misfit] = []
    frames = {root.name: _Rows(root, root, latest, latest, misfits).frame()}
    for child in children:
        kept = everything if child.keeps_all_documents else latest
        rows = _rows_of_lists(root, child, kept, misfits).frame()
        repeated = rows.duplicated(list(child.primary_key), keep="last")
        frames[child.name] = rows[~repeated].reset_index(drop=True) if repeated.any() else rows
    return Flattened(frames, merge_misfits(misfits), tuple(family))


def _latest(root: Table, documents: Sources) -> Sources:
    """Each document once, as it was read last."""
    rows = _Rows(root, root, documents, documents, [])
    keys = zip(*(np.asarray(rows.array(root[name])) for name in root.primary_key), strict=True)
    last = {key: place for place, key in enumerate(keys)}
    if len(last) == len(documents.values):
        return documents
    return Sources([documents.values[place] for place in sorted(last.values())])


def _rows_of_lists(root: Table, child: Table, documents: Sources, misfits: list[Misfit]) -> _Rows:
    """What of each document's list gives a row. Nulls and empty texts in a list name nothing."""
    found = documents.at(_steps_to_list(child))
    if found is None or not set(map(type, found)) <= {list, type(None)}:
        found = [_list_of(child, document, misfits) for document in documents.values]
    parents: list[Document] = []
    rows: list[Any] = []
    for document, items in zip(documents.values, found, strict=True):
        if items:
            named = [item for item in items if item is not None and item != ""]
            rows += named
            parents += [document] * len(named)
    return _Rows(root, child, Sources(parents), Sources(rows), misfits)


def _list_of(child: Table, document: Document, misfits: list[Misfit]) -> list[Any] | None:
    """The list of one document, the slow way."""
    try:
        items = reader(_steps_to_list(child))(document)
    except MisfitError as misfit:
        fault = misfit
    else:
        if items is None or items == "":
            return None
        if isinstance(items, list):
            return items
        fault = MisfitError(items)
    inside = next(column.name for column in child.columns if column.list_path is not None)
    misfits.append(Misfit(child.name, inside, 1, str(fault)))
    return None


def _steps_to_list(child: Table) -> tuple[str, ...]:
    return tuple((child.rows_path or "").split("."))


@dataclass(frozen=True)
class _Rows:
    """The rows of a table before they are typed: of each the document, and the item of a list that it is."""

    root: Table
    table: Table
    documents: Sources
    items: Sources
    misfits: list[Misfit]

    def frame(self) -> pd.DataFrame:
        """The typed frame. Raises `ContractError`."""
        arrays = {column.name: self.array(column) for column in self.table.document_columns}
        frame: pd.DataFrame = pd.DataFrame(arrays, copy=False)
        return frame

    def array(self, column: Column) -> ExtensionArray:
        """The typed values of one column, a row each. Raises `ContractError`."""
        sources = self.documents if column.list_path is None else self.items
        values = sources.at(column.steps)
        typed = None if values is None else array_of_usual(column.type, values)
        if typed is None:
            typed = array_of(column.type, [self._value(column, row) for row in range(len(sources.values))])
        if column.name in self.table.never_null and typed.isna().any():
            typed = self._filled(column, typed)
        return typed

    def _value(self, column: Column, row: int) -> Any:
        """One value, the slow way."""
        source = (self.documents if column.list_path is None else self.items).values[row]
        try:
            return convert(column.type, reader(column.steps)(source))
        except MisfitError as misfit:
            if column.name in (*self.table.primary_key, *self.table.never_null):
                raise self._unusable(column, row, f"is {misfit}") from None
            self.misfits.append(Misfit(self.table.name, column.name, 1, str(misfit)))
            return None

    def _filled(self, column: Column, typed: ExtensionArray) -> ExtensionArray:
        """A child that does not name its parent belongs to the document where it stands; else raise."""
        values = [None if absent else value for value, absent in zip(typed, typed.isna(), strict=True)]
        read_parent = reader(self.root[self.root.primary_key[0]].steps)
        for row, value in enumerate(values):
            if value is None and self.table.parent is not None:
                values[row] = convert(Type.ID, read_parent(self.documents.values[row]))
            if values[row] is None:
                raise self._unusable(column, row, "is missing")
        return array_of(column.type, values)

    def _unusable(self, column: Column, row: int, fault: str) -> ContractError:
        identity = json_text(self.documents.values[row].get("id"))
        return ContractError(
            f"{self.table.name}: the document with id {identity} cannot become a row, since {column.name} "
            f"({column.path} in Clockify's document) {fault}. Look at that item in Clockify; if it is sound "
            f"there, this is a defect of ours to report."
        )
