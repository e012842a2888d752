from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox, make_agency
from clockify_dagster.sandbox.work import KINDS
from clockify_dagster_tests.sandbox.conftest import TODAY

Document = dict[str, Any]


def contents(account: Account) -> list[Any]:
    kinds = (*KINDS, "entries", "users", "balances")
    places = [place.document for place in account.workspaces.values()]
    return [place | {kind: account.documents(place, kind) for kind in kinds} for place in places]


def begun(entry: Document) -> datetime:
    return datetime.fromisoformat(entry["timeInterval"]["start"].replace("Z", "+00:00"))


def test_the_agency_is_the_same_for_the_same_day_and_seed(agency: Account) -> None:
    assert contents(make_agency(today=TODAY)) == contents(agency)
    assert contents(make_agency(today=TODAY, seed=8)) != contents(agency)


def test_one_that_lives_in_the_present_is_the_same_again_when_it_is_made_as_of_the_same_moment() -> None:
    made_at = datetime.now(timezone.utc) - timedelta(hours=3)
    again = make_agency(made_at=made_at)
    assert contents(make_agency(made_at=made_at)) == contents(again)
    assert again.now() > made_at + timedelta(hours=2)


def test_two_workspaces_share_a_person(agency: Account) -> None:
    main, small, *_ = agency.workspaces.values()
    assert (main.document["featureSubscriptionType"], small.document["featureSubscriptionType"]) == (
        "PRO",
        "FREE",
    )
    assert len(set(main.members) & set(small.members)) == 1


def test_every_account_and_membership_status_is_there(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    assert {agency.users[user_id]["status"] for user_id in main.members} == {
        "ACTIVE",
        "PENDING_EMAIL_VERIFICATION",
        "NOT_REGISTERED",
        "LIMITED",
        "DELETED",
        "LIMITED_DELETED",
    }
    statuses = {member["membershipStatus"] for member in main.members.values()}
    assert statuses == {"ACTIVE", "PENDING", "INACTIVE", "DECLINED"}


def test_hidden_and_deactivated_people_have_hours(agency: Account, entries: list[Document]) -> None:
    authors = {agency.users[entry["userId"]]["name"] for entry in entries}
    assert {"Zoë O'Brien", "Inès Lefèvre", "Old Bookkeeping", "Summer Student"} <= authors


def test_there_are_a_few_thousand_entries_of_four_months(entries: list[Document]) -> None:
    assert 2000 < len(entries) < 5000
    assert min(begun(entry) for entry in entries) < datetime(2025, 12, 3, tzinfo=timezone.utc)


def test_the_entries_out_of_the_ordinary_are_there(agency: Account, entries: list[Document]) -> None:
    main = next(iter(agency.workspaces.values()))
    assert len([entry for entry in entries if entry["timeInterval"]["end"] is None]) == 1
    assert [begun(entry).date() for entry in entries if begun(entry) > agency.now()] == [TODAY + timedelta(days=7)]
    assert {entry["type"] for entry in entries} == {"REGULAR", "BREAK", "HOLIDAY", "TIME_OFF"}
    assert any(entry["timeInterval"]["duration"] == "PT61H" for entry in entries)
    assert any(entry["description"] == "Go-live at night" for entry in entries)
    assert any(entry["projectId"] is None and entry["type"] == "REGULAR" for entry in entries)
    assert {True, False} == {entry["tagIds"] is None for entry in entries if not entry["tagIds"]}
    assert any(entry["customFieldValues"] for entry in entries)
    named = {tag_id for entry in entries for tag_id in entry["tagIds"] or []}
    assert len(named - set(main.tags)) == 1


def test_work_days_are_weekdays(agency: Account, entries: list[Document]) -> None:
    ordinary = [entry for entry in entries if entry["type"] == "REGULAR" and begun(entry) <= agency.now()]
    weekend = [entry for entry in ordinary if begun(entry).astimezone(agency.zone()).weekday() > 4]
    assert len(weekend) <= 3


def test_projects_tasks_and_tags_come_in_every_state(agency: Account) -> None:
    main = next(iter(agency.workspaces.values()))
    assert {"", None} < {project["clientId"] for project in main.projects.values()}
    assert {True, False} == {project["archived"] for project in main.projects.values()}
    assert {True, False} == {client["archived"] for client in main.clients.values()}
    assert {True, False} == {tag["archived"] for tag in main.tags.values()}
    assert {"ACTIVE", "DONE"} == {task["status"] for task in main.tasks.values()}
    assert max(len(task["assigneeIds"]) for task in main.tasks.values()) > 1


def test_the_change_log_knows_when_the_hours_were_written(agency: Account) -> None:
    log = next(iter(agency.workspaces.values())).log
    now = agency.now()

    def listed(action: str, kinds: list[str], days: int) -> int:
        return len(log.listed(action, kinds, start=now - timedelta(days=days), end=now, shown_until=now))

    assert 0 < listed("created", ["TIME_ENTRY"], 7) < listed("created", ["TIME_ENTRY"], 400) / 5
    assert listed("deleted", ["TIME_ENTRY", "TAGS"], 30) == 3


def test_without_a_day_the_agency_lives_in_the_present() -> None:
    account = make_agency(months=1)
    assert abs(account.now() - datetime.now(timezone.utc)) < timedelta(seconds=5)
    with pytest.raises(ValueError, match="at least a month"):
        make_agency(months=0)


def test_the_agency_is_served(session: requests.Session) -> None:
    with Sandbox(make_agency(today=TODAY, months=1)) as sandbox:
        ask: Callable[[str], Any] = lambda path: session.get(  # noqa: E731
            sandbox.api_url + path, headers={"X-Api-Key": sandbox.api_key}, timeout=5
        ).json()
        assert ask("/user")["name"] == "Ana Petrović"
        main = ask("/workspaces")[0]["id"]
        assert len(ask(f"/workspaces/{main}/users")) == 8
        assert len(ask(f"/workspaces/{main}/projects?hydrated=true")) == 12


def test_entries_stand_around_midnight(agency: Account, entries: list[Document]) -> None:
    around = [entry for entry in entries if entry["description"] == "Around midnight"]
    clocks = {
        tuple(
            datetime.fromisoformat(entry["timeInterval"][name].replace("Z", "+00:00"))
            .astimezone(agency.zone())
            .strftime("%H:%M:%S")
            for name in ("start", "end")
        )
        for entry in around
    }
    assert clocks == {
        ("23:00:00", "00:00:00"),
        ("23:59:59", "00:00:01"),
        ("00:00:00", "01:00:00"),
        ("22:59:59", "23:59:59"),
    }
