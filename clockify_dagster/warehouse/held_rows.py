"""Some columns of the rows that a table holds, to be compared with what Clockify lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from clockify_dagster.contract import Table
from clockify_dagster.warehouse.ddl import WORKSPACE, columns_of, of_workspaces, quoted
from clockify_dagster.warehouse.destination import Destination
from clockify_dagster.warehouse.workspace_state import last_load_among

Values = tuple[Any, ...]


def were_loaded_together(database: Destination, tables: Iterable[Table], among: Collection[str] | None = None) -> bool:
    """Whether the last load of each of these tables was one and the same; so what they hold fits together.

    Of these workspaces, of all where None are given.
    """
    with database.reading_if_there() as connection:
        last = [None if connection is None else last_load_among(connection, table.name, among) for table in tables]
    moments = {each and each.listed_at for each in last}
    return len(moments) == 1 and None not in moments


def held_rows(
    database: Destination, table: Table, columns: Sequence[str], among: Collection[str] | None = None
) -> dict[str, dict[str, Values]]:
    """By workspace and id, the values of these columns; nothing where the table is not there or lacks one of them.

    Of these workspaces, of all where None are given.
    """
    found: dict[str, dict[str, Values]] = {}
    with database.reading_if_there() as connection:
        held = None if connection is None else columns_of(connection, table.name)
        if connection is None or held is None or not {*columns, "workspaceid"} <= held.keys():
            return found
        chosen = ", ".join(["workspaceid", "id", *map(quoted, columns)])
        sql = f"SELECT {chosen} FROM {quoted(table.name)} WHERE {of_workspaces(WORKSPACE, among)}"
        for workspace, identity, *values in connection.execute(sql).fetchall():
            found.setdefault(workspace, {})[identity] = tuple(values)
    return found
