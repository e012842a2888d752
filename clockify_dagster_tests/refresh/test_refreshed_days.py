"""A refreshed day is the account's day: in every zone, under either reading of the window, whoever worked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from clockify_dagster.days import Days
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.refresh.conftest import INTEGRAL, Office

MakeOffice = Callable[..., Office]
WEST, EAST = "Pacific/Pago_Pago", "Pacific/Kiritimati"  # eleven hours behind UTC and fourteen ahead
SHORT, LONG = date(2026, 3, 29), date(2026, 10, 25)  # of 23 and of 25 hours in Belgrade


@pytest.mark.parametrize("reading", ["wall_clock", "instant"])
@pytest.mark.parametrize("account_zone", [WEST, EAST])
@pytest.mark.parametrize("day", [SHORT, LONG])
def test_a_day_of_23_or_25_hours_has_each_of_its_entries_and_no_other(
    make_office: MakeOffice, account_zone: str, reading: str, day: date
) -> None:
    noon = datetime.combine(day + timedelta(days=2), datetime.min.time(), timezone.utc) + timedelta(hours=12)
    office = make_office(zone="Europe/Belgrade", at=noon, timezone=account_zone, window_reading=reading)
    user = office.account.add_user(office.place)
    span = Days(day, day).span(office.zone)
    starts = [span.start + timedelta(minutes=30 * n) for n in range(-3, 2 * 25 + 3)]
    starts += [edge - timedelta(seconds=1) for edge in (span.start, span.end)]
    entries = [office.account.add_entry(office.place, user, start)["id"] for start in starts]
    office.refresh(Days(day, day))
    within = 2 * (span.end - span.start) // timedelta(hours=1)
    assert set(office.loaded()) == {*entries[3 : 3 + within], entries[-1]}
    for other in (day - timedelta(days=1), day + timedelta(days=1)):
        office.refresh(Days(other, other))
    office.check()


@pytest.mark.parametrize("reading", ["wall_clock", "instant"])
@pytest.mark.parametrize(("zone", "account_zone"), [(WEST, EAST), (EAST, WEST), ("Etc/GMT+11", "America/New_York")])
def test_days_of_one_end_of_the_world_are_right_for_an_account_at_the_other(
    make_office: MakeOffice, zone: str, account_zone: str, reading: str
) -> None:
    office = make_office(zone=zone, timezone=account_zone, window_reading=reading, start=date(2026, 3, 18))
    user = office.account.add_user(office.place)
    for hours in range(-24, 24 * 5, 3):
        office.account.add_entry(office.place, user, office.day(0, 0) + timedelta(hours=23 - hours))
    for day in office.limits:
        office.refresh(Days(day, day))
    office.check()
    office.refresh(Days(office.today - timedelta(days=2), office.today))
    office.check()


def test_what_was_deleted_is_gone_and_its_tags_with_it(office: Office) -> None:
    user, tag = office.account.add_user(office.place), office.account.add_tag(office.place)
    kept, deleted = (office.add(user, 0, hour, tagIds=[tag["id"]]) for hour in (8, 9))
    office.refresh()
    office.account.delete_entry(deleted)
    assert office.refresh()["entries deleted"] == 1
    office.check()
    assert set(office.loaded()) == {kept["id"]}


def test_an_entry_that_moved_in_from_elsewhere_is_there_once(office: Office) -> None:
    entry = office.add(office.account.add_user(office.place), 30, tagIds=[office.account.add_tag(office.place)["id"]])
    office.refresh_all()
    office.account.move_entry(entry, office.day(0))
    office.refresh()
    office.check()


def test_entry_and_tags_change_together(office: Office) -> None:
    user = office.account.add_user(office.place)
    old, new = (office.account.add_tag(office.place)["id"] for _ in range(2))
    entry = office.add(user, 0, tagIds=[old])
    office.refresh()
    office.account.edit_entry(entry, tagIds=[new], description="other")
    office.refresh()
    office.check()
    office.account.edit_entry(entry, tagIds=[])
    office.refresh()
    office.check()


def test_entries_over_midnight_or_days_long_belong_to_the_day_on_which_they_start(office: Office) -> None:
    user = office.account.add_user(office.place)
    office.account.add_entry(office.place, user, office.day(1, 23), office.day(0, 2))
    long = office.account.add_entry(office.place, user, office.day(4, 12), office.day(1, 12))
    office.clock.advance(minutes=1)
    office.refresh(Days(office.today - timedelta(days=3), office.today - timedelta(days=2)))
    assert office.loaded() == {}
    office.refresh(Days(office.today - timedelta(days=4), office.today - timedelta(days=4)))
    assert set(office.loaded()) == {long["id"]}
    office.refresh_all()
    office.check()


@pytest.mark.parametrize("feed", ["envelope", "refused"])
@pytest.mark.parametrize("back", [0, 9])
def test_a_running_timer_has_no_end_until_the_refresh_after_it_stops(
    make_office: MakeOffice, back: int, feed: str
) -> None:
    office = make_office(feed=feed)
    timer = office.account.add_entry(office.place, office.account.add_user(office.place), office.day(back), None)
    office.refresh_all()
    fact = office.loaded()[timer["id"]]
    assert (fact["timeinterval_end"], fact["timeinterval__duration"]) == (None, None)
    office.clock.advance(hours=1)
    office.account.stop_timer(timer)
    office.clock.advance(hours=1)
    office.refresh()
    office.check()
    assert office.loaded()[timer["id"]]["timeinterval_end"] is not None


def test_entries_that_start_later_than_today_come_in_with_their_day_and_are_in_the_integral_tables_at_once(
    office: Office,
) -> None:
    user = office.account.add_user(office.place)
    ahead, tonight = office.add(user, -2), office.add(user, 0, 23)
    office.refresh()
    office.refresh_integral()
    assert set(office.loaded()) == {tonight["id"]}
    assert office.loaded(INTEGRAL) == office.expected(everything=True)
    assert ahead["id"] in office.loaded(INTEGRAL)
    office.clock.advance(days=2)
    office.refresh()
    office.check()
    assert ahead["id"] in office.loaded()


@pytest.mark.parametrize("feed", ["bare", "refused"])
def test_an_entry_that_moved_beyond_the_start_date_or_today_leaves_the_table_until_its_day_comes(
    make_office: MakeOffice, feed: str
) -> None:
    office = make_office(feed=feed)
    user = office.account.add_user(office.place)
    before, ahead = office.add(user, 0, 8), office.add(user, 0, 9)
    office.refresh()
    office.account.move_entry(before, office.day(200))
    office.account.move_entry(ahead, office.day(-1))
    office.refresh()
    assert office.loaded() == {}
    office.clock.advance(days=1)
    office.refresh()
    assert set(office.loaded()) == {ahead["id"]}


@pytest.mark.parametrize("action", ["edit", "move away", "delete", "create"])
def test_what_changes_behind_the_listings_back_is_right_after_the_next_refresh_though_it_is_of_other_days(
    office: Office, action: str
) -> None:
    user = office.account.add_user(office.place)
    entry = office.add(user, 3)
    office.refresh_all()
    office.clock.advance(minutes=10)
    changes: dict[str, Callable[[Any], object]] = {
        "edit": lambda account: account.edit_entry(entry, description="new"),
        "move away": lambda account: account.move_entry(entry, office.day(7)),
        "delete": lambda account: account.delete_entry(entry),
        "create": lambda _: office.add(user, 3, 11),
    }
    office.sandbox.faults.add(Fault("user/.*/time-entries", faults.After(lambda account: changes[action](account))))
    there = office.today - timedelta(days=3)
    office.refresh(Days(there, there))
    office.clock.advance(minutes=10)
    office.refresh()
    office.check()


def test_what_was_loaded_before_a_later_start_date_is_kept_up_to_date(office: Office) -> None:
    user = office.account.add_user(office.place)
    edited, deleted, moved, _ = (office.add(user, 60, hour) for hour in range(4))
    into = office.add(user, 0)
    office.clock.advance(minutes=1)
    office.refresh_all()
    expected_from, office.start = office.start, office.today - timedelta(days=9)
    office.account.edit_entry(edited, description="new")
    office.account.delete_entry(deleted)
    office.account.move_entry(moved, office.day(1))
    office.account.move_entry(into, office.day(61))
    office.refresh_all()
    office.start = expected_from
    office.check()


@pytest.mark.parametrize("feed", ["refused", "missing", "envelope"])
def test_a_rate_that_changed_on_a_refreshed_day_is_there_with_many_users_and_without_the_feed(
    make_office: Callable[..., Office], feed: str
) -> None:
    office = make_office(feed=feed, window=3)
    entries = [office.add(office.account.add_user(office.place), back=1) for _ in range(14)]
    office.refresh_all()
    office.account.edit_entry(entries[5], hourlyRate={"amount": 12300, "currency": "EUR"}, type="BREAK")
    office.clock.advance(hours=1)
    office.refresh()
    office.check()
