"""Rows of a family of tables, collected outside the database until all of them are there."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb
import pandas as pd

from clockify_dagster.contract.frames import Flattened, Misfit, merge_misfits
from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.ddl import quoted

_PIECE = "_piece"
_names = itertools.count()


class Staging:
    """What a table and its children will hold, piece by piece.

    A row that comes in two pieces (a list may shift while it is read) counts once, as it was read last, with the
    children that came with it.
    """

    def __init__(self, family: Sequence[Table]) -> None:
        """Collect for a table without parent, which stands first, and its children."""
        self.family = tuple(family)
        self.misfits: tuple[Misfit, ...] = ()
        self._pieces: list[Mapping[str, pd.DataFrame]] = []

    def add(self, flattened: Flattened) -> None:
        """Take the rows of one page of documents."""
        self.misfits = merge_misfits(self.misfits, flattened.misfits)
        self._pieces.append(flattened.frames)

    @property
    def documents(self) -> int:
        """How many rows the table without parent has so far; rows that came twice count twice."""
        return sum(len(piece[self.family[0].name]) for piece in self._pieces)

    def finish(self) -> None:
        """Do what can be done before the database is opened. Rows may still come."""

    def close(self) -> None:
        """Give up what is held outside of memory. Safe to call twice."""

    @contextmanager
    def registered(self, connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, str]]:
        """By table, the name of a temporary table that holds the rows that count. It goes with the context."""
        names = {table.name: f"staged_{next(_names)}" for table in self.family}
        try:
            for table in self.family:
                self._fill(connection, table, names[table.name], names[self.family[0].name])
            yield names
        finally:
            forget(connection, "TABLE", names.values())

    def _fill(self, connection: duckdb.DuckDBPyConnection, table: Table, name: str, root: str) -> None:
        columns = ", ".join(f"{quoted(column.name)} {column.type.sql}" for column in table.document_columns)
        connection.execute(f"CREATE TEMP TABLE {name} ({columns}, {_PIECE} INTEGER)")
        frames = [piece[table.name].assign(**{_PIECE: n}) for n, piece in enumerate(self._pieces)]
        if frames:
            source = f"{name}_source"
            connection.register(source, pd.concat(frames, ignore_index=True))
            connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM {source}")
            connection.unregister(source)
        if len(frames) > 1:
            self._keep_what_was_read_last(connection, table, name, root)

    def _keep_what_was_read_last(
        self, connection: duckdb.DuckDBPyConnection, table: Table, name: str, root: str
    ) -> None:
        if table.parent is not None and not table.keeps_all_documents:
            link, key = quoted(table.columns[0].name), quoted(self.family[0].primary_key[0])
            connection.execute(
                f"DELETE FROM {name} WHERE NOT EXISTS (SELECT 1 FROM {root} "
                f"WHERE {root}.{key} = {name}.{link} AND {root}.{_PIECE} = {name}.{_PIECE})"
            )
        key = ", ".join(quoted(column) for column in table.primary_key)
        connection.execute(
            f"DELETE FROM {name} WHERE rowid IN (SELECT rowid FROM {name} "
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {_PIECE} DESC, rowid DESC) > 1)"
        )


def forget(connection: duckdb.DuckDBPyConnection, kind: str, names: Iterable[str]) -> None:
    """Drop temporary tables or views, as far as the transaction is still alive."""
    try:
        for name in names:
            connection.execute(f"DROP {kind} IF EXISTS {name}")
    except duckdb.Error:
        # the transaction has failed; temporary tables go with the connection
        return
