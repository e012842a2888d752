"""What the sandbox's reports say, asked over HTTP by plain `requests`: the counterpart of tables that reports fill."""

from __future__ import annotations

from datetime import datetime, time

import requests

from clockify_dagster.days import Days
from clockify_dagster.sandbox import Sandbox
from clockify_dagster_tests.conftest import Document

_FILTERS = {
    "clockify_attendance": ("attendance", "attendanceFilter", {"hasTimeOff": True}, "entities"),
    "clockify_timeentries__billing": ("detailed", "detailedFilter", {}, "timeentries"),
}
REPORTED = tuple(_FILTERS)
"""The tables that come from reports."""
_PAGE = 1000


def reported(sandbox: Sandbox, timezone: str, workspace: str, table: str, days: Days) -> list[Document]:
    """The rows of a report on days of a zone; none where the workspace's plan has no such report."""
    kind, filtered, given, name = _FILTERS[table]
    found: list[Document] = []
    for number in range(1, 1000):
        body = {
            "dateRangeStart": f"{datetime.combine(days.first, time()):%Y-%m-%dT%H:%M:%S}.000",
            "dateRangeEnd": f"{days.last}T23:59:59.999",
            "timeZone": timezone,
            filtered: {**given, "page": number, "pageSize": _PAGE},
        }
        answer = requests.post(
            f"{sandbox.reports_url}/workspaces/{workspace}/reports/{kind}",
            json=body,
            headers={"X-Api-Key": sandbox.api_key},
            timeout=30,
        )
        if answer.status_code == 403:
            return []
        assert answer.ok, answer.text
        rows = answer.json()[name]
        found += rows
        if len(rows) < _PAGE:
            break
    return found
