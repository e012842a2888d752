"""Requests for approval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account

Get = Callable[..., requests.Response]
Document = dict[str, Any]


def ids(answer: requests.Response) -> list[str]:
    return [each["approvalRequest"]["id"] for each in answer.json()]


@pytest.fixture
def later(account: Account) -> Callable[[], datetime]:
    """Let an hour pass."""

    def wait() -> datetime:
        moment = account.now() + timedelta(hours=1)
        account.now = lambda: moment
        return moment

    return wait


def test_a_request_shows_its_entries_and_expenses_with_their_sums(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    rates = {"hourlyRate": {"amount": 9000, "currency": "USD"}, "costRate": {"amount": 4000, "currency": "USD"}}
    work = account.add_entry(workspace, user, "2026-03-02T08:00:00Z", "2026-03-02T09:30:00Z", billable=True, **rates)
    pause = account.add_entry(workspace, user, "2026-03-02T12:00:00Z", "2026-03-02T12:30:00Z", type="BREAK")
    account.add_entry(workspace, user, "2026-03-09T00:00:00Z")
    account.add_entry(workspace, account.add_user(workspace, "Max"), "2026-03-03T08:00:00Z")
    expense = account.add_expense(account.add_expense_category(workspace), user, 24.5, day=date(2026, 3, 8))
    made = account.add_approval(workspace, user, "2026-03-02T00:00:00Z")
    (shown,) = get("approval-requests").json()
    assert "id" not in shown
    assert shown["approvalRequest"]["dateRange"] == {"start": "2026-03-02T00:00:00Z", "end": "2026-03-09T00:00:00Z"}
    assert shown["approvalRequest"]["owner"]["userId"] == shown["approvalRequest"]["creator"]["userId"] == user["id"]
    assert [each["id"] for each in shown["entries"]] == [work["id"], pause["id"]]
    assert [(each["id"], each["total"]) for each in shown["expenses"]] == [(expense["id"], 24.5)]
    assert {each["approvalRequestId"] for each in shown["entries"]} == {made["id"]}
    names = ("trackedTime", "pendingTime", "approvedTime", "billableTime", "breakTime")
    assert [shown[name] for name in names] == ["PT1H30M", "PT1H30M", "PT0S", "PT1H30M", "PT30M"]
    assert [shown[name] for name in ("billableAmount", "costAmount", "expenseTotal")] == [13500, 6000, 24.5]


def test_a_decision_changes_state_and_time_and_a_request_may_be_submitted_anew(
    account: Account, workspace: Document, user: Document, later: Callable[[], datetime], get: Get
) -> None:
    boss = account.add_user(workspace, "Boss")
    request = account.add_approval(workspace, user)
    moment = later()
    account.decide(request, "REJECTED", by=boss, note="Friday is missing")
    assert get("approval-requests").json()[0]["approvalRequest"]["status"] == {
        "state": "REJECTED",
        "note": "Friday is missing",
        "updatedAt": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "updatedBy": boss["id"],
        "updatedByUserName": "Boss",
    }
    account.add_entry(workspace, user, "2026-03-06T08:00:00Z")
    assert get("approval-requests").json()[0]["entries"] == []
    account.resubmit(request)
    assert len(get("approval-requests").json()[0]["entries"]) == 1
    account.decide(request, "APPROVED", by=boss)
    shown = get("approval-requests").json()[0]
    assert (shown["pendingTime"], shown["approvedTime"]) == ("PT0S", "PT1H")


def test_the_newest_change_comes_first_where_that_is_asked_for(
    account: Account, workspace: Document, user: Document, later: Callable[[], datetime], get: Get
) -> None:
    made = []
    for week in (2, 9, 16):
        made.append(account.add_approval(workspace, user, f"2026-03-{week:02d}T00:00:00Z")["id"])
        later()
    account.decide(made[0], "APPROVED")
    newest = {"sort-column": "UPDATED_AT", "sort-order": "DESCENDING", "page-size": 2}
    assert ids(get("approval-requests")) == made
    assert ids(get("approval-requests", newest)) == [made[0], made[2]]
    assert get("approval-requests", newest).headers["Last-Page"] == "false"
    assert ids(get("approval-requests", {**newest, "page": 2})) == [made[1]]
    assert ids(get("approval-requests", {"sort-column": "START", "sort-order": "DESCENDING"})) == made[::-1]
    assert ids(get("approval-requests", {"status": "APPROVED"})) == made[:1]
    assert get("approval-requests", {"status": "REJECTED"}).status_code == 400
    assert get("approval-requests", {"sort-column": "STATE"}).status_code == 400


def test_reports_tell_which_entries_are_submitted(
    account: Account, workspace: Document, user: Document, report: Get
) -> None:
    account.add_entry(workspace, user, "2026-03-02T08:00:00Z")
    request = account.add_approval(workspace, user)

    def said() -> str | None:
        (row,) = report().json()["timeentries"]
        found: str | None = row["approvalRequestId"]
        return found

    assert said() == request["id"]
    account.decide(request, "WITHDRAWN_SUBMISSION")
    assert said() is None


def test_requests_are_refused_where_the_plan_has_no_approval(workspace: Document, get: Get) -> None:
    workspace["features"].remove("APPROVAL")
    assert get("approval-requests").status_code == 403
