"""Assignments, and what people did of what they can: the attendance report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox

Get = Callable[..., requests.Response]
Document = dict[str, Any]
YEAR = {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
PATH = "scheduling/assignments/all"


def ids(answer: requests.Response) -> list[str]:
    return [each["id"] for each in answer.json()]


@pytest.fixture
def project(account: Account, workspace: Document) -> Document:
    return account.add_project(workspace, "Website", account.add_client(workspace, "Contoso"))


@pytest.fixture
def attendance(sandbox: Sandbox, session: requests.Session, workspace: Document) -> Get:
    """Ask for March's attendance report; keywords change its own part of the body."""

    def ask(zone: str = "UTC", order: str = "ASCENDING", **chosen: Any) -> requests.Response:
        body = {
            "dateRangeStart": "2026-03-01T00:00:00.000",
            "dateRangeEnd": "2026-03-31T23:59:59.999",
            "timeZone": zone,
            "sortOrder": order,
            "attendanceFilter": {"page": 1, "pageSize": 1000, "hasTimeOff": True, **chosen},
        }
        url = f"{sandbox.reports_url}/workspaces/{workspace['id']}/reports/attendance"
        return session.post(url, json=body, headers={"X-Api-Key": sandbox.api_key}, timeout=5)

    return ask


def test_an_assignment_shows_the_names_of_what_it_is_about(
    account: Account, workspace: Document, user: Document, project: Document, get: Get
) -> None:
    task = account.add_task(workspace, project, "Build")
    account.add_assignment(project, user, hours=7.5, taskId=task["id"], startTime="10:00:00", note="with Max")
    (shown,) = get(PATH, YEAR).json()
    assert shown["period"] == {"start": "2026-03-02T00:00:00Z", "end": "2026-03-07T00:00:00Z"}
    assert (shown["hoursPerDay"], shown["startTime"], shown["note"]) == (7.5, "10:00:00", "with Max")
    names = ("userName", "projectName", "clientName", "taskName", "projectArchived", "projectBillable")
    assert [shown[name] for name in names] == ["Ana", "Website", "Contoso", "Build", False, True]


def test_assignments_that_touch_the_range_come_and_the_range_must_be_given(
    account: Account, user: Document, project: Document, get: Get
) -> None:
    old = account.add_assignment(project, user, "2025-12-30T00:00:00Z", "2026-01-02T00:00:00Z")
    account.add_assignment(project, user, "2025-12-01T00:00:00Z", "2025-12-02T00:00:00Z")
    new = account.add_assignment(project, user, "2026-12-31T00:00:00Z")
    account.add_assignment(project, user, "2027-02-01T00:00:00Z")
    assert ids(get(PATH, YEAR)) == [old["id"], new["id"]]
    assert get(PATH).status_code == get(PATH, {"start": YEAR["start"]}).status_code == 400
    assert get(PATH, {**YEAR, "end": "2026-12-31"}).status_code == 400
    answer = get(PATH, {**YEAR, "page-size": 1, "sort-column": "ID", "sort-order": "DESCENDING"})
    assert (ids(answer), answer.headers["Last-Page"]) == ([new["id"]], "false")
    assert ids(get(PATH, {**YEAR, "name": "shop"})) == []
    account.delete(old)
    assert ids(get(PATH, {**YEAR, "name": "web"})) == [new["id"]]
    log = account.workspace(project["workspaceId"]).log.changes
    assert [each.action for each in log if each.kind == "SCHEDULED_ASSIGNMENT"] == ["created"] * 4 + ["deleted"]


def test_a_day_of_a_person_is_a_row_of_seconds(
    account: Account, workspace: Document, user: Document, attendance: Get
) -> None:
    for begin, end, kind in (("08", "12", "REGULAR"), ("12", "13", "BREAK"), ("13", "18", "REGULAR")):
        account.add_entry(workspace, user, f"2026-03-02T{begin}:00:00Z", f"2026-03-02T{end}:00:00Z", type=kind)
    account.set_capacity(workspace, user, 7.5)
    (row,) = attendance("Europe/Belgrade").json()["entities"]
    assert row == {
        "userId": user["id"],
        "userName": "Ana",
        "imageUrl": user["profilePicture"],
        "date": "2026-03-02",
        "startTime": "2026-03-02T09:00:00+01:00",
        "endTime": "2026-03-02T19:00:00+01:00",
        "hasRunningEntry": False,
        "totalDuration": 32400,
        "break": 3600,
        "timeOff": 0,
        "capacity": 27000,
        "remainingCapacity": 0,
        "overtime": 5400,
    }


def test_time_off_comes_where_it_is_asked_for_and_takes_from_the_capacity(
    account: Account, workspace: Document, user: Document, attendance: Get
) -> None:
    account.add_entry(workspace, user, "2026-03-02T08:00:00Z", "2026-03-02T12:00:00Z", type="TIME_OFF")
    account.add_entry(workspace, user, "2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z")
    (row,) = attendance().json()["entities"]
    names = ("totalDuration", "timeOff", "capacity", "remainingCapacity", "overtime")
    assert [row[name] for name in names] == [3600, 14400, 28800, 10800, 0]
    assert attendance(hasTimeOff=False).json()["entities"][0]["timeOff"] == 0


def test_weekends_have_no_capacity_and_a_running_timer_no_end(
    account: Account, workspace: Document, user: Document, attendance: Get
) -> None:
    account.add_entry(workspace, user, "2026-03-07T08:00:00Z")
    account.add_entry(workspace, user, "2026-03-06T08:00:00Z", None)
    friday, saturday = attendance().json()["entities"]
    assert (friday["endTime"], friday["hasRunningEntry"], friday["totalDuration"]) == (None, True, 0)
    assert (saturday["capacity"], saturday["overtime"]) == (0, 3600)


def test_days_are_those_of_the_requests_zone_sorted_and_cut_into_pages(
    account: Account, workspace: Document, user: Document, attendance: Get
) -> None:
    for begin in ("2026-03-02T23:30:00Z", "2026-03-04T10:00:00Z", "2026-03-31T23:30:00Z"):
        account.add_entry(workspace, user, begin)

    def days(*arguments: str, **chosen: Any) -> list[str]:
        return [each["date"] for each in attendance(*arguments, **chosen).json()["entities"]]

    assert days("Europe/Belgrade") == ["2026-03-03", "2026-03-04"]
    assert days("UTC", "DESCENDING", sortColumn="DATE") == ["2026-03-31", "2026-03-04", "2026-03-02"]
    assert days(page=2, pageSize=2) == ["2026-03-31"]
    assert attendance(pageSize=1001).status_code == attendance(sortColumn="NAME").status_code == 400
    workspace["features"].remove("ATTENDANCE_REPORT")
    assert attendance().status_code == 403
