from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account

Get = Callable[..., requests.Response]
Document = dict[str, Any]


@pytest.fixture
def hours(account: Account, workspace: Document, user: Document) -> list[Document]:
    return [account.add_entry(workspace, user, f"2026-03-02T{hour:02d}:00:00Z") for hour in range(24)]


def starts(response: requests.Response) -> list[int]:
    assert response.status_code == 200, response.text
    return [int(each["timeInterval"]["start"][11:13]) for each in response.json()]


@pytest.fixture
def entries(get: Get, user: Document) -> Get:
    def ask(**query: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in query.items()}
        return get(f"user/{user['id']}/time-entries", named)

    return ask


@pytest.mark.usefixtures("hours")
def test_entries_come_newest_start_first(entries: Get) -> None:
    assert starts(entries()) == list(range(23, -1, -1))
    assert starts(entries(page="2", page_size="5")) == [18, 17, 16, 15, 14]


@pytest.mark.usefixtures("hours")
def test_the_window_bounds_the_start_with_start_inclusive_and_end_exclusive(entries: Get) -> None:
    found = entries(start="2026-03-02T08:00:00Z", end="2026-03-02T11:00:00Z")
    assert starts(found) == [10, 9, 8]


def test_an_entry_that_began_before_the_window_is_outside_though_it_lasts_into_it(
    account: Account, workspace: Document, user: Document, entries: Get
) -> None:
    account.add_entry(workspace, user, "2026-03-01T23:00:00Z", "2026-03-02T03:00:00Z")
    assert entries(start="2026-03-02T00:00:00Z").json() == []


@pytest.mark.usefixtures("hours")
def test_the_window_is_a_wall_clock_in_the_accounts_zone(account: Account, entries: Get) -> None:
    account.timezone = "Africa/Johannesburg"
    window = {"start": "2026-03-02T08:00:00Z", "end": "2026-03-02T11:00:00Z"}
    assert starts(entries(**window)) == [8, 7, 6]
    account.window_reading = "instant"
    assert starts(entries(**window)) == [10, 9, 8]


@pytest.mark.parametrize(
    "spelling",
    [
        "2026-03-02",
        "2026-03-02T08:00:00",
        "2026-03-02T08:00:00.000Z",
        "2026-03-02T08:00:00+00:00",
        "2026-13-02T08:00:00Z",
    ],
)
def test_any_other_form_of_start_is_refused(entries: Get, spelling: str) -> None:
    assert entries(start=spelling).status_code == 400
    assert entries(end=spelling).status_code == 400


def test_a_running_timer_has_neither_end_nor_duration(
    account: Account, workspace: Document, user: Document, entries: Get, get: Get
) -> None:
    done = account.add_entry(workspace, user, "2026-03-02T08:00:00Z", "2026-03-02T09:30:05Z")
    timer = account.add_entry(workspace, user, "2026-03-02T10:00:00Z", None)
    assert timer["timeInterval"] == {"start": "2026-03-02T10:00:00Z", "end": None, "duration": None}
    assert done["timeInterval"]["duration"] == "PT1H30M5S"
    assert entries(in_progress="true").json() == [timer]
    assert entries(in_progress="false").json() == [done]
    assert get("time-entries/status/in-progress").json() == [timer]
    account.stop_timer(timer, "2026-03-02T10:45:00Z")
    assert get("time-entries/status/in-progress").json() == []
    assert get(f"time-entries/{timer['id']}").json()["timeInterval"]["duration"] == "PT45M"


def test_in_progress_shows_ten_and_takes_a_page_size_of_at_most_1000(
    account: Account, workspace: Document, user: Document, get: Get
) -> None:
    for minute in range(12):
        account.add_entry(workspace, user, f"2026-03-02T08:{minute:02d}:00Z", None)
    path = "time-entries/status/in-progress"
    assert len(get(path).json()) == 10
    assert len(get(path, {"page-size": 1000}).json()) == 12
    assert get(path, {"page-size": 1001}).status_code == 400


def test_a_moved_entry_keeps_its_length_and_is_filed_anew(
    account: Account, hours: list[Document], entries: Get
) -> None:
    account.move_entry(hours[5], "2026-03-09T07:00:00Z")
    (found,) = entries(start="2026-03-09T00:00:00Z").json()
    assert found["id"] == hours[5]["id"]
    assert found["timeInterval"]["duration"] == "PT1H"
    assert len(entries(end="2026-03-03T00:00:00Z").json()) == 23


def test_an_edited_entry_may_change_hands(
    account: Account, workspace: Document, hours: list[Document], entries: Get, get: Get
) -> None:
    other = account.add_user(workspace, "Max")
    account.edit_entry(hours[0], userId=other["id"], description="Max did it")
    assert len(entries().json()) == 23
    assert get(f"user/{other['id']}/time-entries").json()[0]["description"] == "Max did it"


def test_a_deleted_entry_is_gone(account: Account, hours: list[Document], entries: Get, get: Get) -> None:
    account.delete_entry(hours[0])
    assert len(entries().json()) == 23
    answer = get(f"time-entries/{hours[0]['id']}")
    assert (answer.status_code, answer.json()["code"]) == (400, 501)


def test_entries_keep_naming_what_was_deleted(
    account: Account, workspace: Document, user: Document, entries: Get
) -> None:
    tag, project = account.add_tag(workspace), account.add_project(workspace)
    account.add_entry(workspace, user, "2026-03-02T08:00:00Z", tagIds=[tag["id"]], projectId=project["id"])
    account.delete_tag(tag)
    account.delete_project(project)
    (entry,) = entries().json()
    assert (entry["tagIds"], entry["projectId"]) == ([tag["id"]], project["id"])


@pytest.mark.usefixtures("hours")
def test_entries_of_a_removed_user_are_served_or_refused(
    account: Account, workspace: Document, user: Document, entries: Get
) -> None:
    account.remove_user(workspace, user)
    assert len(entries().json()) == 24
    account.removed_users = "refused"
    assert (entries().status_code, entries().json()["code"]) == (400, 501)


@pytest.mark.usefixtures("hours")
def test_entries_of_a_deleted_account_are_served(account: Account, user: Document, entries: Get) -> None:
    account.set_account_status(user, "DELETED")
    assert len(entries().json()) == 24


def test_an_unknown_user_is_refused_with_501(get: Get) -> None:
    answer = get("user/64a687e29ae1f428e7ebe303/time-entries")
    assert (answer.status_code, answer.json()["code"]) == (400, 501)


def test_an_instant_without_a_zone_is_not_guessed_at(account: Account, workspace: Document, user: Document) -> None:
    with pytest.raises(ValueError, match="not an instant"):
        account.add_entry(workspace, user, "2026-03-02T08:00:00")


def test_a_parameter_the_sandbox_does_not_know_is_refused_not_ignored(entries: Get) -> None:
    assert entries(get_week_before="2026-03-02T08:00:00Z").status_code == 400


def test_twenty_thousand_entries_are_served_in_four_pages(
    account: Account, workspace: Document, user: Document, entries: Get
) -> None:
    book = account.workspace(workspace).entries
    for number in range(20_000):
        interval = {"start": f"2026-03-{number % 28 + 1:02d}T08:00:00Z", "end": None, "duration": None}
        book.put({"id": f"{number:024x}", "userId": user["id"], "timeInterval": interval})
    page = entries(page_size="5000", page="4")
    assert len(page.json()) == 5000
    assert page.headers["Last-Page"] == "true"


EDITS: dict[str, Any] = {
    "description": "edited",
    "tagIds": ["a" * 24],
    "billable": True,
    "taskId": "b" * 24,
    "projectId": "c" * 24,
    "customFieldValues": [
        {"customFieldId": "d" * 24, "timeEntryId": "e" * 24, "value": 1, "name": "Order", "type": "WORKSPACE"}
    ],
    "type": "BREAK",
    "kioskId": "e" * 24,
    "hourlyRate": {"amount": 1, "currency": "EUR"},
    "costRate": {"amount": 2, "currency": "EUR"},
    "isLocked": True,
    "timeInterval": {"start": "2026-03-02T07:00:00Z", "end": None, "duration": None},
}


@pytest.mark.parametrize("field", sorted(EDITS))
def test_every_field_of_an_entry_can_be_edited(account: Account, hours: list[Document], get: Get, field: str) -> None:
    before = dict(hours[0])
    account.edit_entry(hours[0], **{field: EDITS[field]})
    assert get(f"time-entries/{hours[0]['id']}").json() == {**before, field: EDITS[field]}


def test_the_fields_that_can_be_edited_are_all_but_ids_and_the_person(hours: list[Document]) -> None:
    assert set(hours[0]) - set(EDITS) == {"id", "workspaceId", "userId"}
