"""The sandbox for measuring: few things, and those like Clockify."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from threading import Thread
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import documents
from clockify_dagster.sandbox.fast import KEY, FastSandbox
from clockify_dagster.sandbox.times import instant, written


@pytest.fixture
def server() -> Iterator[FastSandbox]:
    with FastSandbox(0, users=3, entries=120, latency=0) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(server: FastSandbox, path: str, **params: Any) -> tuple[Any, bool]:
    url = f"http://127.0.0.1:{server.server_address[1]}/api/v1/{path}"
    answer = requests.get(url, params=params, headers={"X-Api-Key": KEY}, timeout=5)
    answer.raise_for_status()
    return answer.json(), answer.headers["Last-Page"] == "true"


def entries(server: FastSandbox, user: int, **params: Any) -> tuple[list[dict[str, Any]], bool]:
    workspace = get(server, "workspaces")[0][0]["id"]
    identity = get(server, f"workspaces/{workspace}/users")[0][user]["id"]
    rows, is_last = get(server, f"workspaces/{workspace}/user/{identity}/time-entries", **params)
    assert {row["userId"] for row in rows} <= {identity}
    return rows, is_last


def test_entries_are_clockifys_documents_newest_first_and_everybodys_have_ids_of_their_own(server: FastSandbox) -> None:
    found, is_last = zip(*(entries(server, user, **{"page-size": 5000}) for user in range(3)), strict=True)
    assert all(is_last)
    assert len({row["id"] for rows in found for row in rows}) == 3 * 120
    for row in found[0]:
        assert set(row) == set(documents.entry("", "", ""))
        assert {value["timeEntryId"] for value in row["customFieldValues"]} <= {row["id"]}
    starts = [instant(row["timeInterval"]["start"]) for row in found[0]]
    assert starts == sorted(starts, reverse=True)


def test_a_page_is_cut_by_number_and_by_start(server: FastSandbox) -> None:
    every = entries(server, 1, **{"page-size": 120})[0]
    assert entries(server, 1, **{"page": 2, "page-size": 50}) == (every[50:100], False)
    assert entries(server, 1, **{"page": 3, "page-size": 50}) == (every[100:], True)
    assert entries(server, 1, **{"page": 4, "page-size": 50}) == ([], True)
    start, end = every[30]["timeInterval"]["start"], every[10]["timeInterval"]["start"]
    assert entries(server, 1, start=start, end=end) == (every[11:31], True)
    later = datetime.now(timezone.utc) + timedelta(days=1)
    assert entries(server, 1, start=written(later)) == ([], True)


def test_custom_fields_of_the_entries_are_defined_and_no_other_paid_list_is_promised(server: FastSandbox) -> None:
    workspace = get(server, "workspaces")[0][0]
    assert workspace["features"] == ["TIME_TRACKING", "CUSTOM_FIELDS"]
    defined = {field["id"] for field in get(server, f"workspaces/{workspace['id']}/custom-fields")[0]}
    rows, _ = entries(server, 1, **{"page-size": 120})
    assert {value["customFieldId"] for row in rows for value in row["customFieldValues"]} == defined


def test_entries_are_as_large_as_those_of_a_paid_plan(server: FastSandbox) -> None:
    page, _ = server.block.page(2, None, None, skip=0, take=120)
    assert 900 < len(page) / 120 < 1400


def test_what_it_does_not_know_is_refused(server: FastSandbox) -> None:
    with pytest.raises(requests.HTTPError, match="403"):
        get(server, "workspaces/w/entities/created")
    for report in ("detailed", "summary"):
        url = f"http://127.0.0.1:{server.server_address[1]}/v1/workspaces/w/reports/{report}"
        answer = requests.post(url, json={}, headers={"X-Api-Key": KEY}, timeout=5)
        assert (answer.status_code, answer.json()["code"]) == (403, 403)
