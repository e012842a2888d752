"""What the warehouse remembers of the tables that come from reports: which time of which workspace was read.

It stands in `state_tables` and is written in the transaction that writes the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb

from clockify_dagster.days import Span, merged
from clockify_dagster.warehouse.ddl import of_workspaces
from clockify_dagster.warehouse.state_tables import of_tables_named, remember, remembered


def report_spans(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, list[Span]]:
    """By workspace, the spans of time of which a table that comes from reports was loaded, apart and in order."""
    found: dict[str, list[Span]] = {}
    sql = f"SELECT workspaceid, range_start, range_end FROM {{}} WHERE {of_tables_named([table])} ORDER BY ALL"
    for workspace, start, end in remembered(connection, "report_ranges", sql):
        found.setdefault(workspace, []).append(Span(start, end))
    return found


def record_report(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    read: Mapping[str, Span],
    unread: Collection[str],
    among: Collection[str] | None = None,
) -> None:
    """Note by workspace the time that was read of a report.

    Nothing changes for those that were not read, nor for those that are not `among` some, if such are given.
    """
    held = report_spans(connection, table)
    rows = [
        (table, workspace, each.start, each.end)
        for workspace, span in read.items()
        for each in merged([*held.get(workspace, []), span])
    ]
    goes = f"{of_workspaces('workspaceid', among)} AND NOT list_contains(?::VARCHAR[], workspaceid)"
    remember(connection, "report_ranges", rows, of_tables=[table], forgetting=goes, parameters=[[*unread]])
