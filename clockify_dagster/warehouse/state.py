"""What the warehouse remembers about loading, in a schema of its own beside the tables: which days of which workspace
are there, and up to when the changes have been read. It is written in the transaction that writes the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

SCHEMA = "clockify_state"
Range = tuple[datetime, datetime]

_TABLES = {
    "loaded_ranges": (
        "workspaceid VARCHAR NOT NULL, range_start TIMESTAMP WITH TIME ZONE NOT NULL, "
        "range_end TIMESTAMP WITH TIME ZONE NOT NULL"
    ),
    "change_feed": "workspaceid VARCHAR NOT NULL, read_from TIMESTAMP WITH TIME ZONE NOT NULL",
    "change_feed_created": "workspaceid VARCHAR NOT NULL, entry_id VARCHAR NOT NULL",
}


@dataclass(frozen=True)
class FeedState:
    """Where the next reading of a workspace's change feed starts, and which entries the last one found new."""

    read_from: datetime
    created: frozenset[str] = frozenset()


def ensure_state(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema and its tables where they are missing."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{name} ({columns})")


def loaded_ranges(connection: duckdb.DuckDBPyConnection, workspace: str) -> list[Range]:
    """The spans of time whose entries are loaded for a workspace, apart and in order; instants in UTC."""
    if not _exists(connection, "loaded_ranges"):
        return []
    rows = connection.execute(
        f"SELECT range_start, range_end FROM {SCHEMA}.loaded_ranges WHERE workspaceid = ? ORDER BY 1",
        [workspace],
    ).fetchall()
    return [(start, end) for start, end in rows]


def remember_loaded(connection: duckdb.DuckDBPyConnection, workspaces: Iterable[str], span: Range) -> None:
    """Note that all entries that start within the span are loaded for these workspaces."""
    for workspace in workspaces:
        held = merged([*loaded_ranges(connection, workspace), span])
        connection.execute(f"DELETE FROM {SCHEMA}.loaded_ranges WHERE workspaceid = ?", [workspace])
        connection.executemany(
            f"INSERT INTO {SCHEMA}.loaded_ranges VALUES (?, ?, ?)", [[workspace, *each] for each in held]
        )


def feed_state(connection: duckdb.DuckDBPyConnection, workspace: str) -> FeedState | None:
    """Up to where a workspace's changes are known; None where nothing was loaded yet."""
    if not _exists(connection, "change_feed"):
        return None
    row = connection.execute(
        f"SELECT read_from FROM {SCHEMA}.change_feed WHERE workspaceid = ?", [workspace]
    ).fetchone()
    if row is None:
        return None
    created = connection.execute(
        f"SELECT entry_id FROM {SCHEMA}.change_feed_created WHERE workspaceid = ?", [workspace]
    ).fetchall()
    return FeedState(row[0], frozenset(entry for (entry,) in created))


def remember_feed(connection: duckdb.DuckDBPyConnection, states: Mapping[str, FeedState]) -> None:
    """Note up to where the changes of these workspaces are known."""
    for workspace, state in states.items():
        for table in ("change_feed", "change_feed_created"):
            connection.execute(f"DELETE FROM {SCHEMA}.{table} WHERE workspaceid = ?", [workspace])
        connection.execute(f"INSERT INTO {SCHEMA}.change_feed VALUES (?, ?)", [workspace, state.read_from])
        if state.created:
            connection.execute(
                f"INSERT INTO {SCHEMA}.change_feed_created SELECT ?, unnest(?)",
                [workspace, sorted(state.created)],
            )


def merged(spans: Iterable[Range]) -> list[Range]:
    """The same time, in spans that neither touch nor overlap, in order."""
    result: list[Range] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def covers(spans: Sequence[Range], wanted: Range) -> bool:
    """Whether merged spans hold the whole of another one."""
    return any(start <= wanted[0] and wanted[1] <= end for start, end in spans)


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = ? AND table_name = ?",
        [SCHEMA, table],
    ).fetchone()
    return bool(found and found[0])
