from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account

Get = Callable[..., requests.Response]
Document = dict[str, Any]

DAY = {"type": "TIME_ENTRY", "start": "2026-03-31T00:00:00Z", "end": "2026-04-01T00:00:00Z"}


def at(account: Account, moment: str) -> None:
    standing = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc)
    account.now = lambda: standing


@pytest.fixture
def history(account: Account, workspace: Document, user: Document) -> dict[str, str]:
    """Entries created on the 30th or the 31st, then edited or deleted on the 31st; read on April 1st."""
    at(account, "2026-03-30T10:00:00")
    old = {name: account.add_entry(workspace, user, "2026-03-30T08:00:00Z") for name in ("kept", "edited", "gone")}
    at(account, "2026-03-31T10:00:00")
    young = {name: account.add_entry(workspace, user, "2026-03-31T08:00:00Z") for name in ("new", "redone", "brief")}
    for entry in (old["edited"], young["redone"]):
        account.edit_entry(entry, description="edited")
    account.delete_entry(old["gone"])
    account.delete_entry(young["brief"])
    at(account, "2026-04-01T10:00:00")
    return {entry["id"]: name for name, entry in {**old, **young}.items()}


def listed(get: Get, action: str, history: dict[str, str], **query: Any) -> list[str]:
    answer = get(f"entities/{action}", {**DAY, **query})
    assert answer.status_code == 200, answer.text
    return [history[record["id"]] for record in answer.json()["response"]]


def test_created_lists_what_is_still_there_and_edited_ones_too(get: Get, history: dict[str, str]) -> None:
    assert listed(get, "created", history) == ["new", "redone"]


def test_updated_leaves_out_what_was_created_in_the_range(get: Get, history: dict[str, str]) -> None:
    assert listed(get, "updated", history) == ["edited"]


def test_deleted_leaves_out_what_was_created_in_the_range(get: Get, history: dict[str, str]) -> None:
    assert listed(get, "deleted", history) == ["gone"]


def test_a_wider_range_hides_what_was_created_and_deleted_within_it(get: Get, history: dict[str, str]) -> None:
    assert listed(get, "deleted", history, start="2026-03-30T00:00:00Z") == []


def test_an_envelope_holds_records_with_their_documents(get: Get, history: dict[str, str]) -> None:
    (record,) = get("entities/deleted", DAY).json()["response"]
    assert history[record["id"]] == history[record["document"]["id"]] == "gone"
    assert record["documentCode"] == "TIME_ENTRY"
    assert record["deletedAt"] == "2026-03-31T10:00:00Z"


def test_a_bare_feed_is_a_list_of_documents(account: Account, get: Get, history: dict[str, str]) -> None:
    account.feed = "bare"
    (document,) = get("entities/deleted", DAY).json()
    assert history[document["id"]] == "gone"


def test_the_feed_can_be_refused_or_missing(account: Account, workspace: Document, get: Get) -> None:
    assert workspace
    account.feed = "refused"
    assert get("entities/deleted", DAY).status_code == 403
    account.feed = "missing"
    assert (get("entities/deleted", DAY).status_code, get("entities/deleted", DAY).json()["code"]) == (
        404,
        3000,
    )


def test_a_change_shows_only_after_the_delay(account: Account, get: Get, history: dict[str, str]) -> None:
    account.feed_delay_seconds = 60
    at(account, "2026-03-31T10:00:59")
    assert listed(get, "deleted", history) == []
    at(account, "2026-03-31T10:01:00")
    assert listed(get, "deleted", history) == ["gone"]


def test_pages_of_the_feed_count_from_zero(get: Get, history: dict[str, str]) -> None:
    assert listed(get, "created", history, page=0, limit=1) == ["new"]
    assert listed(get, "created", history, page=1, limit=1) == ["redone"]
    assert listed(get, "created", history, page=2, limit=1) == []


def test_the_feed_shows_fifty_unless_asked(account: Account, workspace: Document, user: Document, get: Get) -> None:
    for _ in range(60):
        account.add_entry(workspace, user, "2026-03-31T08:00:00Z")
    assert len(get("entities/created", DAY).json()["response"]) == 50


def test_types_are_asked_for_repeated_or_with_commas(account: Account, workspace: Document, get: Get) -> None:
    account.delete_tag(account.add_tag(workspace))
    account.add_client(workspace)
    account.edit(account.add_project(workspace), name="Renamed")
    both = [get("entities/created", {"type": kinds}) for kinds in ("CLIENTS,PROJECTS", ["CLIENTS", "PROJECTS"])]
    for answer in both:
        assert [each["documentCode"] for each in answer.json()["response"]] == ["CLIENTS", "PROJECTS"]
    assert get("entities/created", {"type": "TAGS"}).json()["response"] == []


def test_the_type_is_required_and_the_range_is_at_most_30_days(get: Get) -> None:
    assert get("entities/created").status_code == 400
    long = {**DAY, "start": "2026-03-01T00:00:00Z"}
    assert get("entities/created", long).status_code == 400
    assert get("entities/created", {**long, "start": "2026-03-02T00:00:00Z"}).status_code == 200


ALL = "TIME_ENTRY,TIME_ENTRY_RATE,TIME_ENTRY_CUSTOM_FIELD_VALUE"


@pytest.fixture
def old(account: Account, workspace: Document, user: Document) -> Document:
    """An entry of the day before, with a rate and a field's value; it is April 1st when it is read."""
    at(account, "2026-03-30T10:00:00")
    entry = account.add_entry(workspace, user, "2026-03-30T08:00:00Z", hourlyRate={"amount": 10500, "currency": "USD"})
    account.set_custom_field(entry, "f" * 24, "before")
    at(account, "2026-03-31T10:00:00")
    return entry


def records(account: Account, get: Get, action: str, **query: Any) -> list[tuple[str, Any]]:
    """The types and documents that are listed; the account lives a day later meanwhile."""
    at(account, "2026-04-01T10:00:00")
    answer = get(f"entities/{action}", {**DAY, "type": ALL, **query})
    assert answer.status_code == 200, answer.text
    return [(each["documentCode"], each["document"]) for each in answer.json()["response"]]


def test_a_changed_rate_shows_as_a_rate_that_names_its_entry_and_not_as_an_entry(
    account: Account, get: Get, old: Document
) -> None:
    account.edit_entry(old, hourlyRate={"amount": 1})
    ((kind, document),) = records(account, get, "updated")
    assert (kind, document["documentType"]) == ("TIME_ENTRY_RATE", "TIME_ENTRY_RATE")
    assert (document["timeEntryId"], document["hourlyRate"]["amount"]) == (old["id"], 1)
    assert document["id"] != old["id"]
    assert records(account, get, "updated", type="TIME_ENTRY") == []
    assert records(account, get, "created") == records(account, get, "deleted") == []


def test_field_values_are_created_updated_and_deleted_each_by_itself(account: Account, get: Get, old: Document) -> None:
    account.set_custom_field(old, "a" * 24, 12)
    account.edit_entry(
        old, customFieldValues=[*old["customFieldValues"][1:], {**old["customFieldValues"][0], "value": 7}]
    )
    ((kind, created),) = records(account, get, "created")
    assert (kind, created["customFieldId"], created["value"]) == ("TIME_ENTRY_CUSTOM_FIELD_VALUE", "a" * 24, 12)
    ((_, updated),) = records(account, get, "updated")
    assert (updated["timeEntryId"], updated["customFieldId"], updated["value"]) == (old["id"], "f" * 24, 7)
    at(account, "2026-03-31T11:00:00")
    account.edit_entry(old, customFieldValues=[])
    ((_, deleted),) = records(account, get, "deleted")
    assert deleted["customFieldId"] == "f" * 24
    assert records(account, get, "created") == []


def test_a_value_taken_away_and_set_again_is_an_update(account: Account, get: Get, old: Document) -> None:
    account.set_custom_field(old, "f" * 24, ...)
    account.set_custom_field(old, "f" * 24, "again")
    assert [document["value"] for _, document in records(account, get, "updated")] == ["again"]
    assert records(account, get, "created") == records(account, get, "deleted") == []


@pytest.mark.parametrize("shows", [False, True])
def test_whether_a_changed_rate_is_an_update_of_the_entry_too_is_a_switch(
    account: Account, get: Get, old: Document, shows: bool
) -> None:
    account.value_edits_update_entry = shows
    account.edit_entry(old, costRate={"amount": 1, "currency": "USD"})
    kinds = [kind for kind, _ in records(account, get, "updated")]
    assert kinds == (["TIME_ENTRY", "TIME_ENTRY_RATE"] if shows else ["TIME_ENTRY_RATE"])


def test_an_edit_that_changes_no_rate_is_none_of_a_rate(account: Account, get: Get, old: Document) -> None:
    account.move_entry(old, "2026-03-30T12:00:00Z")
    account.edit_entry(old, hourlyRate={"amount": 10500}, description="longer")
    assert [kind for kind, _ in records(account, get, "updated")] == ["TIME_ENTRY"]


def test_no_edit_is_left_out_of_the_feed(account: Account, get: Get, old: Document) -> None:
    account.edit_entry(old, customFieldValues=[{**old["customFieldValues"][0], "name": "Renamed"}])
    assert [kind for kind, _ in records(account, get, "updated")] == ["TIME_ENTRY"]


@pytest.mark.parametrize("stay", [False, True])
def test_what_was_edited_and_deleted_may_be_made_to_stand_in_both_lists(
    account: Account, get: Get, old: Document, stay: bool
) -> None:
    account.deleted_stay_updated = stay
    account.edit_entry(old, description="edited")
    account.delete_entry(old)
    assert [document["id"] for _, document in records(account, get, "updated")] == ([old["id"]] if stay else [])
    assert [document["id"] for _, document in records(account, get, "deleted")] == [old["id"]]


def test_bare_records_say_their_type_where_they_are_no_entries(account: Account, get: Get, old: Document) -> None:
    account.feed = "bare"
    account.edit_entry(old, hourlyRate=None, customFieldValues=[])
    at(account, "2026-04-01T10:00:00")
    found = get("entities/deleted", {**DAY, "type": ALL}).json()
    assert [each["documentType"] for each in found] == ["TIME_ENTRY_RATE", "TIME_ENTRY_CUSTOM_FIELD_VALUE"]
    assert {each["document"]["timeEntryId"] for each in found} == {old["id"]}
    assert all(each["id"] and each["deletedAt"] for each in found)


def test_a_server_can_be_made_to_take_one_type_a_request(account: Account, get: Get, old: Document) -> None:
    assert old
    account.feed_takes_several_types = False
    assert get("entities/updated", {**DAY, "type": ALL}).status_code == 400
    assert get("entities/updated", {**DAY, "type": ["TIME_ENTRY", "TAGS"]}).status_code == 400
    assert get("entities/updated", DAY).status_code == 200


def test_a_type_that_clockify_does_not_know_is_refused(get: Get) -> None:
    assert get("entities/updated", {**DAY, "type": "TIME_ENTRIES"}).status_code == 400
