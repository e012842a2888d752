from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient, Totals
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults

START, END = datetime(2026, 3, 1), datetime(2026, 4, 1)  # noqa: DTZ001 - clock time in the report's zone


def test_totals_are_of_the_whole_range_in_one_request_without_timers(
    account: Account, client: ClockifyClient, sandbox: Sandbox, workspace: str, user: str
) -> None:
    for day in range(1, 6):
        account.add_entry(workspace, user, f"2026-03-{day:02d}T08:00:00Z", f"2026-03-{day:02d}T09:30:00Z")
    account.add_entry(workspace, user, "2026-03-31T08:00:00Z", None)
    assert client.report_totals(workspace, START, END, "UTC") == Totals(5, 5 * 5400)
    assert len(sandbox.requests) == 1


def test_the_end_is_not_included_and_both_ends_are_clock_times_of_the_zone(
    account: Account, client: ClockifyClient, workspace: str, user: str
) -> None:
    account.add_entry(workspace, user, "2026-02-28T23:00:00Z")
    account.add_entry(workspace, user, "2026-03-31T22:00:00Z")
    assert client.report_totals(workspace, START, END, "Europe/Belgrade") == Totals(1, 3600)
    assert client.report_totals(workspace, START, END, "UTC") == Totals(1, 3600)


def test_nothing_in_the_range_is_zero(client: ClockifyClient, workspace: str, sandbox: Sandbox) -> None:
    assert client.report_totals(workspace, START, END, "UTC") == Totals(0, 0)
    assert client.report_totals(workspace, START, END, "UTC", users=[]) == Totals(0, 0)
    assert len(sandbox.requests) == 1


def test_some_users_may_be_named_and_those_who_left_are_in_by_default(
    account: Account, client: ClockifyClient, workspace: str, user: str
) -> None:
    other = account.add_user(workspace, "Max")
    account.add_entry(workspace, user, "2026-03-02T08:00:00Z")
    account.add_entry(workspace, other, "2026-03-02T08:00:00Z")
    account.remove_user(workspace, other)
    assert client.report_totals(workspace, START, END, "UTC").entries == 2
    assert client.report_totals(workspace, START, END, "UTC", users=[user]).entries == 1


def test_a_free_workspace_refuses_more_than_31_days(account: Account, client: ClockifyClient) -> None:
    free = account.add_workspace("Free", "FREE")["id"]
    with pytest.raises(errors.BadRequestError, match="31 days") as caught:
        client.report_totals(free, START, END + timedelta(days=9), "UTC")
    assert caught.value.workspace == free


@pytest.mark.parametrize("body", [None, [], {"totals": []}, {"totals": 7, "timeentries": []}])
def test_an_answer_that_is_no_report_is_tried_again(
    sandbox: Sandbox, client: ClockifyClient, workspace: str, body: Any
) -> None:
    sandbox.faults.add(Fault("detailed", faults.Body(body), times=2))
    assert client.report_totals(workspace, START, END, "UTC") == Totals(0, 0)
    assert len(sandbox.requests) == 3


def test_instants_are_refused_as_ends(client: ClockifyClient, workspace: str) -> None:
    with pytest.raises(ValueError, match="clock time"):
        client.report_totals(workspace, START.replace(tzinfo=timezone.utc), END, "UTC")
