"""What a comparison with Clockify's reports needs of the tables. Finished entries only: a running timer has no hours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from clockify_dagster.days import Days
from clockify_dagster.warehouse.audit.times import END, START, USER, WORKSPACE
from clockify_dagster.warehouse.ddl import columns_of, qualified

_ENTRIES = (
    f"SELECT id, coalesce({USER}, '') AS owner, CAST(timezone($zone, {START}) AS DATE) AS day, "
    f"coalesce(type, '') AS kind, CAST((epoch_us({END}) - epoch_us({START})) // 1000000 AS BIGINT) AS seconds "
    f"FROM {{table}} WHERE {WORKSPACE} = $workspace AND {END} IS NOT NULL AND day BETWEEN $first AND $last"
)


@dataclass(frozen=True)
class Entry:
    """A finished entry: whose, on which day of a zone it started, and how long it lasted. Its type tells none apart."""

    identity: str
    user: str
    day: date
    type: str = field(compare=False)
    seconds: int


def day_sums(
    connection: duckdb.DuckDBPyConnection, table: str, *, workspace: str, zone: str, days: Days
) -> list[tuple[str, date, str, int, int]]:
    """User, day, type, number of entries and their seconds, of each of the days."""
    sql = f"SELECT owner, day, kind, count(*), sum(seconds)::BIGINT FROM ({_ENTRIES.format(table=qualified(table))})"
    where = {"zone": zone, "workspace": workspace, "first": days.first, "last": days.last}
    return connection.execute(f"{sql} GROUP BY ALL", where).fetchall()


def finished_entries(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    *,
    workspace: str,
    zone: str,
    days: Days,
    users: Collection[str] | None = None,
    ids: Collection[str] | None = None,
) -> list[Entry]:
    """The entries of those days; of these users and with these ids, where some are named."""
    sql = f"SELECT * FROM ({_ENTRIES.format(table=qualified(table))}) WHERE true"
    values: dict[str, Any] = {"zone": zone, "workspace": workspace, "first": days.first, "last": days.last}
    for column, named in (("owner", users), ("id", ids)):
        if named is not None:
            sql += f" AND {column} IN (SELECT unnest(${column}::VARCHAR[]))"
            values[column] = sorted(named)
    return [Entry(*row) for row in connection.execute(sql, values).fetchall()]


def plans(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str | None, bool]]:
    """By loaded workspace its plan, as Clockify names it, and whether its reports round times."""
    table = "clockify_workspaces"
    if not {"featuresubscriptiontype", "timeroundinginreports"} <= set(columns_of(connection, table) or ()):
        return {}
    rows = connection.execute(f"SELECT id, featuresubscriptiontype, timeroundinginreports FROM {qualified(table)}")
    return {identity: (plan, bool(rounds)) for identity, plan, rounds in rows.fetchall()}


def user_ids(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """All users who are in a list."""
    table = "clockify_users"
    if columns_of(connection, table) is None:
        return frozenset()
    rows = connection.execute(f"SELECT id FROM {qualified(table)} WHERE id IS NOT NULL").fetchall()
    return frozenset(identity for (identity,) in rows)
