"""Which rows replace which. Every function here runs inside the caller's transaction and commits nothing itself.

DuckDB checks no keys for us (see `ddl.ensure_table`), so these functions are what keeps them unique: rows of a key go
before rows of that key come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

import duckdb

from clockify_dagster.contract.model import CHANGED_AT, LOADED_AT, Table
from clockify_dagster.days import Span
from clockify_dagster.warehouse.ddl import ensure_table, literal, qualified, quoted
from clockify_dagster.warehouse.staging import MEMORY, PageStaging

UserOfWorkspace = tuple[str, str]


def replace_tables(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    *,
    kept_workspaces: Iterable[str] = (),
    kept_users: Iterable[UserOfWorkspace] = (),
) -> dict[str, int]:
    """Put the staged rows in place of all rows of the tables. Gives how many rows of each came in.

    Rows of `kept_workspaces` and `kept_users`, which were not read again, stay, but for those of staged keys. Raises
    `ValueError` where workspaces are to be kept and the table does not say to which a row belongs.
    """
    root, kept = staging.family[0], list(kept_workspaces)
    if not kept:
        return _replace(connection, staging, "true", [], kept_users=kept_users)
    if root.workspace_column is None:
        raise ValueError(f"{root.name} does not say to which workspace a row belongs")
    # a row of an older version may lack its workspace; where a workspace is kept, it may be of that one
    goes = f"coalesce(held.{quoted(root.workspace_column)} NOT IN (SELECT unnest(?::VARCHAR[])), false)"
    return _replace(connection, staging, goes, [kept], kept_users=kept_users)


def replace_span(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    span: Span,
    *,
    kept_users: Iterable[UserOfWorkspace] = (),
    deleted: Iterable[str] = (),
) -> dict[str, int]:
    """Put the staged rows in place of those whose partition column lies within the span, but for `kept_users`.

    Rows of staged keys go from wherever they stand, so that a row that has moved is there once; rows of the keys in
    `deleted` go as well; children go with their parents. Gives how many rows of each table came in.
    """
    root = staging.family[0]
    if root.partition_column is None:
        raise ValueError(f"{root.name} has no partition column, so no part of it can be replaced")
    place = quoted(root.partition_column)
    within = f"(held.{place} >= ? AND held.{place} < ?)"
    return _replace(connection, staging, within, [span.start, span.end], kept_users=kept_users, deleted=deleted)


def bound_memory(connection: duckdb.DuckDBPyConnection, *, is_writing: bool = False) -> None:
    """From now on this connection sorts and writes within `MEMORY`, whatever the number of rows."""
    connection.execute(f"SET memory_limit = {literal(MEMORY)}")
    if is_writing:  # else each thread would hold rows of its own, and those before it
        connection.execute("SET threads = 1; SET preserve_insertion_order = false")


def _replace(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    goes: str,
    parameters: Sequence[Any],
    *,
    kept_users: Iterable[UserOfWorkspace],
    deleted: Iterable[str] = (),
) -> dict[str, int]:
    root, loaded_at, written = staging.family[0], datetime.now(timezone.utc), dict[str, int]()
    bound_memory(connection, is_writing=True)
    with staging.registered(connection) as staged:
        for table in staging.family:
            ensure_table(connection, table)
        kept = ["/".join(pair) for pair in sorted(kept_users)]
        names = [qualified(table.name) for table in staging.family]
        # a first load is often a large one, and there is nothing to look for
        holds_rows = any(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in names)
        goes_whole = goes == "true" and not kept
        if holds_rows and not goes_whole:
            if kept:
                user = "concat_ws('/', held.workspaceid, held.userid)"
                goes += f" AND coalesce({user} NOT IN (SELECT unnest(?::VARCHAR[])), true)"
                parameters = [*parameters, kept]
            key = quoted(root.primary_key[0])
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE replaced AS SELECT held.{key} AS key "
                f"FROM {qualified(root.name)} AS held WHERE {goes} AND held.{key} IS NOT NULL "
                f"UNION ALL SELECT {key} FROM {staged[root.name]} UNION ALL SELECT unnest(?::VARCHAR[])",
                [*parameters, sorted(deleted)],
            )
        for table in reversed(staging.family if holds_rows else ()):
            where = "" if goes_whole else f"WHERE {_link(table)} IN (SELECT key FROM replaced)"
            _note_contents(connection, table, where)
            connection.execute(f"DELETE FROM {qualified(table.name)} {where}")
        for table in staging.family:
            written[table.name] = _insert(connection, table, staged[table.name], loaded_at, was_noted=holds_rows)
    return written


def _note_contents(connection: duckdb.DuckDBPyConnection, table: Table, where: str) -> None:
    """Note of rows that are about to go what is in them, and since when.

    What is in a row is compared by a hash of 64 bits, and only with the rows of the same id (of a child: of the same
    parent). All columns themselves would take twice the time of the whole write.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_noted(table)} AS "
        f"SELECT {_link(table)} AS _link, {_content(table)} AS _content, min({quoted(CHANGED_AT.name)}) AS _since "
        f"FROM {qualified(table.name)} {where} GROUP BY ALL"
    )


def _insert(
    connection: duckdb.DuckDBPyConnection, table: Table, staged: str, loaded_at: datetime, *, was_noted: bool
) -> int:
    """Insert the staged rows; gives how many. A row whose like was noted has not changed since the time noted."""
    columns = ", ".join(quoted(column.name) for column in table.document_columns)
    since, source = "$now", staged
    if was_noted:
        since = "coalesce(_since, $now)"
        source += f" LEFT JOIN {_noted(table)} ON _link = {_link(table)} AND _content = {_content(table)}"
    times = f"$now::TIMESTAMPTZ AS {quoted(LOADED_AT.name)}, {since}::TIMESTAMPTZ AS {quoted(CHANGED_AT.name)}"
    inserted = connection.execute(
        f"INSERT INTO {qualified(table.name)} BY NAME SELECT {columns}, {times} FROM {source}", {"now": loaded_at}
    )
    ((rows,),) = inserted.fetchall()
    return int(rows)


def _link(table: Table) -> str:
    """The column by which rows of a family belong together: the id, and in a child that of the parent."""
    return quoted(table.columns[0].name if table.parent else table.primary_key[0])


def _content(table: Table) -> str:
    return f"hash({', '.join(quoted(column.name) for column in table.document_columns)})"


def _noted(table: Table) -> str:
    return quoted(f"{table.name} before")
