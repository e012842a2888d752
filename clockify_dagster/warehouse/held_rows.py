"""Some columns of the rows that a table holds, to be compared with what Clockify lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from clockify_dagster.contract import Table
from clockify_dagster.warehouse.ddl import columns_of, quoted
from clockify_dagster.warehouse.destination import Destination
from clockify_dagster.warehouse.load_state import last_load

Values = tuple[Any, ...]


def were_loaded_together(database: Destination, tables: Iterable[Table]) -> bool:
    """Whether the last load of each of these tables was one and the same; so what they hold fits together."""
    with database.reading_if_there() as connection:
        last = [None if connection is None else last_load(connection, table.name) for table in tables]
    moments = {each and each.listed_at for each in last}
    return len(moments) == 1 and None not in moments


def held_rows(database: Destination, table: Table, columns: Sequence[str]) -> dict[str, dict[str, Values]]:
    """By workspace and id, the values of these columns; nothing where the table is not there or lacks one of them."""
    found: dict[str, dict[str, Values]] = {}
    with database.reading_if_there() as connection:
        held = None if connection is None else columns_of(connection, table.name)
        if connection is None or held is None or not {*columns, "workspaceid"} <= held.keys():
            return found
        chosen = ", ".join(["workspaceid", "id", *map(quoted, columns)])
        for workspace, identity, *values in connection.execute(f"SELECT {chosen} FROM {quoted(table.name)}").fetchall():
            found.setdefault(workspace, {})[identity] = tuple(values)
    return found
