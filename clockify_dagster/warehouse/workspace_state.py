"""What the warehouse remembers about the workspaces of each table: whether the last load read them, and when one did.

It stands in `state_tables` and is written in the transaction that writes the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

import duckdb

from clockify_dagster.contract import WORKSPACES
from clockify_dagster.contract.time import TIMEENTRIES
from clockify_dagster.warehouse.ddl import columns_of, quoted
from clockify_dagster.warehouse.load_state import LoadRecord, last_load
from clockify_dagster.warehouse.state_tables import of_tables_named, remember, remembered

UNSEEN = "unseen"
"""Why a workspace was not read: it is in the database, and the key does not see it."""
NOT_CHOSEN = "not chosen"
"""Why a workspace was not read: it is in the database, and the setting that names workspaces leaves it out."""
LEFT_OUT = frozenset({UNSEEN, NOT_CHOSEN})
"""The reasons for which nothing new is expected of a workspace. All others are troubles, which may pass."""

_TABLE = "workspace_loads"


@dataclass(frozen=True)
class WorkspaceState:
    """A workspace in a table.

    Attributes:
        read_at: when a load last read it; None where none ever did.
        unread: why the last load did not read it: one of `LEFT_OUT`, or the name of an error; None where it did.
        listed_at: when the listing began that the load read, by the loader's clock; None in files of older versions.
    """

    read_at: datetime | None
    unread: str | None
    listed_at: datetime | None = None


def workspace_states(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, WorkspaceState]:
    """By workspace, how it stands in a table; none of a file that was written before this was remembered."""
    # an older file lacks the last column
    sql = f"SELECT * EXCLUDE (table_name) FROM {{}} WHERE {of_tables_named([table])} ORDER BY ALL"
    return {each: WorkspaceState(*state) for each, *state in remembered(connection, _TABLE, sql)}


def record_workspaces(
    connection: duckdb.DuckDBPyConnection,
    tables: Collection[str],
    read: Iterable[str],
    unread: Mapping[str, str],
    listed_at: datetime | None = None,
    among: Collection[str] | None = None,
) -> None:
    """Note a load of tables that is written now: the workspaces that it read, and by workspace why not others.

    What is remembered of workspaces that are not `among` some, if such are given, stays, but that they were not read if
    they are `unread`, and no later listing has read them. Rows of all others went, so nothing is remembered of those.
    """
    now, never, rows = datetime.now(timezone.utc), WorkspaceState(None, None), list[tuple[object, ...]]()
    for table in tables:
        before = workspace_states(connection, table)
        if not before and (last := last_load(connection, table)) is not None:
            # a file of an older version: what is loaded has been loaded of all workspaces
            before = {each: WorkspaceState(last.loaded_at, None) for each in workspace_names(connection)}
        states = {each: state for each, state in before.items() if among is not None and each not in among}
        states |= {each: WorkspaceState(now, None, listed_at) for each in read}
        for each, why in unread.items():
            known = before.get(each, never)
            if each in states and known.listed_at and listed_at and known.listed_at > listed_at:
                continue
            states[each] = WorkspaceState(known.read_at, why, known.listed_at)
        rows += [(table, each, state.read_at, state.unread, state.listed_at) for each, state in states.items()]
    remember(connection, _TABLE, rows, of_tables=tables)


def last_load_among(
    connection: duckdb.DuckDBPyConnection, table: str, among: Collection[str] | None
) -> LoadRecord | None:
    """The last load of a table that read any of these workspaces, or of all where None are given.

    Of the former its rows are not known.
    """
    if among is None:
        return last_load(connection, table)
    states = [state for each, state in workspace_states(connection, table).items() if each in among]
    read = [state.read_at for state in states if state.read_at]
    listed = [state.listed_at for state in states if state.listed_at]
    return LoadRecord(max(read), 0, 0, max(listed, default=None)) if read else None


def were_loaded(connection: duckdb.DuckDBPyConnection, table: str, workspaces: Iterable[str]) -> set[str]:
    """Those of the workspaces of which the table was ever loaded."""
    states = workspace_states(connection, table)
    if not states and last_load(connection, table) is not None:
        return set(workspaces)  # a file of an older version does not tell them apart
    return {each for each in workspaces if each in states and states[each].read_at is not None}


def without_days(connection: duckdb.DuckDBPyConnection, left_out: Collection[str] = LEFT_OUT) -> set[str]:
    """The workspaces whose time entries cannot be expected to be there.

    Those that were never read, though it was tried, and those that the last load left out for one of these reasons.
    """
    return {
        each
        for table in (WORKSPACES, TIMEENTRIES.name)
        for each, state in workspace_states(connection, table).items()
        if state.unread in left_out
        or (state.unread is not None and state.unread not in LEFT_OUT and state.read_at is None)
    }


def workspace_names(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The loaded workspaces in the order of their names, by id; one that has no name is named by its id."""
    held = columns_of(connection, WORKSPACES) or {}
    if "id" not in held:
        return {}
    name = "coalesce(nullif(name, ''), id)" if "name" in held else "id"
    sql = f"SELECT id, {name} FROM {quoted(WORKSPACES)} WHERE id IS NOT NULL ORDER BY 2, 1"
    return dict(connection.execute(sql).fetchall())
