"""What the warehouse remembers about loading, in a schema of its own beside the tables: which days of which workspace
are there, up to when the changes have been read, what each load brought. It is written in the transaction that writes
the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from clockify_dagster.contract.frames import Misfit
from clockify_dagster.warehouse.ddl import qualified

SCHEMA = "clockify_state"
Range = tuple[datetime, datetime]

_TABLES = {
    "loaded_ranges": (
        "workspaceid VARCHAR NOT NULL, range_start TIMESTAMP WITH TIME ZONE NOT NULL, "
        "range_end TIMESTAMP WITH TIME ZONE NOT NULL"
    ),
    "ranges_ahead": (
        "workspaceid VARCHAR NOT NULL, range_start TIMESTAMP WITH TIME ZONE NOT NULL, "
        "range_end TIMESTAMP WITH TIME ZONE NOT NULL"
    ),
    "change_feed": "workspaceid VARCHAR NOT NULL, read_from TIMESTAMP WITH TIME ZONE NOT NULL",
    "change_feed_born": (
        "workspaceid VARCHAR NOT NULL, entry_id VARCHAR NOT NULL, "
        "born_after TIMESTAMP WITH TIME ZONE NOT NULL, born_before TIMESTAMP WITH TIME ZONE NOT NULL"
    ),
    "loads": (
        "table_name VARCHAR NOT NULL, loaded_at TIMESTAMP WITH TIME ZONE NOT NULL, "
        "rows_written BIGINT NOT NULL, rows_in_all BIGINT NOT NULL"
    ),
    "misfits": "table_name VARCHAR NOT NULL, column_name VARCHAR NOT NULL, misfits BIGINT NOT NULL, sample VARCHAR",
}
_LOADS_KEPT = 100


@dataclass(frozen=True)
class Born:
    """Between which moments an entry was created, as far as is known; by Clockify's clock."""

    after: datetime
    before: datetime


@dataclass(frozen=True)
class FeedState:
    """Where the next reading of a workspace's change feed starts, and the entries that may have been created since.

    Those are remembered because the feed tells nothing of an entry that is created and deleted within one reading.
    """

    read_from: datetime
    born: Mapping[str, Born] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadRecord:
    """A load of a table: when it was committed, the rows it wrote, and the rows that the table had then."""

    loaded_at: datetime
    rows_written: int
    rows_in_all: int


def ensure_state(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema and its tables where they are missing."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{name} ({columns})")


def loaded_ranges(connection: duckdb.DuckDBPyConnection, workspace: str) -> list[Range]:
    """The spans of time whose entries are loaded for a workspace, apart and in order; instants in UTC."""
    return _ranges(connection, "loaded_ranges", workspace)


def settled_ranges(connection: duckdb.DuckDBPyConnection, workspace: str) -> list[Range]:
    """Loaded spans without the time that still lay ahead when it was listed: more entries may have come since."""
    settled = loaded_ranges(connection, workspace)
    for ahead in _ranges(connection, "ranges_ahead", workspace):
        settled = without(settled, ahead)
    return settled


def remember_loaded(
    connection: duckdb.DuckDBPyConnection, workspaces: Iterable[str], span: Range, listed_at: datetime
) -> None:
    """Note that the span's entries are loaded for these workspaces and, since their rows went, for no others."""
    listed = set(workspaces)
    ahead = (max(span[0], listed_at), span[1])
    for workspace in sorted(listed | set(all_loaded_ranges(connection))):
        for table, new in (("loaded_ranges", span), ("ranges_ahead", ahead)):
            kept = without(_ranges(connection, table, workspace), span)
            held = merged([*kept, new] if workspace in listed and new[0] < new[1] else kept)
            connection.execute(f"DELETE FROM {SCHEMA}.{table} WHERE workspaceid = ?", [workspace])
            if held:
                connection.executemany(
                    f"INSERT INTO {SCHEMA}.{table} VALUES (?, ?, ?)", [[workspace, *each] for each in held]
                )


def all_loaded_ranges(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Range]]:
    """By workspace, the spans of time whose entries are loaded."""
    if not _exists(connection, "loaded_ranges"):
        return {}
    rows = connection.execute(f"SELECT DISTINCT workspaceid FROM {SCHEMA}.loaded_ranges ORDER BY 1").fetchall()
    return {workspace: loaded_ranges(connection, workspace) for (workspace,) in rows}


def remember_load(
    connection: duckdb.DuckDBPyConnection, written: Mapping[str, int], misfits: Iterable[Misfit], at: datetime
) -> None:
    """Note a load of these tables: rows written by table, and the values that did not fit."""
    for table, rows in written.items():
        connection.execute(
            f"INSERT INTO {SCHEMA}.loads SELECT ?, ?, ?, count(*) FROM {qualified(table)}", [table, at, rows]
        )
        connection.execute(f"DELETE FROM {SCHEMA}.misfits WHERE table_name = ?", [table])
        connection.execute(
            f"DELETE FROM {SCHEMA}.loads WHERE table_name = $1 AND loaded_at NOT IN (SELECT loaded_at "
            f"FROM {SCHEMA}.loads WHERE table_name = $1 ORDER BY loaded_at DESC LIMIT {_LOADS_KEPT})",
            [table],
        )
    for each in misfits:
        connection.execute(
            f"INSERT INTO {SCHEMA}.misfits VALUES (?, ?, ?, ?)", [each.table, each.column, each.count, each.sample]
        )


def load_records(connection: duckdb.DuckDBPyConnection) -> dict[str, list[LoadRecord]]:
    """By table, its loads, the last one first; none of a file that was written before loads were remembered."""
    if not _exists(connection, "loads"):
        return {}
    records: dict[str, list[LoadRecord]] = {}
    for table, *values in connection.execute(
        f"SELECT table_name, loaded_at, rows_written, rows_in_all FROM {SCHEMA}.loads ORDER BY loaded_at DESC"
    ).fetchall():
        records.setdefault(table, []).append(LoadRecord(*values))
    return records


def misfits_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[Misfit]:
    """The values that did not fit their columns in the last load of a table."""
    if not _exists(connection, "misfits"):
        return []
    rows = connection.execute(
        f"SELECT table_name, column_name, misfits, sample FROM {SCHEMA}.misfits WHERE table_name = ? ORDER BY ALL",
        [table],
    ).fetchall()
    return [Misfit(*row) for row in rows]


def feed_state(connection: duckdb.DuckDBPyConnection, workspace: str) -> FeedState | None:
    """Up to where a workspace's changes are known; None where nothing was loaded yet."""
    if not _exists(connection, "change_feed_born"):
        return None
    row = connection.execute(
        f"SELECT read_from FROM {SCHEMA}.change_feed WHERE workspaceid = ?", [workspace]
    ).fetchone()
    if row is None:
        return None
    born = connection.execute(
        f"SELECT entry_id, born_after, born_before FROM {SCHEMA}.change_feed_born WHERE workspaceid = ?", [workspace]
    ).fetchall()
    return FeedState(row[0], {entry: Born(after, before) for entry, after, before in born})


def remember_feed(connection: duckdb.DuckDBPyConnection, states: Mapping[str, FeedState]) -> None:
    """Note up to where the changes of these workspaces are known."""
    for workspace, state in states.items():
        for table in ("change_feed", "change_feed_born"):
            connection.execute(f"DELETE FROM {SCHEMA}.{table} WHERE workspaceid = ?", [workspace])
        connection.execute(f"INSERT INTO {SCHEMA}.change_feed VALUES (?, ?)", [workspace, state.read_from])
        if state.born:
            born = [[entry, each.after, each.before] for entry, each in sorted(state.born.items())]
            entries, after, before = (list(column) for column in zip(*born, strict=True))
            connection.execute(
                f"INSERT INTO {SCHEMA}.change_feed_born "
                "SELECT ?, unnest(?::VARCHAR[]), unnest(?::TIMESTAMPTZ[]), unnest(?::TIMESTAMPTZ[])",
                [workspace, entries, after, before],
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


def without(spans: Iterable[Range], taken: Range) -> list[Range]:
    """What is left of spans when one is taken out of them."""
    pieces = [piece for start, end in spans for piece in ((start, min(end, taken[0])), (max(start, taken[1]), end))]
    return [(start, end) for start, end in pieces if start < end]


def covers(spans: Sequence[Range], wanted: Range) -> bool:
    """Whether merged spans hold the whole of another one."""
    return any(start <= wanted[0] and wanted[1] <= end for start, end in spans)


def _ranges(connection: duckdb.DuckDBPyConnection, table: str, workspace: str) -> list[Range]:
    if not _exists(connection, table):
        return []
    sql = f"SELECT range_start, range_end FROM {SCHEMA}.{table} WHERE workspaceid = ? ORDER BY 1"
    return [(start, end) for start, end in connection.execute(sql, [workspace]).fetchall()]


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = ? AND table_name = ?",
        [SCHEMA, table],
    ).fetchone()
    return bool(found and found[0])
