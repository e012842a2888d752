"""What the warehouse remembers about loading, in a schema of its own beside the tables: which days of which workspace
are loaded, up to when changes are known, what each load brought. It is written in the transaction that writes the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import duckdb

from clockify_dagster.contract.values import CoercionFault, merge_faults
from clockify_dagster.days import Span, merged, without
from clockify_dagster.warehouse.ddl import MAIN, current_schema, of_workspaces, quoted

_SPAN = "range_start TIMESTAMP WITH TIME ZONE NOT NULL, range_end TIMESTAMP WITH TIME ZONE NOT NULL"
# `ranges_ahead` and `misfits` are names in files that exist: the time of loaded ranges that was still to come, and the
# coercion faults
_TABLES = {
    "loaded_ranges": f"workspaceid VARCHAR NOT NULL, {_SPAN}",
    "ranges_ahead": f"workspaceid VARCHAR NOT NULL, {_SPAN}",
    "report_ranges": f"table_name VARCHAR NOT NULL, workspaceid VARCHAR NOT NULL, {_SPAN}",
    "change_feed": "workspaceid VARCHAR NOT NULL, read_from TIMESTAMP WITH TIME ZONE NOT NULL",
    "change_feed_born": (
        "workspaceid VARCHAR NOT NULL, entry_id VARCHAR NOT NULL, "
        "born_after TIMESTAMP WITH TIME ZONE NOT NULL, born_before TIMESTAMP WITH TIME ZONE NOT NULL"
    ),
    "loads": (
        "table_name VARCHAR NOT NULL, loaded_at TIMESTAMP WITH TIME ZONE NOT NULL, "
        "rows_written BIGINT NOT NULL, rows_in_all BIGINT NOT NULL, listed_at TIMESTAMP WITH TIME ZONE"
    ),
    "workspace_loads": (
        "table_name VARCHAR NOT NULL, workspaceid VARCHAR NOT NULL, read_at TIMESTAMP WITH TIME ZONE, unread VARCHAR, "
        "listed_at TIMESTAMP WITH TIME ZONE"
    ),
    "misfits": (
        "table_name VARCHAR NOT NULL, column_name VARCHAR NOT NULL, misfits BIGINT NOT NULL, sample VARCHAR, "
        "workspaceid VARCHAR"
    ),
}
BY_WORKSPACE = tuple(name for name, columns in _TABLES.items() if "workspaceid" in columns)
"""The tables of which each row is about one workspace."""
_MOST_LOADS = 100


@dataclass(frozen=True)
class Birth:
    """Between which moments an entry was created, as far as is known; by Clockify's clock."""

    after: datetime
    before: datetime


@dataclass(frozen=True)
class FeedState:
    """Where the next reading of a workspace's change feed starts, and the entries that may have been created since.

    Those are remembered because the feed says nothing of an entry that is created and deleted within one reading.
    """

    read_from: datetime
    births: Mapping[str, Birth] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadRecord:
    """A load of a table: when it was committed, the rows it wrote, and the rows that the table had then.

    `listed_at` is when the listing began that it came from, by the loader's clock; None in files of older versions.
    """

    loaded_at: datetime
    rows_written: int
    rows_in_all: int
    listed_at: datetime | None


def state_schema(connection: duckdb.DuckDBPyConnection) -> str:
    """Where the state of the schema's tables is, quoted: each schema has its own."""
    return quoted(state_name(current_schema(connection)))


def state_name(schema: str) -> str:
    """How the schema with the state of a schema's tables is called."""
    return "clockify_state" if schema == MAIN else f"{schema}_state"


def ensure_state(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema and its tables where they are missing."""
    state = state_schema(connection)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {state}")
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS {state}.{name} ({columns})")
    for name in ("loads", "workspace_loads"):  # in files of older versions they lack this column
        connection.execute(f"ALTER TABLE {state}.{name} ADD COLUMN IF NOT EXISTS listed_at TIMESTAMP WITH TIME ZONE")
    connection.execute(f"ALTER TABLE {state}.misfits ADD COLUMN IF NOT EXISTS workspaceid VARCHAR")


def loaded_spans(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Span]]:
    """By workspace, the spans of time whose entries are loaded, apart and in order; instants in UTC."""
    return _spans(connection, "loaded_ranges")


def settled_spans(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Span]]:
    """Loaded spans without the time that still lay ahead when it was listed: more entries may have come since."""
    settled = loaded_spans(connection)
    for workspace, spans in _spans(connection, "ranges_ahead").items():
        for future in spans:
            settled[workspace] = without(settled.get(workspace, []), future)
    return settled


def record_span(
    connection: duckdb.DuckDBPyConnection,
    workspaces: Collection[str],
    span: Span,
    listed_at: datetime,
    unread: Collection[str] = (),
    among: Collection[str] | None = None,
) -> None:
    """Note that the span's entries are loaded for these workspaces.

    Nothing changes for those that were not read, nor for those that are not `among` some, if such are given. The rows
    of all others went, so the span is loaded for none of them.
    """
    state = state_schema(connection)
    future = Span(max(span.start, listed_at), span.end)
    for table, new in (("loaded_ranges", span), ("ranges_ahead", future)):
        held = {
            workspace: spans if workspace in unread else without(spans, span)
            for workspace, spans in _spans(connection, table).items()
            if among is None or workspace in among
        }
        if new.start < new.end:
            held |= {workspace: merged([*held.get(workspace, []), new]) for workspace in workspaces}
        rows = [(workspace, each.start, each.end) for workspace, spans in sorted(held.items()) for each in spans]
        connection.execute(f"DELETE FROM {state}.{table} WHERE {of_workspaces('workspaceid', among)}")
        if rows:
            # one statement: in a lake each makes a file
            connection.execute(
                f"INSERT INTO {state}.{table} "
                "SELECT unnest(?::VARCHAR[]), unnest(?::TIMESTAMPTZ[]), unnest(?::TIMESTAMPTZ[])",
                [list(column) for column in zip(*rows, strict=True)],
            )


def record_load(
    connection: duckdb.DuckDBPyConnection,
    written: Mapping[str, int],
    held: Mapping[str, int | None],
    faults: Mapping[str, Iterable[CoercionFault]],
    listed_at: datetime,
    among: Collection[str] | None = None,
) -> None:
    """Note a load that is written now: rows written and rows in all by table, and the values that did not fit.

    The latter are given by workspace, "" where that is not known. Those noted of workspaces that are not `among` some,
    if such are given, stay: so do their rows.
    """
    state = state_schema(connection)
    loaded_at = datetime.now(timezone.utc)
    for table, rows in written.items():
        connection.execute(
            f"INSERT INTO {state}.loads BY NAME SELECT ? AS table_name, ? AS loaded_at, ? AS rows_written, "
            "? AS rows_in_all, ? AS listed_at",
            [table, loaded_at, rows, held[table], listed_at],
        )
        of_them = of_workspaces("workspaceid", among)
        connection.execute(f"DELETE FROM {state}.misfits WHERE table_name = ? AND {of_them}", [table])
        connection.execute(
            f"DELETE FROM {state}.loads WHERE table_name = $1 AND loaded_at NOT IN (SELECT loaded_at "
            f"FROM {state}.loads WHERE table_name = $1 ORDER BY loaded_at DESC LIMIT {_MOST_LOADS})",
            [table],
        )
    for workspace, lost in faults.items():
        for each in lost:
            connection.execute(
                f"INSERT INTO {state}.misfits BY NAME SELECT ? AS table_name, ? AS column_name, ? AS misfits, "
                "? AS sample, ? AS workspaceid",
                [each.table, each.column, each.count, each.sample, workspace or None],
            )


def load_records(connection: duckdb.DuckDBPyConnection) -> dict[str, list[LoadRecord]]:
    """By table, its loads, the last one first; none of a file that was written before loads were remembered."""
    records: dict[str, list[LoadRecord]] = {}
    # an older file lacks the last column
    for table, *values in rows_of(connection, "loads", "SELECT * FROM {} ORDER BY loaded_at DESC"):
        records.setdefault(table, []).append(LoadRecord(*[*values, None][:4]))
    return records


def last_load(connection: duckdb.DuckDBPyConnection, table: str) -> LoadRecord | None:
    """The last load of a table; None where it is not known."""
    return next(iter(load_records(connection).get(table, [])), None)


def faults_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[CoercionFault]:
    """The values that did not fit their columns in the last load of a table, of each workspace that is loaded."""
    # an older file lacks the last column, which says of which workspace they are
    sql = "SELECT table_name, column_name, misfits, sample FROM {} WHERE table_name = ? ORDER BY ALL"
    return list(merge_faults(CoercionFault(*row) for row in rows_of(connection, "misfits", sql, [table])))


def feed_states(connection: duckdb.DuckDBPyConnection) -> dict[str, FeedState]:
    """By workspace, up to where its changes are known; workspaces of which nothing was loaded yet are left out."""
    births: dict[str, dict[str, Birth]] = {}
    for workspace, entry, after, before in rows_of(connection, "change_feed_born", "SELECT * FROM {}"):
        births.setdefault(workspace, {})[entry] = Birth(after, before)
    known = rows_of(connection, "change_feed", "SELECT workspaceid, read_from FROM {}")
    return {workspace: FeedState(read_from, births.get(workspace, {})) for workspace, read_from in known}


def record_feed(connection: duckdb.DuckDBPyConnection, states: Mapping[str, FeedState]) -> None:
    """Note up to where the changes of these workspaces are known."""
    state = state_schema(connection)
    for workspace, feed in states.items():
        for table in ("change_feed", "change_feed_born"):
            connection.execute(f"DELETE FROM {state}.{table} WHERE workspaceid = ?", [workspace])
        connection.execute(f"INSERT INTO {state}.change_feed VALUES (?, ?)", [workspace, feed.read_from])
        births = feed.births.values()
        connection.execute(
            f"INSERT INTO {state}.change_feed_born "
            "SELECT ?, unnest(?::VARCHAR[]), unnest(?::TIMESTAMPTZ[]), unnest(?::TIMESTAMPTZ[])",
            [workspace, list(feed.births), [each.after for each in births], [each.before for each in births]],
        )


def _spans(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for workspace, start, end in rows_of(connection, table, "SELECT * FROM {} ORDER BY ALL"):
        found.setdefault(workspace, []).append(Span(start, end))
    return found


def rows_of(
    connection: duckdb.DuckDBPyConnection, table: str, sql: str, parameters: Iterable[object] = ()
) -> list[Any]:
    """What a statement gives; nothing where an older file has no such table. The table's name goes into the braces."""
    try:
        return connection.execute(sql.format(f"{state_schema(connection)}.{table}"), list(parameters)).fetchall()
    except duckdb.CatalogException:
        return []
