"""What a comparison with Clockify's reports needs of the tables. Running timers have no hours, so they are left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import date

import duckdb

from clockify_dagster.warehouse.audit.times import END, START, USER, WORKSPACE
from clockify_dagster.warehouse.ddl import columns_of, quoted

_ENTRIES = (
    f"(SELECT id, coalesce({USER}, '') AS owner, CAST(timezone($zone, {START}) AS DATE) AS day, "
    f"coalesce(type, '') AS kind, CAST((epoch_us({END}) - epoch_us({START})) // 1000000 AS BIGINT) AS seconds "
    f"FROM {{}} WHERE {WORKSPACE} = $workspace AND {END} IS NOT NULL AND day BETWEEN $first AND $last)"
)


@dataclass(frozen=True)
class EntryRange:
    """The entries of a workspace that start from the first to the last of some days of a zone."""

    workspace: str
    zone: str
    first: date
    last: date


@dataclass(frozen=True)
class Entry:
    """A finished entry: whose, on which day of a zone it started, and how long it lasted. Its type tells none apart."""

    identity: str
    user: str
    day: date
    type: str = field(compare=False)
    seconds: int


def day_sums(
    connection: duckdb.DuckDBPyConnection, table: str, chosen: EntryRange
) -> list[tuple[str, date, str, int, int]]:
    """User, day, type, number of entries and their seconds, of each of the days."""
    source = _ENTRIES.format(quoted(table))
    sql = f"SELECT owner, day, kind, count(*), sum(seconds)::BIGINT FROM {source} GROUP BY ALL"
    return connection.execute(sql, asdict(chosen)).fetchall()


def finished_entries(
    connection: duckdb.DuckDBPyConnection, table: str, chosen: EntryRange, ids: Collection[str] | None = None
) -> list[Entry]:
    """The entries, or those of them that have these ids."""
    which = "" if ids is None else " WHERE id IN (SELECT unnest($ids::VARCHAR[]))"
    values = asdict(chosen) if ids is None else {**asdict(chosen), "ids": list(ids)}
    rows = connection.execute(f"SELECT * FROM {_ENTRIES.format(quoted(table))}{which}", values)
    return [Entry(*row) for row in rows.fetchall()]


def plans(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str | None, bool]]:
    """By loaded workspace its plan, as Clockify names it, and whether its reports round times."""
    table = "clockify_workspaces"
    if not {"featuresubscriptiontype", "timeroundinginreports"} <= set(columns_of(connection, table) or ()):
        return {}
    rows = connection.execute(f"SELECT id, featuresubscriptiontype, timeroundinginreports FROM {quoted(table)}")
    return {identity: (plan, bool(rounds)) for identity, plan, rounds in rows.fetchall()}


def user_ids(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """All users who are in a list."""
    if columns_of(connection, "clockify_users") is None:
        return frozenset()
    rows = connection.execute(f"SELECT id FROM {quoted('clockify_users')} WHERE id IS NOT NULL").fetchall()
    return frozenset(identity for (identity,) in rows)
