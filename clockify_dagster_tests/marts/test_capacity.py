"""Hours against what was to be worked: utilisation, overtime and gaps."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb

from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.marts.conftest import Load, Office, ask


def weekday(office: Office, back: int = 7) -> int:
    """How many days ago the last Wednesday was that is at least so many days ago."""
    return back + ((office.today - timedelta(days=back)).isoweekday() - 3) % 7


def days(project: Project, columns: str) -> dict[int, Any]:
    """Of each user day the columns, by how many days ago it was."""
    found = ask(project, f"SELECT today() - local_date, {columns} FROM {{}}.fct_user_day")
    return {back: values[0] if len(values) == 1 else tuple(values) for back, *values in found}


def test_without_clockifys_own_capacity_the_setting_counts_on_working_days_and_it_says_so(
    office: Office, load: Load, monkeypatch: Any
) -> None:
    monkeypatch.setenv("CLOCKIFY_HOURS_PER_DAY", "6.5")
    office.plan = "FREE"
    office.place["features"] = []
    back = weekday(office)
    office.work(back, 9, 5, **office.billable())
    project = load(office, "all")
    rows = ask(project, "SELECT DISTINCT capacity_source, absence_source FROM {}.utilisation_by_user_week")
    assert rows == [("SETTING", "ENTRIES")]
    (row,) = ask(
        project,
        "SELECT available_hours, hours, utilisation FROM {}.utilisation_by_user_week ORDER BY week LIMIT 1",
    )
    assert row == (3 * 6.5, 5, 5 / 19.5), "from Wednesday, the first day with an entry, to Friday"


def test_a_holiday_and_approved_time_off_leave_fewer_hours_and_what_was_not_approved_does_not(
    office: Office, load: Load
) -> None:
    account, place, back = office.account, office.place, weekday(office, 14)
    account.set_capacity(place, office.ana, 6.0)
    office.work(back, 9, 6)
    group = account.add_group(place, "All", [office.ana])
    account.add_holiday(place, "Feast", first=office.today - timedelta(days=back - 1), groups=[group])
    policy = account.add_policy(place, "Leave", users=[office.ana], allowHalfDay=True)
    hourly = account.add_policy(place, "Dentist", unit="HOURS", users=[office.ana])
    for ago, chosen, hour, length, half, state in [
        (back - 2, policy, 0, 24, "FIRST_HALF", "APPROVED"),
        (back - 5, policy, 0, 24, None, "REJECTED"),
        (back - 6, hourly, 10, 2, None, "APPROVED"),
        (back - 7, policy, 0, 24, None, "APPROVED"),
    ]:
        begin = office.moment(ago, hour)
        request = account.add_time_off_request(chosen, office.ana, begin, begin + timedelta(hours=length), half=half)
        account.decide_time_off(request, state)
    project = load(office, "all")
    found = days(project, "capacity_hours, holiday_hours, time_off_hours, available_hours")
    assert [found[back - n] for n in range(8)] == [
        (6, 0, 0, 6),  # Wednesday
        (6, 6, 0, 0),  # the feast
        (6, 0, 3, 3),  # half a day off
        (0, 0, 0, 0),
        (0, 0, 0, 0),
        (6, 0, 0, 6),  # Monday: the request was rejected
        (6, 0, 2, 4),  # two hours off
        (6, 0, 6, 0),  # a day off
    ]
    sources = ask(project, "SELECT DISTINCT capacity_source, absence_source FROM {}.fct_user_day")
    assert sources == [("CLOCKIFY", "CLOCKIFY")]


def test_a_holiday_that_comes_every_year_may_last_into_the_next_one(database: duckdb.DuckDBPyConnection) -> None:
    year = date.today().year - 1  # noqa: DTZ011 - any year that is over
    database.execute(
        "INSERT INTO clockify_workspaces (id) VALUES ('w');"
        "INSERT INTO clockify_users (id, name) VALUES ('u', 'Ana');"
        "INSERT INTO clockify_users_memberships (user_id, targetid, membershiptype, membershipstatus) "
        "VALUES ('u', 'w', 'WORKSPACE', 'ACTIVE');"
        "INSERT INTO clockify_holidays (id, workspaceid, startdate, enddate, occursannually, everyoneincludingnew) "
        f"VALUES ('h', 'w', '{year - 1}-12-24', '{year}-01-02', true, true);"
        "INSERT INTO clockify_timeentries (id, workspaceid, userid, timeinterval_start, timeinterval_end) "
        f"VALUES ('e', 'w', 'u', '{year}-01-01 08:00:00+00', '{year}-01-01 09:00:00+00')"
    )
    off = database.execute(
        "SELECT CAST(local_date AS VARCHAR) FROM clockify_marts.fct_user_day "
        f"WHERE holiday_hours > 0 AND local_date < DATE '{year + 1}-01-01' ORDER BY 1"
    ).fetchall()
    feast = [date(year, 1, 1), date(year, 1, 2), *(date(year, 12, day) for day in range(24, 32))]
    assert off == [(day.isoformat(),) for day in feast if day.isoweekday() < 6]


def test_gaps_leave_out_kiosks_invitees_and_the_days_after_somebody_has_left(office: Office, load: Load) -> None:
    account, place, back = office.account, office.place, weekday(office, 14)
    users = {
        "kiosk": account.add_user(place, "Tablet", status="NOT_REGISTERED"),
        "invitee": account.add_user(place, "Invitee", status="PENDING_EMAIL_VERIFICATION", membership_status="PENDING"),
        "leaver": account.add_user(place, "Leaver", membership_status="INACTIVE"),
    }
    for user in users.values():
        office.work(back, 9, 2, user=user)
    office.work(back, 9, 8)
    office.work(back - 1, 9, 7)
    project = load(office)
    rows = ask(project, "SELECT user_name, today() - local_date, missing_hours FROM {}.timesheet_gaps")
    assert [row for row in rows if row[0] != "Ana"] == [("Leaver", back, 6)], "the kiosk and the invitee are left out"
    assert ("Ana", back - 1, 1) in rows
    assert all(0 < ago < back for name, ago, _ in rows if name == "Ana"), "today is not over"


def test_who_is_in_two_workspaces_has_capacity_in_one(office: Office, load: Load) -> None:
    back = weekday(office)
    small = office.account.add_workspace("Evenings", "PRO")
    office.account.add_to_workspace(office.ana, small)
    office.work(back, 9, 4)
    office.work(back, 19, 2, workspace=small)
    project = load(office)
    rows = ask(
        project,
        "SELECT workspace_id, hours, available_hours FROM {}.fct_user_day WHERE hours > 0 ORDER BY hours",
    )
    assert rows == [(small["id"], 2, 0), (office.place["id"], 4, 8)]


def test_overtime_of_a_week_lets_short_days_make_up_and_that_of_days_does_not(office: Office, load: Load) -> None:
    back = weekday(office, 14)
    for ago, hours in ((back, 10), (back - 1, 7), (back - 2, 8)):
        office.work(ago, 8, hours)
    project = load(office)
    (row,) = ask(
        project,
        "SELECT hours, available_hours, overtime_hours, daily_overtime_hours FROM {}.overtime_by_user_week "
        "ORDER BY week LIMIT 1",
    )
    assert row == (25, 24, 1, 2)
