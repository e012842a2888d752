"""Which rows of users replace which, where not all workspaces were read: a user may be in several of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from clockify_dagster.contract import Table
from clockify_dagster.contract.account import USERGROUPS, USERS_MEMBERSHIPS
from clockify_dagster.contract.custom_fields import CUSTOM_FIELDS
from clockify_dagster.contract.work import PROJECTS
from clockify_dagster.warehouse.ddl import among_workspaces, columns_by_table, ensure_table, of_workspaces, quoted
from clockify_dagster.warehouse.staging import PageStaging
from clockify_dagster.warehouse.writer import RowChanges, replace_rows

_TARGETS = (PROJECTS, USERGROUPS, CUSTOM_FIELDS)


def replace_users(
    connection: duckdb.DuckDBPyConnection,
    staging: PageStaging,
    read: Collection[str],
    retained_workspaces: Iterable[str],
    newer_workspaces: Collection[str] = (),
) -> RowChanges:
    """Put the staged users, with their memberships and fields, in place of those of the workspaces that were `read`.

    A user is one row, whatever the number of workspaces; memberships of workspaces, projects and groups say where the
    user belongs. What belongs to a workspace of `retained_workspaces` stays: its users, unless they are staged, and the
    memberships of it, its projects and its groups, and the values of its custom fields. What belongs to something
    unknown stays with a user of such a workspace, since it may be of that one. Those of them whose users were listed
    later than the staged ones are `newer_workspaces`: what is known of their users is younger than what is staged, so
    it stays. Gives how many rows of each table came and went.
    """
    users, *children = staging.family
    held, retained = columns_by_table(connection), list(retained_workspaces)
    if users.name not in held:
        return replace_rows(connection, staging, "true", [], retained_users=())
    for table in staging.family:
        ensure_table(connection, table)
    newer, sources = list(newer_workspaces), [table for table in _TARGETS if table.name in held]
    _create_targets(connection, "read_targets", read, sources)
    _create_targets(connection, "newer_targets", newer, sources)
    # without memberships it is not known who belongs where, so everybody may be of a workspace that was not read
    belongs = f"SELECT id AS user_id, id AS targetid FROM {quoted(users.name)}"
    is_retained, is_newer = "true", "true" if newer else "false"
    if USERS_MEMBERSHIPS.name in [child.name for child in children] and USERS_MEMBERSHIPS.name in held:
        belongs = f"SELECT user_id, targetid FROM {quoted(USERS_MEMBERSHIPS.name)} WHERE membershiptype = 'WORKSPACE'"
        is_retained, is_newer = of_workspaces("targetid", retained), of_workspaces("targetid", newer)
    for those, condition in (("retained_users", is_retained), ("newer_users", is_newer)):
        sql = f"SELECT DISTINCT user_id FROM ({belongs}) WHERE {condition}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {those} AS {sql}")
    # seldom anything: what belongs to a workspace that was not read, or to something unknown, of users who are in none
    elsewhere = " UNION ".join(
        f"SELECT {_target(child)} AS id FROM {quoted(child.name)} "
        f"WHERE user_id NOT IN (FROM retained_users) AND {_target(child)} NOT IN (FROM read_targets)"
        for child in children
    )
    found = connection.execute(f"SELECT id FROM ({elsewhere}) LIMIT 1").fetchall() if children else []
    # else the projects of all workspaces need not be read, which would open a file of each in a lake
    _create_targets(connection, "retained_targets", retained, sources if found else [])
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
    passed = {child.name: f"{_target(child)} IN (FROM newer_targets)" for child in children}
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


def _create_targets(
    connection: duckdb.DuckDBPyConnection, name: str, workspaces: Collection[str], sources: Iterable[Table]
) -> None:
    """Make a temporary table of what memberships and values of these workspaces belong to."""
    parts = ["SELECT unnest(?::VARCHAR[]) AS id"] + [
        f"SELECT id FROM {quoted(table.name)} WHERE {among_workspaces(table, workspaces)}" for table in sources
    ]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {' UNION ALL '.join(parts)}", [[*workspaces]])


def _target(child: Table) -> str:
    """The column of a child that says to what its row belongs."""
    return quoted(child.primary_key[1])


def _stays(child: Table) -> str:
    """The condition that a row of a child belongs to what was not read, and its user is still there."""
    return (
        "user_id IN (FROM remaining) AND CASE WHEN user_id IN (FROM retained_users) "
        f"THEN {_target(child)} NOT IN (FROM read_targets) ELSE {_target(child)} IN (FROM retained_targets) END"
    )
