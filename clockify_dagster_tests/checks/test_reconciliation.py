"""Hours against Clockify's own totals: what differs is named by day and user; what cannot be asked is not passed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from clockify_dagster.reconcile.reconcile import MOST_REQUESTS
from clockify_dagster.sandbox.account import interval
from clockify_dagster.sandbox.documents import entry
from clockify_dagster_tests.checks.conftest import (
    ALL,
    ENTRIES,
    TODAY,
    clean_account,
    compared,
    entries_of,
)
from clockify_dagster_tests.conftest import Project


def test_equal_totals_cost_one_request_a_workspace(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    second = account.add_workspace("Second", "PRO")
    user = account.add_user(second, "Somebody")
    account.add_entry(second, user, TODAY - timedelta(days=2))
    finding, asked = compared(make_loaded(account, ALL))
    assert finding.passed is True
    assert (finding.numbers["entries"], finding.numbers["entries in Clockify"]) == (158, 158)
    assert finding.numbers["seconds"] == finding.numbers["seconds in Clockify"] == 156 * 5400 + 39 * 6 + 5 * 3600 + 3600
    assert len(asked) == 2 == finding.numbers["requests"]


def fill(project: Project, number_of_entries: int) -> None:
    """Fill account and table with entries, by hand: loading is not what is tried here."""
    (place,) = project.account.workspaces.values()
    users = sorted(place.members)
    begins = TODAY - timedelta(days=800)
    document = entry("", place.identity, "")
    for number in range(0, number_of_entries, 4):
        start = begins + timedelta(minutes=42 * (number // 4))
        times = interval(start, start + timedelta(minutes=40))
        for n, user in enumerate(users):
            place.entries.put({**document, "id": f"{number + n:024x}", "userId": user, "timeInterval": times})
    project.execute(
        "INSERT INTO clockify_timeentries (id, workspaceid, userid, timeinterval_start, timeinterval_end) "
        "SELECT printf('%024x', n), $place, list_extract($users::VARCHAR[], (n % 4)::INTEGER + 1), "
        "$begins::TIMESTAMPTZ + to_minutes(42 * (n // 4)), $begins::TIMESTAMPTZ + to_minutes(42 * (n // 4) + 40) "
        f"FROM range({number_of_entries}) AS r(n)".replace("$place", f"'{place.identity}'")
        .replace("$users", str(users))
        .replace("$begins", f"'{begins.isoformat()}'")
    )
    project.execute(f"UPDATE clockify_state.loaded_ranges SET range_start = '{begins.isoformat()}'")


def test_one_entry_deleted_of_a_hundred_thousand_is_named_within_the_budget(
    make_loaded: Callable[..., Project],
) -> None:
    project = make_loaded()
    fill(project, 100_000)
    lost = f"{66_666:024x}"
    (gone,) = project.execute(
        f"DELETE FROM clockify_timeentries WHERE id = '{lost}' RETURNING timeinterval_start, userid"
    )
    finding, asked = compared(project)
    assert (finding.passed, finding.severity) == (False, "ERROR")
    (line,) = finding.numbers["differences"]
    assert (line["day"], line["user"], line["ids"]) == (str(gone[0].date()), gone[1], [lost])
    assert (line["entries missing"], line["seconds missing"]) == (1, 2400)
    assert f"{gone[0].date()}, user {gone[1]}: 1 entry and 2400 seconds missing" in finding.told
    assert finding.numbers["entries"] > 100_000
    assert len(asked) <= 11 < MOST_REQUESTS


def test_with_more_differences_than_the_budget_can_name_the_rest_is_told_by_days(
    make_loaded: Callable[..., Project],
) -> None:
    project = make_loaded()
    fill(project, 13_000)
    project.execute("DELETE FROM clockify_timeentries WHERE id LIKE '%77'")
    finding, asked = compared(project)
    assert len(asked) == MOST_REQUESTS
    named = sum(line["entries missing"] for line in finding.numbers["differences"])
    rest = sum(line["entries missing"] for line in finding.numbers["days that differ"])
    assert named > 0 < rest
    assert named + rest == finding.numbers["entries in Clockify"] - finding.numbers["entries"]
    assert "the budget of requests is spent" in finding.told


def test_what_was_deleted_in_clockify_behind_our_back_is_too_much_here(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    project = make_loaded(account)
    gone = entries_of(account)[30]
    account.delete_entry(gone)
    finding, _ = compared(project)
    (line,) = finding.numbers["differences"]
    assert (finding.passed, finding.severity) == (False, "ERROR")
    assert (line["day"], line["user"]) == (str(gone["timeInterval"]["start"])[:10], gone["userId"])
    assert (line["entries missing"], line["seconds missing"] < -5000, line["ids"]) == (-1, True, [gone["id"]])
    assert "1 entry and" in finding.told
    assert "too many" in finding.told
    assert f"sync --from {line['day']} --to {line['day']}" in finding.told


def test_an_entry_of_another_length_is_named_though_the_number_of_entries_is_right(
    make_loaded: Callable[..., Project],
) -> None:
    account, _ = clean_account()
    project = make_loaded(account)
    longer = entries_of(account)[30]
    project.execute(
        "UPDATE clockify_timeentries SET timeinterval_end = timeinterval_end + INTERVAL 7 SECOND WHERE id = ?",
        longer["id"],
    )
    finding, _ = compared(project)
    (line,) = finding.numbers["differences"]
    assert (line["entries missing"], line["seconds missing"], line["ids"]) == (0, -7, [longer["id"]])


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_days_are_counted_in_the_settings_zone(make_loaded: Callable[..., Project], zone: str) -> None:
    account, place = clean_account()
    user = next(iter(account.users.values()))
    # at 23:30 UTC it is another day in either zone, or was
    late = account.add_entry(place, user, TODAY - timedelta(days=9, minutes=30))
    project = make_loaded(account, ENTRIES, timezone=zone)
    assert compared(project)[0].passed is True
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", late["id"])
    (line,) = compared(project)[0].numbers["differences"]
    start = datetime.fromisoformat(str(late["timeInterval"]["start"]).replace("Z", "+00:00"))
    assert line["day"] == str(start.astimezone(project.calendar.zone).date())
