"""Which rows of users replace which, where not all workspaces were read: a user may be in several of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timezone

import duckdb

from clockify_dagster.contract import Table
from clockify_dagster.contract.account import USERGROUPS, USERS_MEMBERSHIPS
from clockify_dagster.contract.custom_fields import CUSTOM_FIELDS
from clockify_dagster.contract.work import PROJECTS
from clockify_dagster.warehouse.change_log import log_changes
from clockify_dagster.warehouse.changed_rows import note_contents
from clockify_dagster.warehouse.ddl import columns_by_table, ensure_table, literal, quoted
from clockify_dagster.warehouse.staging import PageStaging
from clockify_dagster.warehouse.writer import replace_rows


def replace_users(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    read: Collection[str],
    retained_workspaces: Iterable[str],
) -> dict[str, int]:
    """Put the staged users, with their memberships and fields, in place of those of the workspaces that were `read`.

    A user is one row, whatever the number of workspaces; memberships of workspaces, projects and groups say where the
    user belongs. What belongs to a workspace of `retained_workspaces` stays: its users, unless they are staged, and the
    memberships of it, its projects and its groups, and the values of its custom fields. What belongs to something
    unknown stays with a user of such a workspace, since it may be of that one. Gives how many rows of each table came
    in.
    """
    users, *children = staging.family
    held, retained = columns_by_table(connection), list(retained_workspaces)
    if users.name not in held:
        return replace_rows(connection, staging, "true", [], retained_users=())
    for table in staging.family:
        ensure_table(connection, table)
    for targets, workspaces in (("retained_targets", retained), ("read_targets", list(read))):
        parts = ["SELECT unnest($1::VARCHAR[]) AS id"] + [
            f"SELECT id FROM {quoted(table.name)} WHERE {table.workspace_column} IN (SELECT unnest($1::VARCHAR[]))"
            for table in (PROJECTS, USERGROUPS, CUSTOM_FIELDS)
            if table.name in held
        ]
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {targets} AS {' UNION ALL '.join(parts)}", [workspaces])
    # without memberships it is not known who belongs where, so everybody may be of a workspace that was not read
    belongs = f"SELECT id AS user_id, id AS targetid FROM {quoted(users.name)}"
    is_retained = "true"
    if USERS_MEMBERSHIPS.name in [child.name for child in children] and USERS_MEMBERSHIPS.name in held:
        belongs = f"SELECT user_id, targetid FROM {quoted(USERS_MEMBERSHIPS.name)} WHERE membershiptype = 'WORKSPACE'"
        is_retained = f"targetid IN ({', '.join(map(literal, retained)) or 'NULL'})"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE retained_users AS SELECT DISTINCT user_id FROM ({belongs}) WHERE {is_retained}"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE leaving AS "
        f"SELECT user_id FROM ({belongs}) WHERE user_id NOT IN (FROM retained_users)"
    )
    for child in children:
        if staging.logs_changes and child.is_logged:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {_before(child)} AS SELECT * FROM {quoted(child.name)}")
        _set_aside(connection, child)
    names = [child.name for child in children]
    written = replace_rows(connection, staging, "held.id IN (FROM leaving)", [], retained_users=(), noted=names)
    for child in children:
        connection.execute(
            f"INSERT INTO {quoted(child.name)} BY NAME SELECT retained.* FROM {_aside(child)} AS retained "
            f"ANTI JOIN {quoted(child.name)} AS held USING ({', '.join(child.primary_key)}) "
            f"WHERE retained.user_id IN (SELECT id FROM {quoted(users.name)})"
        )
        if staging.logs_changes and child.is_logged:
            before, after = (f"SELECT * FROM {each}" for each in (_before(child), quoted(child.name)))
            log_changes(connection, child, before, after, datetime.now(timezone.utc))
    return written


def _set_aside(connection: duckdb.DuckDBPyConnection, child: Table) -> None:
    """Take all rows of a child out of its table, and remember those that belong to retained workspaces."""
    target = quoted(child.primary_key[1])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_aside(child)} AS SELECT * FROM {quoted(child.name)} "
        f"WHERE {target} IN (FROM retained_targets) "
        f"OR (user_id IN (FROM retained_users) AND {target} NOT IN (FROM read_targets))"
    )
    note_contents(connection, child, "")
    connection.execute(f"DELETE FROM {quoted(child.name)}")


def _before(child: Table) -> str:
    return quoted(f"{child.name} as it was")


def _aside(child: Table) -> str:
    return quoted(f"{child.name} retained")
