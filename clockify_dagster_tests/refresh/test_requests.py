"""What a refresh costs: requests are the scarcest thing that a free workspace has, thirty an hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from clockify_dagster.days import Days
from clockify_dagster.sandbox import Account, Fault, faults
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.refresh.conftest import Office


def test_a_range_of_thirty_days_costs_a_request_for_each_user_and_page(office: Office) -> None:
    users = [office.account.add_user(office.place)["id"] for _ in range(4)]
    for user in users:
        for back in range(40):
            office.add(user, back)
    office.refresh(Days(office.today - timedelta(days=29), office.today))
    assert len(office.asked("/time-entries")) == len(users)
    assert len(office.loaded()) == len(users) * 30


def test_users_are_asked_for_once_and_the_listings_name_the_users(office: Office) -> None:
    users = [office.account.add_user(office.place)["id"] for _ in range(3)]
    office.refresh_all()
    assert sorted(office.asked()) == sorted(
        [f"/api/v1/workspaces/{office.place}/users"]
        + [f"/api/v1/workspaces/{office.place}/user/{user}/time-entries" for user in users]
    )


def test_a_limit_that_is_hit_in_the_middle_costs_no_entry(office: Office) -> None:
    for _ in range(3):
        office.add(office.account.add_user(office.place), 0)
    office.sandbox.faults.add(Fault("/time-entries", faults.Status(429, retry_after=0), nth=2))
    office.refresh()
    office.check()


def test_a_full_sync_of_five_users_takes_eleven_requests_and_a_later_one_fourteen_at_most(
    make_project: Callable[..., Project],
) -> None:
    account = Account()
    place = account.add_workspace()["id"]
    users = [account.add_user(place)["id"] for _ in range(5)]
    start = datetime.now(timezone.utc).date() - timedelta(days=9)
    project = make_project(account, update_window_days=3, start_date=start, timezone="UTC")
    today = Days(project.calendar.today, project.calendar.today).span(project.calendar.zone).start
    old = [account.add_entry(place, user, today - timedelta(days=5)) for user in users]
    project.sync()
    assert len(project.asked()) == 11
    project.sandbox.reset_requests()
    account.edit_entry(old[0], description="new")
    account.delete_entry(old[1])
    project.sync()
    assert len(project.asked()) <= 14
    assert {row["description"] for row in project.rows("clockify_timeentries")} == {"", "new"}
