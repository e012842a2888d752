"""Which rows replace which. Every function here runs inside the caller's transaction and commits nothing itself.

DuckDB checks no keys for us (see `ddl.ensure_table`), so these functions are what keeps them unique: rows of a key go
before rows of that key come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

import duckdb

from clockify_dagster.contract.model import LOADED_AT, Table
from clockify_dagster.warehouse.ddl import ensure_table, qualified, quoted
from clockify_dagster.warehouse.staging import Staging


@dataclass(frozen=True)
class Span:
    """A span of time by the instants of its ends, the second one not in it."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Untouched:
    """Rows of a span that stay though they were not read again: those of users whom the API serves no more."""

    pairs: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """Workspace and user."""


def replace_tables(
    connection: duckdb.DuckDBPyConnection, staging: Staging, untouched: Untouched | None = None
) -> dict[str, int]:
    """Put the staged rows in place of all rows of the tables but the untouched ones. Gives how many rows came in."""
    return _replace(connection, staging, "true", [], untouched, ())


def replace_span(
    connection: duckdb.DuckDBPyConnection,
    staging: Staging,
    span: Span,
    *,
    untouched: Untouched | None = None,
    deleted: Iterable[str] = (),
) -> dict[str, int]:
    """Put the staged rows in place of those whose partition column lies within the span, but for the untouched ones.

    Rows of staged keys go from wherever they stand, so that a row that has moved is there once; rows of the keys in
    `deleted` go as well; children go with their parents. Gives how many rows of each table came in.
    """
    root = staging.family[0]
    if root.partition_column is None:
        raise ValueError(f"{root.name} has no partition column, so no part of it can be replaced")
    place = quoted(root.partition_column)
    within = f"(held.{place} >= ? AND held.{place} < ?)"
    return _replace(connection, staging, within, [span.start, span.end], untouched, deleted)


def _replace(
    connection: duckdb.DuckDBPyConnection,
    staging: Staging,
    within: str,
    bounds: Sequence[datetime],
    untouched: Untouched | None,
    deleted: Iterable[str],
) -> dict[str, int]:
    root = staging.family[0]
    with staging.registered(connection) as staged:
        for table in staging.family:
            ensure_table(connection, table)
        if not any(_has_rows(connection, table) for table in staging.family):
            pass  # a first load, often a large one: there is nothing to look for
        elif within == "true" and not (untouched and untouched.pairs):
            for table in staging.family:
                connection.execute(f"DELETE FROM {qualified(table.name)}")
        else:
            _doom(connection, root, staged[root.name], within, bounds, untouched or Untouched(), deleted)
            for table in reversed(staging.family):
                link = quoted(table.columns[0].name if table.parent else root.primary_key[0])
                connection.execute(f"DELETE FROM {qualified(table.name)} WHERE {link} IN (SELECT key FROM doomed)")
            connection.execute("DROP TABLE doomed")
        return _insert(connection, staging.family, staged)


def _has_rows(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    return connection.execute(f"SELECT 1 FROM {qualified(table.name)} LIMIT 1").fetchone() is not None


def _doom(
    connection: duckdb.DuckDBPyConnection,
    root: Table,
    staged: str,
    within: str,
    bounds: Sequence[datetime],
    untouched: Untouched,
    deleted: Iterable[str],
) -> None:
    """Collect the keys that go: those of the span but the untouched ones, those that come again, the deleted ones."""
    key = quoted(root.primary_key[0])
    goes, pairs = "true", []
    if untouched.pairs:  # only tables of entries have users
        goes = "coalesce((held.workspaceid || '/' || held.userid) NOT IN (SELECT unnest(?::VARCHAR[])), true)"
        pairs = [["/".join(pair) for pair in sorted(untouched.pairs)]]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE doomed AS SELECT held.{key} AS key FROM {qualified(root.name)} AS held "
        f"WHERE {within} AND {goes} AND held.{key} IS NOT NULL "
        f"UNION ALL SELECT {key} FROM {staged} UNION ALL SELECT unnest(?::VARCHAR[])",
        [*bounds, *pairs, sorted(deleted)],
    )


def _insert(connection: duckdb.DuckDBPyConnection, family: Sequence[Table], staged: dict[str, str]) -> dict[str, int]:
    counts = {}
    loaded_at = datetime.now(timezone.utc)
    for table in family:
        columns = ", ".join(quoted(column.name) for column in table.document_columns)
        result = connection.execute(
            f"INSERT INTO {qualified(table.name)} BY NAME "
            f"SELECT {columns}, ? AS {quoted(LOADED_AT.name)} FROM {staged[table.name]}",
            [loaded_at],
        ).fetchone()
        counts[table.name] = int(result[0]) if result else 0
    return counts
