"""What a refresh must know of the tables before it asks Clockify."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from clockify_dagster.days import Span
from clockify_dagster.warehouse.ddl import WORKSPACE, columns_of, literal, of_workspaces, quoted
from clockify_dagster.warehouse.writer import bound_memory

Entries = dict[str, dict[str, str]]
"""By workspace, ids of entries and their users."""

_WITHIN = "timeinterval_start >= ? AND timeinterval_start < ?"


def users_with_entries(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[str],
    span: Span | None,
    among: Collection[str] | None = None,
) -> dict[str, set[str]]:
    """By workspace, the users who have entries in one of the tables, within the span where one is given.

    Of these workspaces, of all where None are given.
    """
    found: dict[str, set[str]] = {}
    for table in tables:
        where = f"{of_workspaces(WORKSPACE, among)} AND {'true' if span is None else _WITHIN}"
        for workspace, user in _select(connection, table, "DISTINCT workspaceid, userid", where=where, span=span):
            found.setdefault(workspace, set()).add(user)
    return found


def entries_within(
    connection: duckdb.DuckDBPyConnection, table: str, span: Span, *, without: str | None, workspaces: Iterable[str]
) -> Entries:
    """The workspaces' entries that start within the span, but for those whose ids the SQL in `without` gives."""
    chosen = ", ".join(map(literal, workspaces)) or "NULL"
    where = f"{_WITHIN} AND workspaceid IN ({chosen})"
    return _entries(connection, table, where if without is None else f"{where} AND id NOT IN ({without})", span)


def running_timers(
    connection: duckdb.DuckDBPyConnection, table: str, outside: Span, among: Collection[str] | None = None
) -> Entries:
    """The timers that have no end in the table and start outside the span; of these workspaces, or of all."""
    where = f"{of_workspaces(WORKSPACE, among)} AND timeinterval_end IS NULL AND NOT ({_WITHIN})"
    return _entries(connection, table, where, outside)


def entries_by_day(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    span: Span,
    zone: ZoneInfo,
    among: Collection[str] | None = None,
) -> dict[str, dict[date, int]]:
    """By workspace and day of the zone, how many entries start within the span; of these workspaces, or of all."""
    found: dict[str, dict[date, int]] = {}
    day = f"timezone({literal(zone.key)}, timeinterval_start)::DATE"
    columns = f"workspaceid, {day} AS day, count(*)"
    where = f"{of_workspaces(WORKSPACE, among)} AND {_WITHIN} GROUP BY ALL"
    for workspace, each, count in _select(connection, table, columns, where=where, span=span):
        found.setdefault(workspace, {})[each] = count
    return found


def _entries(connection: duckdb.DuckDBPyConnection, table: str, where: str, span: Span) -> Entries:
    found: Entries = {}
    for workspace, entry, user in _select(connection, table, "workspaceid, id, userid", where=where, span=span):
        found.setdefault(workspace, {})[entry] = user
    return found


def _select(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, *, where: str, span: Span | None
) -> list[Any]:
    if columns_of(connection, table) is None:
        return []
    bound_memory(connection)
    sql = f"SELECT {columns} FROM {quoted(table)} WHERE workspaceid IS NOT NULL AND userid IS NOT NULL AND {where}"
    return connection.execute(sql, [] if span is None else [span.start, span.end]).fetchall()
