"""What a table of entries holds of a span, in the few values by which a report can be compared with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from clockify_dagster.warehouse.ddl import columns_of, qualified
from clockify_dagster.warehouse.writer import Span


@dataclass(frozen=True)
class Held:
    """An entry, as far as reports tell of it; `end` is None while the timer runs. Absent texts and ids are empty."""

    start: datetime
    end: datetime | None
    description: str
    billable: bool | None
    project: str
    task: str
    is_locked: bool | None
    tags: frozenset[str]


class Snapshot:
    """The entries of a table as they are now. A file or table that is not there is empty."""

    def __init__(self, connection: duckdb.DuckDBPyConnection | None) -> None:
        """Take the connection, for as long as the caller keeps it open; None where there is no file."""
        self._connection = connection

    def count(self, table: str, workspace: str, span: Span) -> int:
        """How many entries of a workspace start within a span."""
        ((count,),) = self._rows(table, "SELECT count(*)", workspace, span) or [(0,)]
        return int(count)

    def entries(self, table: str, workspace: str, span: Span) -> dict[str, dict[str, Held]]:
        """By user and id, the entries of a workspace that start within a span."""
        rows = self._rows(
            table,
            "SELECT userid, id, timeinterval_start, timeinterval_end, coalesce(description, ''), billable, "
            "coalesce(projectid, ''), coalesce(taskid, ''), islocked, "
            f"(SELECT list(tag_id) FROM {qualified(f'{table}__tags')} WHERE timeentry_id = id)",
            workspace,
            span,
        )
        found: dict[str, dict[str, Held]] = {}
        for user, entry, start, end, description, billable, project, task, is_locked, tags in rows:
            found.setdefault(user, {})[entry] = Held(
                start, end, description, billable, project, task, is_locked, frozenset(tags or ())
            )
        return found

    def tags(self, workspace: str) -> frozenset[str]:
        """The ids of a workspace's tags that were not deleted when they were last loaded."""
        rows = self._rows("clockify_tags", "SELECT id", workspace, None)
        return frozenset(row[0] for row in rows)

    def _rows(self, table: str, select: str, workspace: str, span: Span | None) -> list[Any]:
        if self._connection is None or columns_of(self._connection, table) is None:
            return []
        sql, bounds = f"{select} FROM {qualified(table)} WHERE workspaceid = ?", [workspace]
        if span is None:
            return self._connection.execute(sql, bounds).fetchall()
        within = f"{sql} AND timeinterval_start >= ? AND timeinterval_start < ?"
        return self._connection.execute(within, [*bounds, span.start, span.end]).fetchall()
