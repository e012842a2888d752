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
