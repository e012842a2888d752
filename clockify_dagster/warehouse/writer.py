"""Which rows replace which. Every function here runs inside the caller's transaction and commits nothing itself.

DuckDB checks no keys for us (see `ddl.ensure_table`). Rows of a key go before rows of it come, so that it stays unique.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from clockify_dagster.contract import Table
from clockify_dagster.days import Span
from clockify_dagster.warehouse.change_log import log_changes
from clockify_dagster.warehouse.changed_rows import insert_rows, link_of, note_contents
from clockify_dagster.warehouse.ddl import (
    WORKSPACE,
    among_workspaces,
    ensure_table,
    key_of,
    literal,
    quoted,
    workspace_column,
)
from clockify_dagster.warehouse.staging import MEMORY, PageStaging

UserOfWorkspace = tuple[str, str]


@dataclass(frozen=True)
class KeptRows:
    """Rows of a table that stay, since what they came from was not read again: those with these values of a column."""

    column: str
    values: frozenset[str]


Kept = Mapping[str, KeptRows]
"""By table, the rows that stay."""


@dataclass(frozen=True)
class RowChanges:
    """By table, how many rows came in, and how many went; a row that stayed as it was did both."""

    written: Mapping[str, int]
    gone: Mapping[str, int]

    def rows_after(self, before: Mapping[str, int | None]) -> dict[str, int]:
        """How many rows the tables have then. To count them in the transaction would read each file of a lake."""
        return {name: (before[name] or 0) - self.gone[name] + rows for name, rows in self.written.items()}


def replace_tables(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    *,
    retained_workspaces: Iterable[str] = (),
    retained_users: Iterable[UserOfWorkspace] = (),
    kept: Kept | None = None,
    among: Collection[str] | None = None,
) -> RowChanges:
    """Put the staged rows in place of all rows of the tables. Gives how many rows of each came and went.

    Rows of `retained_workspaces` and `retained_users`, which were not read again, stay, but for those of staged keys;
    and so do the rows that are `kept`, and all of workspaces that are not `among` some, if such are given.
    Raises `ValueError` where workspaces are to be retained and the table does not say to which a row belongs.
    """
    goes, parameters = _of_others(staging.family[0], retained_workspaces)
    return replace_rows(
        connection, staging, goes, parameters, retained_users=retained_users, kept=kept or {}, among=among
    )


def replace_span(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    span: Span,
    zone: ZoneInfo,
    *,
    retained_workspaces: Iterable[str] = (),
    retained_users: Iterable[UserOfWorkspace] = (),
    deleted: Iterable[str] = (),
    among: Collection[str] | None = None,
) -> RowChanges:
    """Put the staged rows in place of those whose partition column lies within the span, whole days of the zone.

    Rows of `retained_workspaces` and `retained_users`, which were not read again, stay, but for those of staged keys;
    and so do all of workspaces that are not `among` some, if such are given.
    Rows of staged keys go from wherever they stand, so that a row that has moved is there once; rows of the keys in
    `deleted` go as well; children go with their parents. Gives how many rows of each table came and went.
    """
    root = staging.family[0]
    if root.partition_column is None:
        raise ValueError(f"{root.name} has no partition column, so no part of it can be replaced")
    place, days = f"held.{quoted(root.partition_column)}", span.days(zone)
    within, bounds = f"({place} >= ? AND {place} < ?)", list[object]([span.start, span.end])
    if root.has_days_as_text:
        within, bounds = f"left({place}, 10) BETWEEN ? AND ?", [str(days.first), str(days.last)]
    of_others, retained = _of_others(root, retained_workspaces)
    return replace_rows(
        connection,
        staging,
        f"{within} AND {of_others}",
        [*bounds, *retained],
        retained_users=retained_users,
        deleted=deleted,
        among=among,
    )


def _of_others(root: Table, retained_workspaces: Iterable[str]) -> tuple[str, list[list[str]]]:
    """The condition, with its parameters, that a row of the root does not belong to one of these workspaces.

    Raises `ValueError` where workspaces are to be retained and the table does not say to which a row belongs.
    """
    retained = list(retained_workspaces)
    if not retained:
        return "true", []
    column = workspace_column(root)
    if column is None:
        raise ValueError(f"{root.name} does not say to which workspace a row belongs")
    # a row of an older version may lack its workspace; where a workspace is retained, it may be of that one
    return f"coalesce(held.{quoted(column)} NOT IN (SELECT unnest(?::VARCHAR[])), false)", [retained]


def bound_memory(connection: duckdb.DuckDBPyConnection, *, is_writing: bool = False) -> None:
    """From now on this connection sorts and writes within `MEMORY`, whatever the number of rows."""
    connection.execute(f"SET memory_limit = {literal(MEMORY)}")
    if is_writing:  # else each thread would hold rows of its own, and those before it
        connection.execute("SET threads = 1; SET preserve_insertion_order = false")


def replace_rows(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    goes: str,
    parameters: Sequence[Any],
    *,
    retained_users: Iterable[UserOfWorkspace],
    deleted: Iterable[str] = (),
    children_that_go: Mapping[str, str] | None = None,
    passed_over: Mapping[str, str] | None = None,
    kept: Kept | None = None,
    among: Collection[str] | None = None,
) -> RowChanges:
    """Delete the rows of the root of which the condition `goes` holds, and those of staged keys; insert what is staged.

    In the condition a row is `held`. Children go with their parents, but where `children_that_go` says by table of
    which a condition holds: those go, and those of staged keys. Staged rows are `passed_over` where such a condition
    holds. No row of a workspace that is not `among` some goes, if such are given. Gives how many rows of each table
    came and went.
    """
    root, loaded_at = staging.family[0], datetime.now(timezone.utc)
    written, gone = dict[str, int](), dict.fromkeys((table.name for table in staging.family), 0)
    bound_memory(connection, is_writing=True)
    with staging.registered(connection) as views:
        staged = dict(views)
        for name, condition in (passed_over or {}).items():
            staged[name] = f"(SELECT * FROM {views[name]} WHERE ({condition}) IS NOT TRUE)"
        for table in staging.family:
            ensure_table(connection, table)
        retained = ["/".join(pair) for pair in sorted(retained_users)]
        names = [quoted(table.name) for table in staging.family]
        # a first load is often a large one, and there is nothing to look for
        holds_rows = any(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in names)
        staying = _kept_tables(connection, staging, kept or {})
        goes_whole = goes == "true" and not retained and root.name not in staying and among is None
        if holds_rows and not goes_whole:
            if retained:
                user = "concat_ws('/', held.workspaceid, held.userid)"
                goes += f" AND coalesce({user} NOT IN (SELECT unnest(?::VARCHAR[])), true)"
                parameters = [*parameters, retained]
            goes = " AND ".join([among_workspaces(root, among), goes, staying.get(root.name, "true")])
            key = key_of(root)
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE replaced AS SELECT {key} AS key "
                f"FROM {quoted(root.name)} AS held WHERE {goes} AND {key} IS NOT NULL "
                f"UNION ALL SELECT {key} FROM {staged[root.name]} UNION ALL SELECT unnest(?::VARCHAR[])",
                [*parameters, sorted(deleted)],
            )
        for table in reversed(staging.family if holds_rows else ()):
            if children_that_go and table.name in children_that_go:
                key = ", ".join(map(quoted, table.primary_key))
                comes_again = f"({key}) IN (SELECT ({key}) FROM {staged[table.name]})"
                replaced = [f"({children_that_go[table.name]} OR {comes_again})"]
            else:
                # a row of an older version may lack its workspace; that of a key that comes again goes
                is_in = f"({among_workspaces(table, among)}{_or_lacking(connection, table, among)})"
                replaced = [is_in, f"{link_of(table)} IN (SELECT key FROM replaced)"]
            conditions = [] if goes_whole else replaced
            if table is not root and table.name in staying:
                conditions.append(staying[table.name])
            where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
            note_contents(connection, table, where)
            if staging.logs_changes:
                before = f"SELECT * FROM {quoted(table.name)} {where}"
                log_changes(connection, table, before, f"SELECT * FROM {staged[table.name]}", loaded_at)
            ((gone[table.name],),) = connection.execute(f"DELETE FROM {quoted(table.name)} {where}").fetchall()
        for table in staging.family:
            written[table.name] = insert_rows(connection, table, staged[table.name], loaded_at, was_noted=holds_rows)
    return RowChanges(written, gone)


def _or_lacking(connection: duckdb.DuckDBPyConnection, table: Table, among: Collection[str] | None) -> str:
    """What to add to that condition where rows lack their workspace; nothing else, so that a lake can use it."""
    if among is None or WORKSPACE not in {column.name for column in table.columns}:
        return ""
    lacking = f"{WORKSPACE} IS NULL"
    found = connection.execute(f"SELECT 1 FROM {quoted(table.name)} WHERE {lacking} LIMIT 1").fetchall()
    return f" OR {lacking}" if found else ""


def _kept_tables(connection: duckdb.DuckDBPyConnection, staging: PageStaging, kept: Kept) -> dict[str, str]:
    """By table, the further condition that a row does not stay."""
    conditions = {}
    for number, table in enumerate(staging.family):
        if (rows := kept.get(table.name)) and rows.values:
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE kept_{number} AS SELECT unnest(?::VARCHAR[]) AS value",
                [sorted(rows.values)],
            )
            conditions[table.name] = f"{quoted(rows.column)} NOT IN (SELECT value FROM kept_{number})"
    return conditions
