"""Whoever worked: users of every status, those who have left, entries that change hands, workspaces."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.warehouse import load_state
from clockify_dagster_tests.refresh.conftest import INTEGRAL, Office

MakeOffice = Callable[..., Office]


def test_hours_of_deactivated_limited_and_deleted_users_are_loaded(office: Office) -> None:
    users = [office.account.add_user(office.place, status=status) for status in ("ACTIVE", "LIMITED", "DELETED")]
    users.append(office.account.add_user(office.place, membership_status="INACTIVE"))
    for user in users:
        office.add(user, 0)
    office.refresh()
    office.check()
    assert len(office.loaded()) == 4


@pytest.mark.parametrize("feed", ["envelope", "refused"])
@pytest.mark.parametrize("removed", ["served", "refused"])
def test_a_user_who_has_been_removed_keeps_the_entries_that_were_loaded(
    make_office: MakeOffice, removed: str, feed: str
) -> None:
    office = make_office(removed_users=removed, feed=feed)
    gone, here = (office.account.add_user(office.place) for _ in range(2))
    for user in (gone, here):
        for back in (0, 5):
            office.add(user, back, tagIds=[office.account.add_tag(office.place)["id"]])
    office.refresh_all()
    office.refresh_integral()
    office.account.remove_user(office.place, gone)
    for _ in range(2):
        office.refresh()
        office.check()
        office.refresh_all()
        office.check()
        office.refresh_integral()
        assert office.loaded(INTEGRAL) == office.expected()
    assert len(office.loaded()) == 4
    assert all("time-entries/" not in path for path in office.asked("time-entries")), "nobody asks where those rows are"


@pytest.mark.parametrize("days", ["the window", "all"])
@pytest.mark.parametrize("removed", ["served", "refused"])
def test_changes_in_the_entries_of_a_removed_user_come_in_by_the_feed(
    make_office: MakeOffice, removed: str, days: str
) -> None:
    office = make_office(removed_users=removed)
    gone, here = (office.account.add_user(office.place) for _ in range(2))
    edited, deleted, moved, given, _ = (office.add(gone, 0, hour) for hour in range(5))
    office.clock.advance(hours=1)
    office.refresh_all()
    office.account.remove_user(office.place, gone)
    office.clock.advance(hours=1)
    office.account.edit_entry(edited, description="by an admin")
    office.account.delete_entry(deleted)
    office.account.move_entry(moved, office.day(3))
    office.account.edit_entry(given, userId=here["id"])
    office.refresh(office.limits if days == "all" else None)
    office.check()
    assert not office.asked("/time-entries/"), "nobody need be asked for one by one"


def test_the_integral_tables_ask_for_users_who_have_left_and_are_known_from_the_days(office: Office) -> None:
    gone = office.account.add_user(office.place)
    office.add(gone, 0)
    office.add(gone, 70)
    office.refresh()
    office.account.remove_user(office.place, gone)
    office.refresh_integral()
    assert office.loaded(INTEGRAL) == office.expected()


def test_an_entry_that_changes_hands_belongs_to_its_new_user(office: Office) -> None:
    one, other = (office.account.add_user(office.place) for _ in range(2))
    entries = [office.add(one, back) for back in (0, 20)]
    office.refresh_all()
    for entry in entries:
        office.account.edit_entry(entry, userId=other["id"])
    office.refresh()
    office.check()


@pytest.mark.parametrize("after_whom", [0, 1])
def test_an_entry_that_changes_hands_while_users_are_listed_is_not_lost(office: Office, after_whom: int) -> None:
    office.concurrency = 1
    users = [office.account.add_user(office.place) for _ in range(2)]
    entry = office.add(users[1 - after_whom], 0)
    office.refresh()
    office.clock.advance(minutes=10)
    change = faults.After(lambda account: account.edit_entry(entry, userId=users[after_whom]["id"]))
    office.sandbox.faults.add(Fault(f"user/{users[0]['id']}/time-entries", change))
    office.refresh()
    office.check()


def test_workspaces_are_kept_apart_and_one_that_is_chosen_no_more_leaves_the_refreshed_days(office: Office) -> None:
    other = office.account.add_workspace("Studio")
    for place in (office.place, str(other["id"])):
        user = office.account.add_user(place)
        for back in (0, 5):
            office.account.add_entry(place, user, office.day(back))
    office.refresh_all()
    office.check()
    both, office.chosen = office.chosen, [office.place]
    office.refresh()
    assert len(office.loaded()) == 3
    with office.warehouse.database.reading() as connection:
        spans = load_state.loaded_spans(connection)
    assert spans[str(other["id"])][-1].end == office.day(0, 0), "the refreshed day counts as loaded no more"
    office.chosen = both
    office.refresh()
    office.check()
