"""Whoever watches a refresh learns how far it is, from the threads that read as well."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from clockify_dagster.progress import Pause, Stage, counted, is_watched, report, watched_by
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.refresh.conftest import TABLE, Office


def test_users_and_entries_are_counted_page_by_page_and_workspaces_one_by_one(office: Office) -> None:
    seen: list[Stage | Pause] = []
    users = [office.account.add_user(office.place) for _ in range(3)]
    for user in users:
        office.add(user, back=0)
    office.account.add_user(office.account.add_workspace("Studio"))
    with watched_by(seen.append):
        office.refresh()
    stages = [each for each in seen if isinstance(each, Stage)]
    assert [each for each in stages if each.what == "clockify_users"] == [
        Stage("clockify_users", "workspaces", done, 2) for done in range(3)
    ]
    of_users = [each for each in stages if each.unit == "users"]
    assert of_users[0] == Stage(TABLE, "users", 0, 4, entries=0)
    assert of_users[-1] == Stage(TABLE, "users", 4, 4, entries=3)
    assert Stage(f"Writing {TABLE}") in stages


def test_a_wait_for_the_request_limit_says_until_when(office: Office) -> None:
    seen: list[Stage | Pause] = []
    office.account.add_user(office.place)
    office.sandbox.faults.add(Fault("/time-entries", faults.Status(429, retry_after=1)))
    before = datetime.now(timezone.utc)
    with watched_by(seen.append):
        office.refresh()
    (pause,) = (each for each in seen if isinstance(each, Pause))
    assert pause.seconds == 1
    assert timedelta(seconds=1) <= pause.until - before < timedelta(seconds=10)


def test_without_a_watcher_nothing_is_reported() -> None:
    assert not is_watched()
    report(Stage("clockify_tags"))
    assert list(counted("ab", "letters", "letters", 2)) == ["a", "b"]
    seen: list[Stage | Pause] = []
    with watched_by(seen.append):
        assert is_watched()
        assert list(counted("ab", "letters", "letters", 2)) == ["a", "b"]
    assert not is_watched()
    assert [each.done for each in seen if isinstance(each, Stage)] == [0, 1, 2]
