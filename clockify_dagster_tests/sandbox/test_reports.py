from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox

Get = Callable[..., requests.Response]
Document = dict[str, Any]


@pytest.fixture
def work(account: Account, workspace: Document, user: Document) -> Document:
    client = account.add_client(workspace, "Contoso")
    project = account.add_project(workspace, "Website", client)
    task, tag = account.add_task(workspace, project, "Build"), account.add_tag(workspace, "urgent")
    return account.add_entry(
        workspace,
        user,
        "2026-03-02T08:00:00Z",
        "2026-03-02T09:30:00Z",
        billable=True,
        hourlyRate={"amount": 10000, "currency": "USD"},
        projectId=project["id"],
        taskId=task["id"],
        tagIds=[tag["id"]],
    )


def test_a_row_has_its_own_keys_with_names_joined_in(work: Document, user: Document, report: Get) -> None:
    (row,) = report().json()["timeentries"]
    assert row["_id"] == work["id"]
    assert "id" not in row
    assert [row[name] for name in ("userName", "projectName", "clientName", "taskName")] == [
        user["name"],
        "Website",
        "Contoso",
        "Build",
    ]
    assert [tag["name"] for tag in row["tags"]] == ["urgent"]
    assert row["timeInterval"]["duration"] == 5400
    assert row["isLocked"] is row["locked"] is False


@pytest.mark.usefixtures("work")
def test_instants_are_rendered_in_the_time_zone_of_the_request(report: Get) -> None:
    (row,) = report(timeZone="Asia/Kolkata").json()["timeentries"]
    assert row["timeInterval"]["start"] == "2026-03-02T13:30:00+05:30"


@pytest.mark.usefixtures("work")
def test_the_range_is_read_in_the_time_zone_of_the_request(report: Get) -> None:
    day = {"dateRangeStart": "2026-03-02T00:00:00.000", "dateRangeEnd": "2026-03-02T08:30:00.000"}
    assert len(report(**day).json()["timeentries"]) == 1
    assert report(**day, timeZone="Asia/Kolkata").json()["timeentries"] == []


def test_totals_cover_the_whole_range_not_the_page(
    account: Account, workspace: Document, user: Document, work: Document, report: Get
) -> None:
    later = account.add_entry(workspace, user, "2026-03-03T08:00:00Z", "2026-03-03T08:30:00Z")
    answer = report(detailedFilter={"page": 1, "pageSize": 1}).json()
    assert [row["_id"] for row in answer["timeentries"]] == [later["id"]]
    (totals,) = answer["totals"]
    assert (totals["entriesCount"], totals["totalTime"], totals["totalBillableTime"]) == (2, 7200, 5400)
    assert totals["amounts"] == [{"type": "EARNED", "value": 15000}]
    second = report(detailedFilter={"page": 2, "pageSize": 1}).json()
    assert [row["_id"] for row in second["timeentries"]] == [work["id"]]


@pytest.mark.usefixtures("work")
def test_totals_may_be_left_out_and_are_empty_where_nothing_matches(report: Get) -> None:
    excluded = {"page": 1, "pageSize": 10, "options": {"totals": "EXCLUDE"}}
    assert report(detailedFilter=excluded).json()["totals"] == []
    nothing = report(dateRangeStart="2026-03-05T00:00:00.000").json()
    assert nothing == {"totals": [], "timeentries": []}


def test_running_timers_are_left_out(account: Account, workspace: Document, user: Document, report: Get) -> None:
    account.add_entry(workspace, user, "2026-03-02T08:00:00Z", None)
    assert report().json()["timeentries"] == []


@pytest.mark.usefixtures("work")
def test_rows_of_people_who_have_left_are_there(
    account: Account, workspace: Document, user: Document, report: Get
) -> None:
    account.remove_user(workspace, user)
    assert len(report().json()["timeentries"]) == 1


@pytest.mark.usefixtures("work")
def test_users_are_picked_or_left_out_by_id(user: Document, report: Get) -> None:
    picked = {"ids": [user["id"]], "contains": "CONTAINS", "status": "ALL"}
    assert len(report(users=picked).json()["timeentries"]) == 1
    assert report(users={**picked, "contains": "DOES_NOT_CONTAIN"}).json()["timeentries"] == []
    assert report(users={**picked, "ids": ["nobody"]}).json()["timeentries"] == []


@pytest.mark.usefixtures("work")
def test_users_can_be_narrowed_to_a_membership_status(
    account: Account, workspace: Document, user: Document, report: Get
) -> None:
    account.deactivate_user(workspace, user)
    by_status = {status: len(report(users={"status": status}).json()["timeentries"]) for status in ("ACTIVE", "ALL")}
    assert by_status == {"ACTIVE": 0, "ALL": 1}


def test_the_free_plan_refuses_more_than_31_days(workspace: Document, report: Get) -> None:
    assert report(dateRangeStart="2026-02-28T00:00:00.000").status_code == 200
    workspace["featureSubscriptionType"] = "FREE"
    assert report(dateRangeStart="2026-02-28T00:00:00.000").status_code == 400
    assert report().status_code == 200


def test_a_page_of_more_than_1000_rows_is_refused(report: Get) -> None:
    assert report(detailedFilter={"page": 1, "pageSize": 1001}).status_code == 400
    assert report(detailedFilter={"page": 0, "pageSize": 10}).status_code == 400


def test_a_report_needs_a_filter_and_a_readable_range(report: Get) -> None:
    assert report(detailedFilter=None).status_code == 400
    assert report(dateRangeStart="yesterday").status_code == 400
    assert report(timeZone="Mars/Olympus").status_code == 400
    assert report(withoutDescription=True).json()["message"].endswith("withoutDescription")


def test_reports_can_be_refused(account: Account, report: Get) -> None:
    account.reports = "refused"
    assert report().status_code == 403


def test_the_regional_path_of_reports_answers_alike(
    sandbox: Sandbox, session: requests.Session, workspace: Document
) -> None:
    body = {"dateRangeStart": "2026-03-01T00:00:00.000", "dateRangeEnd": "2026-03-02T00:00:00.000"}
    url = f"{sandbox.origin}/report/v1/workspaces/{workspace['id']}/reports/detailed"
    headers = {"X-Api-Key": sandbox.api_key}
    answer = session.post(url, json={**body, "detailedFilter": {"page": 1}}, headers=headers, timeout=5)
    assert answer.json() == {"totals": [], "timeentries": []}


@pytest.fixture
def summary(sandbox: Sandbox, session: requests.Session, workspace: Document) -> Get:
    """Ask for March's summary report by user and day; keywords change the body."""

    def ask(**changes: Any) -> requests.Response:
        body = {
            "dateRangeStart": "2026-03-01T00:00:00.000",
            "dateRangeEnd": "2026-03-31T23:59:59.999",
            "timeZone": "UTC",
            "summaryFilter": {"groups": ["USER", "DATE"], "sortColumn": "GROUP"},
        }
        url = f"{sandbox.reports_url}/workspaces/{workspace['id']}/reports/summary"
        return session.post(url, json={**body, **changes}, headers={"X-Api-Key": sandbox.api_key}, timeout=5)

    return ask


def test_a_summary_has_the_seconds_of_each_user_and_day_and_the_totals_of_all(
    account: Account, workspace: Document, user: Document, work: Document, summary: Get, report: Get
) -> None:
    other = account.add_user(workspace, "Ben")
    account.add_entry(workspace, user, "2026-03-02T12:00:00Z")
    account.add_entry(workspace, user, "2026-03-02T14:00:00Z", None)
    account.add_entry(workspace, other, "2026-03-04T12:00:00Z", billable=False)
    answer = summary().json()
    ana, ben = answer["groupOne"]
    assert (ana["_id"], ana["name"], ana["duration"]) == (work["userId"], user["name"], 9000)
    assert ana["children"] == [{"_id": "2026-03-02", "name": "2026-03-02", "duration": 9000, "amount": 15000}]
    assert (ben["_id"], ben["children"][0]["_id"]) == (other["id"], "2026-03-04")
    assert answer["totals"] == report().json()["totals"]
    assert answer["totals"][0]["entriesCount"] == 3


def test_a_summarys_days_are_those_of_the_zone_in_the_form_that_the_account_has(
    account: Account, workspace: Document, user: Document, summary: Get
) -> None:
    account.add_entry(workspace, user, "2026-03-02T23:30:00Z")
    (group,) = summary(timeZone="Asia/Kolkata").json()["groupOne"]
    assert group["children"][0]["name"] == "2026-03-03"
    account.report_dates = "%d.%m.%Y"
    (group,) = summary().json()["groupOne"]
    assert group["children"][0]["_id"] == "02.03.2026"


def test_a_summary_by_day_alone_has_no_children(
    account: Account, workspace: Document, user: Document, summary: Get
) -> None:
    account.add_entry(workspace, user, "2026-03-03T08:00:00Z")
    account.add_entry(workspace, user, "2026-03-02T08:00:00Z")
    days = summary(summaryFilter={"groups": ["DATE"]}).json()["groupOne"]
    assert [day["_id"] for day in days] == ["2026-03-02", "2026-03-03"]
    assert not any("children" in day for day in days)


def test_a_summary_is_refused_as_a_detailed_report_is(account: Account, workspace: Document, summary: Get) -> None:
    assert summary().json() == {"totals": [], "groupOne": [], "chart": []}
    assert summary(summaryFilter=None).status_code == 400
    assert summary(summaryFilter={"groups": []}).status_code == 400
    assert summary(summaryFilter={"groups": ["PHASE_OF_THE_MOON"]}).json()["message"].endswith("PHASE_OF_THE_MOON")
    workspace["featureSubscriptionType"] = "FREE"
    assert summary(dateRangeStart="2026-02-28T00:00:00.000").status_code == 400
    account.reports = "refused"
    assert summary().status_code == 403
