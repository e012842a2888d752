"""What the warehouse remembers about loading (in `state_tables`): which days of which workspace are loaded, up to when
changes are known, what each load brought. It is written in the transaction that writes the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

import duckdb

from clockify_dagster.contract.values import CoercionFault, merge_faults
from clockify_dagster.days import Span, merged, without
from clockify_dagster.warehouse.ddl import of_workspaces
from clockify_dagster.warehouse.state_tables import of_tables_named, remember, remembered, state_schema

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
        remember(connection, table, rows, forgetting=of_workspaces("workspaceid", among))


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
    loaded_at = datetime.now(timezone.utc)
    last = (
        f"SELECT (table_name, loaded_at) FROM {state_schema(connection)}.loads WHERE {of_tables_named(written)} "
        f"QUALIFY row_number() OVER (PARTITION BY table_name ORDER BY loaded_at DESC) < {_MOST_LOADS}"
    )
    loads = [(table, loaded_at, rows, held[table], listed_at) for table, rows in written.items()]
    remember(connection, "loads", loads, of_tables=written, forgetting=f"(table_name, loaded_at) NOT IN ({last})")
    misfits = [
        (each.table, each.column, each.count, each.sample, workspace or None)
        for workspace, lost in faults.items()
        for each in lost
    ]
    remember(connection, "misfits", misfits, of_tables=written, forgetting=of_workspaces("workspaceid", among))


def load_records(
    connection: duckdb.DuckDBPyConnection, tables: Collection[str] | None = None
) -> dict[str, list[LoadRecord]]:
    """By table, its loads, the last one first; of these tables, of all where None are given.

    None of a file that was written before loads were remembered.
    """
    records: dict[str, list[LoadRecord]] = {}
    sql = f"SELECT * FROM {{}} WHERE {of_tables_named(tables)} ORDER BY loaded_at DESC"
    # an older file lacks the last column
    for table, *values in remembered(connection, "loads", sql):
        records.setdefault(table, []).append(LoadRecord(*[*values, None][:4]))
    return records


def last_load(connection: duckdb.DuckDBPyConnection, table: str) -> LoadRecord | None:
    """The last load of a table; None where it is not known."""
    return next(iter(load_records(connection, [table]).get(table, [])), None)


def faults_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[CoercionFault]:
    """The values that did not fit their columns in the last load of a table, of each workspace that is loaded."""
    # an older file lacks the last column, which says of which workspace they are
    sql = f"SELECT table_name, column_name, misfits, sample FROM {{}} WHERE {of_tables_named([table])} ORDER BY ALL"
    return list(merge_faults(CoercionFault(*row) for row in remembered(connection, "misfits", sql)))


def feed_states(connection: duckdb.DuckDBPyConnection) -> dict[str, FeedState]:
    """By workspace, up to where its changes are known; workspaces of which nothing was loaded yet are left out."""
    births: dict[str, dict[str, Birth]] = {}
    for workspace, entry, after, before in remembered(connection, "change_feed_born", "SELECT * FROM {}"):
        births.setdefault(workspace, {})[entry] = Birth(after, before)
    known = remembered(connection, "change_feed", "SELECT workspaceid, read_from FROM {}")
    return {workspace: FeedState(read_from, births.get(workspace, {})) for workspace, read_from in known}


def record_feed(connection: duckdb.DuckDBPyConnection, states: Mapping[str, FeedState]) -> None:
    """Note up to where the changes of these workspaces are known."""
    them = of_workspaces("workspaceid", states)
    moments = [(workspace, feed.read_from) for workspace, feed in states.items()]
    remember(connection, "change_feed", moments, forgetting=them)
    births = [
        (workspace, entry, birth.after, birth.before)
        for workspace, feed in states.items()
        for entry, birth in feed.births.items()
    ]
    remember(connection, "change_feed_born", births, forgetting=them)


def _spans(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for workspace, start, end in remembered(connection, table, "SELECT * FROM {} ORDER BY ALL"):
        found.setdefault(workspace, []).append(Span(start, end))
    return found
