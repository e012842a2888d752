"""Which rows of users replace which, where not all workspaces were read: a user may be in several of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from clockify_dagster.contract import Table
from clockify_dagster.contract.account import USERGROUPS, USERS_MEMBERSHIPS
from clockify_dagster.contract.custom_fields import CUSTOM_FIELDS
from clockify_dagster.contract.work import PROJECTS
from clockify_dagster.warehouse.ddl import columns_by_table, ensure_table, of_workspaces, quoted
from clockify_dagster.warehouse.staging import PageStaging
from clockify_dagster.warehouse.writer import replace_rows


def replace_users(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    read: Collection[str],
    retained_workspaces: Iterable[str],
    newer_workspaces: Collection[str] = (),
) -> dict[str, int]:
    """Put the staged users, with their memberships and fields, in place of those of the workspaces that were `read`.

    A user is one row, whatever the number of workspaces; memberships of workspaces, projects and groups say where the
    user belongs. What belongs to a workspace of `retained_workspaces` stays: its users, unless they are staged, and the
    memberships of it, its projects and its groups, and the values of its custom fields. What belongs to something
    unknown stays with a user of such a workspace, since it may be of that one. Those of them whose users were listed
    later than the staged ones are `newer_workspaces`: what is known of their users is younger than what is staged, so
    it stays. Gives how many rows of each table came in.
    """
    users, *children = staging.family
    held, retained = columns_by_table(connection), list(retained_workspaces)
    if users.name not in held:
        return replace_rows(connection, staging, "true", [], retained_users=())
    for table in staging.family:
        ensure_table(connection, table)
    newer = list(newer_workspaces)
    for targets, workspaces in (("retained_targets", retained), ("read_targets", [*read]), ("newer_targets", newer)):
        parts = ["SELECT unnest($1::VARCHAR[]) AS id"] + [
            f"SELECT id FROM {quoted(table.name)} WHERE {table.workspace_column} IN (SELECT unnest($1::VARCHAR[]))"
            for table in (PROJECTS, USERGROUPS, CUSTOM_FIELDS)
            if table.name in held
        ]
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {targets} AS {' UNION ALL '.join(parts)}", [workspaces])
    # without memberships it is not known who belongs where, so everybody may be of a workspace that was not read
    belongs = f"SELECT id AS user_id, id AS targetid FROM {quoted(users.name)}"
    is_retained, is_newer = "true", "true" if newer else "false"
    if USERS_MEMBERSHIPS.name in [child.name for child in children] and USERS_MEMBERSHIPS.name in held:
        belongs = f"SELECT user_id, targetid FROM {quoted(USERS_MEMBERSHIPS.name)} WHERE membershiptype = 'WORKSPACE'"
        is_retained, is_newer = of_workspaces("targetid", retained), of_workspaces("targetid", newer)
    for those, condition in (("retained_users", is_retained), ("newer_users", is_newer)):
        sql = f"SELECT DISTINCT user_id FROM ({belongs}) WHERE {condition}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {those} AS {sql}")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE leaving AS "
        f"SELECT user_id FROM ({belongs}) WHERE user_id NOT IN (FROM retained_users)"
    )
    # of users who were listed, and of those who stay since they may be of a workspace that was not read
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE remaining AS SELECT id FROM {quoted(users.name)} WHERE id NOT IN (FROM leaving) "
        f"UNION {staging.keys or 'SELECT NULL WHERE false'}"
    )
    goes = {child.name: f"({_stays(child)}) IS NOT TRUE" for child in children}
    # what was listed of a person before is no news; nor what it says of memberships elsewhere
    passed = {child.name: f"{quoted(child.primary_key[1])} IN (FROM newer_targets)" for child in children}
    passed[users.name] = f"id IN (FROM newer_users) AND id IN (SELECT id FROM {quoted(users.name)})"
    return replace_rows(
        connection,
        staging,
        "held.id IN (FROM leaving)",
        [],
        retained_users=(),
        children_that_go=goes,
        passed_over=passed if newer else {},
    )


def _stays(child: Table) -> str:
    """The condition that a row of a child belongs to what was not read, and its user is still there."""
    target = quoted(child.primary_key[1])
    return (
        "user_id IN (FROM remaining) AND "
        f"({target} IN (FROM retained_targets) "
        f"OR (user_id IN (FROM retained_users) AND {target} NOT IN (FROM read_targets)))"
    )
