"""Pages of time entries as Clockify gives them, and the rows that become of them."""

from __future__ import annotations

import json
from typing import Any

from clockify_dagster.contract import CONTRACT, CORE
from clockify_dagster.warehouse import PageStaging
from clockify_dagster_tests.conftest import Document, running_duckdb

Rows = dict[str, list[tuple[Any, ...]]]
FAMILY = CONTRACT.only(CORE).family("clockify_timeentries")
ENTRIES, TAGS = (table.name for table in FAMILY)


def staged(staging: PageStaging) -> Rows:
    """The rows that count, by table, as DuckDB gives them."""
    connection = running_duckdb()
    staging.finish()
    with staging.registered(connection) as names:
        return {
            table.name: connection.execute(
                f"SELECT {', '.join(column.name for column in table.document_columns)} "
                f"FROM {names[table.name]} ORDER BY ALL"
            ).fetchall()
            for table in staging.family
        }


def encoded(documents: Any) -> bytes:
    return json.dumps(documents, ensure_ascii=False).encode("utf-8", "surrogatepass")


def entry(identity: str = "e1", **fields: Any) -> Document:
    interval = {"start": "2024-03-01T08:00:00Z", "end": "2024-03-01T09:30:00Z", "duration": "PT1H30M"}
    return {
        "id": identity, "timeInterval": interval, "tagIds": ["t1"], "userId": "u1", "workspaceId": "w1",
        "description": "work", "billable": True, "isLocked": False, "projectId": "p1", "taskId": None,
        "type": "REGULAR", "hourlyRate": {"amount": 10500, "currency": "USD"}, "costRate": None,
        "customFieldValues": [], "kioskId": None, **fields,
    }  # fmt: skip
