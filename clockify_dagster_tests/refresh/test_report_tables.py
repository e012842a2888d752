"""Tables that come from reports: by day, for all users together, in a request a workspace and thousand rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from clockify_dagster.days import Days
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.refresh.conftest import Document, Office
from clockify_dagster_tests.refresh.loading import asked, assert_equal, load, rows

ATTENDANCE, BILLING, ENTRIES = "clockify_attendance", "clockify_timeentries__billing", "clockify_timeentries"
TABLES = (ATTENDANCE, BILLING)
KINDS = {ATTENDANCE: "reports/attendance", BILLING: "reports/detailed"}


def days(office: Office, first: int, last: int = 0) -> Days:
    """Days by how many lie between them and today."""
    return Days(office.today - timedelta(days=first), office.today - timedelta(days=last))


def sync(office: Office, back: int | None = None) -> None:
    """Load entries, then reports, of the days since then; of all days unless it is said."""
    wanted = office.limits if back is None else days(office, back)
    office.refresh(wanted)
    for table in TABLES:
        load(office, table, wanted)


@pytest.fixture
def worked(office: Office) -> Office:
    """Two people worked on each of the last forty days; some of it is invoiced or handed in, and a timer runs."""
    account = office.account
    people = [account.add_user(office.place, name) for name in ("Ana", "Max")]
    for back in range(40):
        for user in people:
            billed = {"billable": True, "hourlyRate": {"amount": 9000, "currency": "USD"}}
            office.add(user, back, **(billed if back % 2 else {"type": "BREAK"}))
    office.account.add_entry(office.place, people[0], office.clock() - timedelta(hours=1), None)
    entries = list(account.workspace(office.place).entries.by_id.values())
    account.import_entries(account.add_invoice(account.add_client(office.place)), entries[20:23])
    account.set_invoiced(entries[7])
    account.add_approval(office.place, people[0], office.day(9, 0))
    return office


def entry(office: Office, back: int) -> Document:
    """One of the entries of a day."""
    day = str(office.today - timedelta(days=back))
    entries = office.account.workspace(office.place).entries.by_id.values()
    return next(each for each in entries if each["timeInterval"]["start"].startswith(day))


def ids(office: Office) -> set[str]:
    return {row[0] for row in rows(office, BILLING, "timeentry_id")}


def test_all_users_of_all_days_come_with_a_request_and_say_what_is_billed(worked: Office) -> None:
    for table in TABLES:
        load(worked, table)
        assert len(asked(worked)) == 1
        assert_equal(worked, table)
    told = rows(worked, BILLING, "approvalrequestid", "invoiceid", "manuallyinvoiced", "rate", "amount")
    assert {(bool(a), bool(b), c) for a, b, c, _, _ in told} >= {(True, False, None), (False, True, False)}
    assert (None, None, True, 9000.0, 9000.0) in told
    assert len(rows(worked, ATTENDANCE)) == 80


def test_a_refresh_replaces_the_rows_of_its_days_and_no_others(worked: Office) -> None:
    sync(worked)
    account = worked.account
    within, outside = entry(worked, 1), entry(worked, 5)
    for each in (within, outside):
        account.set_invoiced(each)
        account.edit_entry(each, hourlyRate={"amount": 1, "currency": "USD"})
    sync(worked, 2)
    assert len(asked(worked)) == 1
    held = dict(rows(worked, BILLING, "timeentry_id", "manuallyinvoiced"))
    assert held[within["id"]] is True
    assert held[outside["id"]] is None
    assert len(rows(worked, ATTENDANCE)) == 80
    sync(worked, 8)
    assert_equal(worked, *TABLES)


def test_the_rows_of_deleted_entries_go_wherever_they_stood(worked: Office) -> None:
    sync(worked)
    for back in (1, 30):
        worked.account.delete_entry(entry(worked, back))
    worked.clock.advance(minutes=10)
    worked.refresh(days(worked, 2))
    assert len(ids(worked)) == 78
    sync(worked, 2)
    assert_equal(worked, BILLING)


def test_an_entry_that_moves_into_the_window_has_its_row_there_and_nowhere_else(worked: Office) -> None:
    sync(worked)
    moved, gone = entry(worked, 20), entry(worked, 1)
    worked.account.move_entry(moved, worked.day(0, 3))
    worked.account.move_entry(gone, worked.day(25, 3))
    sync(worked, 2)
    found = {row[0]: row[1] for row in rows(worked, BILLING, "timeentry_id", "timeinterval_start")}
    assert found[moved["id"]] == worked.day(0, 3)
    assert gone["id"] not in found
    sync(worked)
    assert_equal(worked, *TABLES)


def test_a_timer_has_no_billing_until_it_stops(worked: Office) -> None:
    sync(worked)
    entries = worked.account.workspace(worked.place).entries.by_id.values()
    timer = next(each for each in entries if each["timeInterval"]["end"] is None)
    assert timer["id"] not in ids(worked)
    worked.account.stop_timer(timer)
    sync(worked, 1)
    assert timer["id"] in ids(worked)
    assert_equal(worked, *TABLES)


def test_a_range_that_is_refused_for_its_length_is_read_in_halves(worked: Office) -> None:
    worked.account.workspace(worked.place).document["featureSubscriptionType"] = "FREE"
    for table in TABLES:
        load(worked, table)
        assert [request.status for request in asked(worked)] == [400, 400, 200, 200, 400, 200, 200]
        worked.account.workspace(worked.place).document["featureSubscriptionType"] = "PRO"
        assert_equal(worked, table)
        worked.account.workspace(worked.place).document["featureSubscriptionType"] = "FREE"


def test_a_report_that_is_refused_for_another_reason_is_an_error(worked: Office) -> None:
    worked.sandbox.faults.add(Fault("reports/attendance", faults.Status(400), times=None))
    with pytest.raises(Exception, match="400"):
        load(worked, ATTENDANCE)


@pytest.mark.parametrize("size", [7, 60])
def test_reports_of_several_pages_are_read_to_their_end(worked: Office, size: int) -> None:
    worked.page_size = size
    for table in TABLES:
        load(worked, table)
        assert len(asked(worked)) > 1
        assert_equal(worked, table)


def test_a_report_that_gives_no_more_than_a_usual_limit_at_once_is_read_to_its_end(worked: Office) -> None:
    worked.account.largest_report_page = 50
    load(worked, ATTENDANCE)
    assert len(rows(worked, ATTENDANCE)) == 80
    worked.account.largest_report_page = None
    assert_equal(worked, ATTENDANCE)


def test_a_report_of_many_rows_is_read_in_ranges_of_a_page_each(worked: Office) -> None:
    people = list(worked.account.workspace(worked.place).members)
    for back in range(40):
        for minute in range(25):
            user = worked.account.users[people[minute % 2]]
            start = worked.day(back, 5) + timedelta(minutes=minute)
            worked.account.add_entry(worked.place, user, start, start + timedelta(minutes=1))
    worked.refresh(worked.limits)
    load(worked, BILLING)
    assert len(asked(worked)) == 2, "1,082 rows, 1,000 a page"
    assert_equal(worked, BILLING)
    load(worked, ATTENDANCE)
    assert len(asked(worked)) <= 2
    assert_equal(worked, ATTENDANCE)


@pytest.mark.parametrize("account", ["UTC", "Pacific/Auckland"])
@pytest.mark.parametrize("zone", ["Etc/GMT+11", "Pacific/Kiritimati", "Europe/Belgrade"])
def test_days_are_those_of_the_zone_of_the_tables(make_office: Callable[..., Office], zone: str, account: str) -> None:
    office = make_office(zone=zone, timezone=account)
    user = office.account.add_user(office.place)
    for back in range(4):
        for hour in (0, 0.5, 12, 23.5):  # the last one lasts until after midnight
            office.add(user, back, hour)
    sync(office)
    assert_equal(office, *TABLES)
    assert [row[0] for row in rows(office, ATTENDANCE, "date")] == [str(day) for day in days(office, 3)]
    office.account.delete_entry(next(iter(office.account.workspace(office.place).entries.by_id)))
    sync(office, 1)
    assert_equal(office, *TABLES)


def test_what_a_report_does_not_tell_is_null(worked: Office) -> None:
    worked.account.billing_in_reports = False
    load(worked, BILLING)
    assert_equal(worked, BILLING)
    assert set(rows(worked, BILLING, "rate", "amount", "invoiceid")) == {(None, None, None)}


@pytest.mark.parametrize("table", TABLES)
def test_days_of_which_a_report_was_never_loaded_are_read_by_the_next_load_up_to_today(
    worked: Office, table: str
) -> None:
    load(worked, table, days(worked, 2))
    assert_equal(worked, table)
    load(worked, table, days(worked, 2))
    (request,) = asked(worked)
    assert request.body["dateRangeStart"].startswith(str(days(worked, 2).first)), "and are then known to be loaded"


@pytest.mark.parametrize("table", TABLES)
def test_a_load_of_old_days_reads_those_alone(worked: Office, table: str) -> None:
    load(worked, table, days(worked, 9, 8))
    (request,) = asked(worked)
    assert request.body["dateRangeStart"].startswith(str(days(worked, 9, 8).first))
    assert len(rows(worked, table)) == 4


def test_a_workspace_that_gets_the_report_later_is_loaded_whole_and_others_are_not_read_again(worked: Office) -> None:
    account = worked.account
    other = account.add_workspace("Studio", "FREE")
    user = account.add_user(other)
    for back in (1, 20, 35):
        account.add_entry(other, user, worked.day(back))
    sync(worked)
    assert {row[0] for row in rows(worked, ATTENDANCE, "workspaceid")} == {worked.place}
    pro = account.workspace(worked.place).document
    other.update(featureSubscriptionType="PRO", features=pro["features"])
    load(worked, ATTENDANCE, days(worked, 2))
    begun = {request.path.split("/")[3]: request.body["dateRangeStart"][:10] for request in asked(worked)}
    assert begun == {worked.place: str(days(worked, 2).first), other["id"]: str(worked.limits.first)}
    load(worked, BILLING, days(worked, 2))
    assert_equal(worked, *TABLES)
