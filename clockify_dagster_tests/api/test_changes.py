from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import pytest

from clockify_dagster import errors
from clockify_dagster.api import Change, ClockifyClient
from clockify_dagster.api.changes import Action
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import NOW

START, END = NOW - timedelta(days=10), NOW + timedelta(seconds=10)


def add(account: Account, workspace: str, user: str, count: int) -> list[dict[str, Any]]:
    return [account.add_entry(workspace, user, f"2026-03-02T{n // 60:02d}:{n % 60:02d}:00Z") for n in range(count)]


@pytest.mark.parametrize("shape", ["envelope", "bare"])
def test_created_updated_and_deleted_entries_are_told_in_both_shapes(
    account: Account, client: ClockifyClient, workspace: str, user: str, shape: Literal["envelope", "bare"]
) -> None:
    account.now = lambda: NOW - timedelta(days=30)
    old, older = add(account, workspace, user, 2)
    account.now = lambda: NOW
    (new,) = add(account, workspace, user, 1)
    account.edit_entry(old, description="edited")
    account.delete_entry(older)
    account.add_tag(workspace)
    account.feed = shape
    assert client.changes(workspace, "created", START, END) == [Change("created", new["id"], new)]
    assert client.changes(workspace, "updated", START, END) == [Change("updated", old["id"], old)]
    assert client.changes(workspace, "deleted", START, END) == [Change("deleted", older["id"], older)]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"id": "a", "deletedAt": "2026-03-01T00:00:00Z"}, [Change("deleted", "a", None)]),
        ({"id": "a", "documentType": "TIME_ENTRY"}, [Change("deleted", "a", None)]),
        ({"id": "a", "documentCode": "TAGS", "document": {"id": "a"}}, []),
        ({"id": "a", "documentCode": "TIME_ENTRY", "document": None}, [Change("deleted", "a", None)]),
        ({"id": "log", "document": {"id": "a", "name": "x"}}, [Change("deleted", "a", None)]),
    ],
)
def test_a_record_may_hold_little_more_than_an_id(
    sandbox: Sandbox, client: ClockifyClient, workspace: str, record: dict[str, Any], expected: list[Change]
) -> None:
    for body in ([record], {"response": [record]}):
        sandbox.faults.clear()
        sandbox.faults.add(Fault("deleted", faults.Body(body)))
        assert client.changes(workspace, "deleted", START, END) == expected


RATE = {"id": "r", "documentType": "TIME_ENTRY_RATE", "timeEntryId": "a", "hourlyRate": {"amount": 100}}
VALUE = {"id": "v", "documentCode": "TIME_ENTRY_CUSTOM_FIELD_VALUE", "document": {"timeEntryId": "a", "value": 7}}


@pytest.mark.parametrize(
    "record",
    [
        RATE,
        VALUE,
        {"id": "x", "document": {"timeEntryId": "a", "value": 7}},
        {"id": "x", "timeEntryId": "a"},
        {"document": {"documentType": "TIME_ENTRY_RATE", "timeEntryId": "a"}},
    ],
)
@pytest.mark.parametrize("action", ["created", "updated", "deleted"])
def test_a_rate_or_a_field_value_that_changed_is_an_update_of_the_entry_that_it_names(
    sandbox: Sandbox, client: ClockifyClient, workspace: str, record: dict[str, Any], action: Action
) -> None:
    for body in ([record], {"response": [record]}):
        sandbox.faults.clear()
        sandbox.faults.add(Fault(action, faults.Body(body)))
        assert client.changes(workspace, action, START, END) == [Change("updated", "a", None)]


def test_an_entry_that_changed_with_its_rate_is_there_twice_and_the_rate_comes_last(
    sandbox: Sandbox, client: ClockifyClient, workspace: str
) -> None:
    entry = {"id": "a", "timeInterval": {"start": "2026-03-30T08:00:00Z"}}
    records = [VALUE, {"id": "a", "documentCode": "TIME_ENTRY", "document": entry}, RATE]
    for action in ("updated", "deleted"):
        sandbox.faults.add(Fault(action, faults.Body(records)))
        assert client.changes(workspace, action, START, END) == [
            Change(action, "a", entry),
            Change("updated", "a", None),
        ]


def test_all_types_are_asked_for_in_one_request(sandbox: Sandbox, client: ClockifyClient, workspace: str) -> None:
    client.changes(workspace, "updated", START, END)
    (request,) = sandbox.requests
    assert request.query["type"] == ["TIME_ENTRY", "TIME_ENTRY_RATE", "TIME_ENTRY_CUSTOM_FIELD_VALUE"]


def test_a_server_that_refuses_several_types_is_asked_for_entries_alone_from_then_on(
    account: Account, sandbox: Sandbox, client: ClockifyClient, workspace: str, user: str
) -> None:
    class OneType(faults.Kind):
        def answer(self, request: Any, response: Any) -> Any:
            several = len(request.query["type"]) > 1
            return (
                faults.Status(400, {"message": "bad type", "code": 1}).answer(request, response)
                if several
                else response
            )

    (entry,) = add(account, workspace, user, 1)
    sandbox.faults.add(Fault("entities", OneType(), times=None))
    assert client.changes(workspace, "created", START, END) == [Change("created", entry["id"], entry)]
    client.changes(workspace, "updated", START, END)
    assert [len(request.query["type"]) for request in sandbox.requests] == [3, 1, 1]


def test_a_feed_that_refuses_one_type_as_well_is_an_error(
    sandbox: Sandbox, client: ClockifyClient, workspace: str
) -> None:
    sandbox.faults.add(Fault("entities", faults.Status(400, {"message": "no", "code": 1}), times=None))
    with pytest.raises(errors.BadRequestError):
        client.changes(workspace, "created", START, END)
    assert len(sandbox.requests) == 2


def test_records_of_a_page_are_new_where_only_their_type_is(
    sandbox: Sandbox, client: ClockifyClient, workspace: str
) -> None:
    pages = {
        kind: [
            {"id": str(n), "documentCode": kind, "document": {"id": str(n), "timeEntryId": f"e{n}"}} for n in range(50)
        ]
        for kind in ("TIME_ENTRY", "TIME_ENTRY_RATE")
    }

    class Paged(faults.Kind):
        def answer(self, request: Any, response: Any) -> Any:
            response.payload = [*pages.values(), []][int(request.query["page"][0])]
            return response

    sandbox.faults.add(Fault("updated", Paged(), times=None))
    assert len(client.changes(workspace, "updated", START, END)) == 100


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (49, 1), (60, 1), (999, 1), (1000, 2), (1100, 2)])
def test_pages_are_asked_for_from_zero_and_no_more_than_needed(
    account: Account, sandbox: Sandbox, client: ClockifyClient, workspace: str, user: str, count: int, requests: int
) -> None:
    entries = add(account, workspace, user, count)
    found = client.changes(workspace, "created", START, END)
    assert {change.identity for change in found} == {entry["id"] for entry in entries}
    assert [request.query["page"] for request in sandbox.requests] == [[str(n)] for n in range(requests)]


@pytest.mark.parametrize("cap", [50, 100])
def test_a_limit_that_is_capped_in_silence_loses_nothing(
    account: Account, sandbox: Sandbox, client: ClockifyClient, workspace: str, user: str, cap: int
) -> None:
    class Capped(faults.Kind):
        def ask(self, request: Any) -> Any:
            request.query["limit"] = [str(cap)]
            return request

    add(account, workspace, user, 210)
    sandbox.faults.add(Fault("created", Capped(), times=None))
    assert len(client.changes(workspace, "created", START, END)) == 210


def test_a_feed_that_knows_no_pages_is_an_error(
    account: Account, sandbox: Sandbox, client: ClockifyClient, workspace: str, user: str
) -> None:
    add(account, workspace, user, 50)
    records = [{"id": str(n)} for n in range(50)]
    sandbox.faults.add(Fault("created", faults.Body(records), times=None))
    with pytest.raises(errors.UnreadableAnswerError, match="same page twice"):
        client.changes(workspace, "created", START, END)


def test_a_feed_that_gives_the_same_entries_in_ever_new_records_is_an_error(
    sandbox: Sandbox, client: ClockifyClient, workspace: str
) -> None:
    class Renumbered(faults.Kind):
        def answer(self, request: Any, response: Any) -> Any:
            page = request.query["page"][0]
            response.payload = [{"id": f"{page}-{n}", "document": {"id": str(n)}} for n in range(50)]
            return response

    sandbox.faults.add(Fault("created", Renumbered(), times=None))
    with pytest.raises(errors.UnreadableAnswerError, match="same page twice"):
        client.changes(workspace, "created", START, END)
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize(("feed", "error"), [("refused", errors.NotAllowedError), ("missing", errors.NotThereError)])
def test_a_feed_that_is_refused_or_missing_is_an_error_at_once(
    account: Account,
    sandbox: Sandbox,
    client: ClockifyClient,
    workspace: str,
    feed: Literal["refused", "missing"],
    error: type[errors.ApiError],
) -> None:
    account.feed = feed
    with pytest.raises(error):
        client.changes(workspace, "updated", START, END)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("body", [None, 7, {"items": []}, {"response": None}, [None], [{"name": "no id"}], "<p>"])
def test_a_strange_answer_is_an_error_after_one_more_try(
    sandbox: Sandbox, client: ClockifyClient, workspace: str, body: object
) -> None:
    sandbox.faults.add(Fault("updated", faults.Body(body), times=None))
    with pytest.raises(errors.UnreadableAnswerError):
        client.changes(workspace, "updated", START, END)
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("action", ["created", "updated", "deleted"])
def test_more_than_thirty_days_are_refused(
    sandbox: Sandbox, client: ClockifyClient, workspace: str, action: Action
) -> None:
    with pytest.raises(ValueError, match="30 days"):
        client.changes(workspace, action, NOW - timedelta(days=31), NOW)
    with pytest.raises(ValueError, match="from earlier to later"):
        client.changes(workspace, action, NOW, NOW - timedelta(days=1))
    client.changes(workspace, action, NOW - timedelta(days=30), NOW)
    assert len(sandbox.requests) == 1
