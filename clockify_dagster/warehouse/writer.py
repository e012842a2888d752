"""Which rows replace which. Every function here runs inside the caller's transaction and commits nothing itself.

DuckDB checks no keys for us (see `ddl.ensure_table`), so these functions are what keeps them unique: rows of a key go
before rows of that key come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

import duckdb

from clockify_dagster.contract import WORKSPACES, Contract, Table
from clockify_dagster.contract.account import USERGROUPS
from clockify_dagster.contract.work import PROJECTS
from clockify_dagster.days import Span
from clockify_dagster.warehouse.changed_rows import insert_rows, link_of, note_contents
from clockify_dagster.warehouse.ddl import columns_by_table, ensure_table, literal, quoted
from clockify_dagster.warehouse.load_state import BY_WORKSPACE, state_schema
from clockify_dagster.warehouse.staging import MEMORY, PageStaging

UserOfWorkspace = tuple[str, str]


def replace_tables(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    *,
    retained_workspaces: Iterable[str] = (),
    retained_users: Iterable[UserOfWorkspace] = (),
) -> dict[str, int]:
    """Put the staged rows in place of all rows of the tables. Gives how many rows of each came in.

    Rows of `retained_workspaces` and `retained_users`, which were not read again, stay, but for those of staged keys.
    Raises `ValueError` where workspaces are to be retained and the table does not say to which a row belongs.
    """
    goes, parameters = _of_others(staging.family[0], retained_workspaces)
    return _replace(connection, staging, goes, parameters, retained_users=retained_users)


def replace_users(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    read: Collection[str],
    retained_workspaces: Iterable[str],
) -> dict[str, int]:
    """Put the staged users and their memberships in place of those of the workspaces that were `read`.

    A user is one row, whatever the number of workspaces; memberships of workspaces, projects and groups say where the
    user belongs. What belongs to a workspace of `retained_workspaces` stays: its users, unless they are staged, and the
    memberships of it, its projects and its groups. A membership of something unknown stays with a user of such a
    workspace, since it may be of that one. Gives how many rows of each table came in.
    """
    users, memberships = staging.family
    held, retained = columns_by_table(connection), list(retained_workspaces)
    if not {users.name, memberships.name} <= held.keys():
        return _replace(connection, staging, "true", [], retained_users=())
    for table in staging.family:
        ensure_table(connection, table)
    name, of_workspaces = quoted(memberships.name), "membershiptype = 'WORKSPACE'"
    for targets, workspaces in (("retained_targets", retained), ("read_targets", list(read))):
        parts = ["SELECT unnest($1::VARCHAR[]) AS id"] + [
            f"SELECT id FROM {quoted(table.name)} WHERE {table.workspace_column} IN (SELECT unnest($1::VARCHAR[]))"
            for table in (PROJECTS, USERGROUPS)
            if table.name in held
        ]
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {targets} AS {' UNION ALL '.join(parts)}", [workspaces])
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE retained_users AS "
        f"SELECT DISTINCT user_id FROM {name} WHERE {of_workspaces} AND targetid IN (SELECT unnest(?::VARCHAR[]))",
        [retained],
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE retained_memberships AS "
        f"SELECT * FROM {name} WHERE targetid IN (FROM retained_targets) "
        "OR (user_id IN (FROM retained_users) AND targetid NOT IN (FROM read_targets))"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE leaving AS SELECT user_id FROM {name} WHERE {of_workspaces} "
        "AND user_id NOT IN (FROM retained_users)"
    )
    note_contents(connection, memberships, "")
    connection.execute(f"DELETE FROM {name}")
    written = _replace(
        connection, staging, "held.id IN (FROM leaving)", [], retained_users=(), noted=[memberships.name]
    )
    connection.execute(
        f"INSERT INTO {name} BY NAME SELECT retained.* FROM retained_memberships AS retained "
        f"ANTI JOIN {name} AS held USING ({', '.join(memberships.primary_key)}) "
        f"WHERE retained.user_id IN (SELECT id FROM {quoted(users.name)})"
    )
    return written


def drop_workspaces(connection: duckdb.DuckDBPyConnection, contract: Contract, workspaces: Collection[str]) -> None:
    """Delete all rows of these workspaces, and what is remembered about loading them.

    Users and their memberships go when the users are loaded next, since they may belong to other workspaces too.
    """
    gone, held = [list(workspaces)], columns_by_table(connection)
    for root in contract.roots:
        column = _workspace_column(root)
        if column is None or root.name not in held:
            continue
        of_them = f"{quoted(column)} IN (SELECT unnest(?::VARCHAR[]))"
        keys = f"SELECT {quoted(root.primary_key[0])} FROM {quoted(root.name)} WHERE {of_them}"
        for table in contract.family(root.name)[1:]:
            link = quoted(table.columns[0].name)
            if table.name in held:
                connection.execute(f"DELETE FROM {quoted(table.name)} WHERE {link} IN ({keys})", gone)
        connection.execute(f"DELETE FROM {quoted(root.name)} WHERE {of_them}", gone)
    # the losses that follow are no news to the check that compares the numbers of rows
    state = state_schema(connection)
    connection.execute(f"UPDATE {state}.loads SET rows_in_all = 0")
    for name in BY_WORKSPACE:
        connection.execute(f"DELETE FROM {state}.{name} WHERE workspaceid IN (SELECT unnest(?::VARCHAR[]))", gone)


def replace_span(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    span: Span,
    *,
    retained_workspaces: Iterable[str] = (),
    retained_users: Iterable[UserOfWorkspace] = (),
    deleted: Iterable[str] = (),
) -> dict[str, int]:
    """Put the staged rows in place of those whose partition column lies within the span.

    Rows of `retained_workspaces` and `retained_users`, which were not read again, stay, but for those of staged keys.
    Rows of staged keys go from wherever they stand, so that a row that has moved is there once; rows of the keys in
    `deleted` go as well; children go with their parents. Gives how many rows of each table came in.
    """
    root = staging.family[0]
    if root.partition_column is None:
        raise ValueError(f"{root.name} has no partition column, so no part of it can be replaced")
    place = quoted(root.partition_column)
    within = f"(held.{place} >= ? AND held.{place} < ?)"
    of_others, retained = _of_others(root, retained_workspaces)
    return _replace(
        connection,
        staging,
        f"{within} AND {of_others}",
        [span.start, span.end, *retained],
        retained_users=retained_users,
        deleted=deleted,
    )


def _of_others(root: Table, retained_workspaces: Iterable[str]) -> tuple[str, list[list[str]]]:
    """The condition, with its parameters, that a row of the root does not belong to one of these workspaces.

    Raises `ValueError` where workspaces are to be retained and the table does not say to which a row belongs.
    """
    retained = list(retained_workspaces)
    if not retained:
        return "true", []
    column = _workspace_column(root)
    if column is None:
        raise ValueError(f"{root.name} does not say to which workspace a row belongs")
    # a row of an older version may lack its workspace; where a workspace is retained, it may be of that one
    return f"coalesce(held.{quoted(column)} NOT IN (SELECT unnest(?::VARCHAR[])), false)", [retained]


def _workspace_column(root: Table) -> str | None:
    return root.primary_key[0] if root.name == WORKSPACES else root.workspace_column


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
    retained_users: Iterable[UserOfWorkspace],
    deleted: Iterable[str] = (),
    noted: Collection[str] = (),
) -> dict[str, int]:
    root, loaded_at, written = staging.family[0], datetime.now(timezone.utc), dict[str, int]()
    bound_memory(connection, is_writing=True)
    with staging.registered(connection) as staged:
        for table in staging.family:
            ensure_table(connection, table)
        retained = ["/".join(pair) for pair in sorted(retained_users)]
        names = [quoted(table.name) for table in staging.family]
        # a first load is often a large one, and there is nothing to look for
        holds_rows = any(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in names)
        goes_whole = goes == "true" and not retained
        if holds_rows and not goes_whole:
            if retained:
                user = "concat_ws('/', held.workspaceid, held.userid)"
                goes += f" AND coalesce({user} NOT IN (SELECT unnest(?::VARCHAR[])), true)"
                parameters = [*parameters, retained]
            key = quoted(root.primary_key[0])
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE replaced AS SELECT held.{key} AS key "
                f"FROM {quoted(root.name)} AS held WHERE {goes} AND held.{key} IS NOT NULL "
                f"UNION ALL SELECT {key} FROM {staged[root.name]} UNION ALL SELECT unnest(?::VARCHAR[])",
                [*parameters, sorted(deleted)],
            )
        for table in reversed(staging.family if holds_rows else ()):
            where = "" if goes_whole else f"WHERE {link_of(table)} IN (SELECT key FROM replaced)"
            if table.name not in noted:
                note_contents(connection, table, where)
            connection.execute(f"DELETE FROM {quoted(table.name)} {where}")
        for table in staging.family:
            written[table.name] = insert_rows(connection, table, staged[table.name], loaded_at, was_noted=holds_rows)
    return written
