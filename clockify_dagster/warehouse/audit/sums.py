"""What the entries of a workspace add up to: finished ones only, since a running timer has no hours yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from clockify_dagster.days import Days
from clockify_dagster.warehouse.audit.times import END, START, USER, WORKSPACE
from clockify_dagster.warehouse.ddl import columns_of, qualified

_SECONDS = f"(epoch_us({END}) - epoch_us({START})) // 1000000"
_FINISHED = f"{WORKSPACE} = ? AND {END} IS NOT NULL AND CAST(timezone(?, {START}) AS DATE) BETWEEN ? AND ?"


@dataclass(frozen=True)
class Entry:
    """A finished entry: whose, when it started, and how long it lasted."""

    identity: str
    user: str
    type: str
    start: datetime
    seconds: int


@dataclass(frozen=True)
class DaySum:
    """What the entries of one kind of one user add up to on one day of a zone."""

    day: date
    user: str
    type: str
    entries: int
    seconds: int


def day_sums(
    connection: duckdb.DuckDBPyConnection, table: str, *, workspace: str, zone: str, days: Days
) -> list[DaySum]:
    """The sums of each of the days, counted in the zone."""
    rows = connection.execute(
        f"SELECT CAST(timezone(?, {START}) AS DATE), coalesce({USER}, ''), coalesce(type, ''), count(*), "
        f"CAST(sum({_SECONDS}) AS BIGINT) FROM {qualified(table)} WHERE {_FINISHED} GROUP BY ALL",
        [zone, workspace, zone, days.first, days.last],
    ).fetchall()
    return [DaySum(*row) for row in rows]


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
    sql = (
        f"SELECT id, coalesce({USER}, ''), coalesce(type, ''), {START}, CAST({_SECONDS} AS BIGINT) "
        f"FROM {qualified(table)} WHERE {_FINISHED}"
    )
    values: list[Any] = [workspace, zone, days.first, days.last]
    for column, named in ((f"coalesce({USER}, '')", users), ("id", ids)):
        if named is not None:
            sql += f" AND {column} IN (SELECT unnest(?::VARCHAR[]))"
            values.append(sorted(named))
    return [Entry(*row) for row in connection.execute(sql, values).fetchall()]


@dataclass(frozen=True)
class Plan:
    """What a workspace's reports depend on: its plan, as Clockify names it, and whether they round times."""

    name: str | None = None
    rounds: bool = False


def plans(connection: duckdb.DuckDBPyConnection) -> dict[str, Plan]:
    """By loaded workspace its plan."""
    table = "clockify_workspaces"
    if not {"featuresubscriptiontype", "timeroundinginreports"} <= set(columns_of(connection, table) or ()):
        return {}
    rows = connection.execute(f"SELECT id, featuresubscriptiontype, timeroundinginreports FROM {qualified(table)}")
    return {identity: Plan(name, bool(rounds)) for identity, name, rounds in rows.fetchall()}


def user_ids(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """All users who are in a list."""
    table = "clockify_users"
    if columns_of(connection, table) is None:
        return frozenset()
    rows = connection.execute(f"SELECT id FROM {qualified(table)} WHERE id IS NOT NULL").fetchall()
    return frozenset(identity for (identity,) in rows)
