from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient, Transport
from clockify_dagster.contract.listing import Listing
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import CLIENTS, TAGS

Read = Callable[..., list[list[str]]]


@pytest.fixture(autouse=True)
def tags(account: Account, workspace: str) -> list[dict[str, Any]]:
    return [account.add_tag(workspace, f"{number:02d}") for number in range(10)]


@pytest.fixture
def read(transport: Transport, sandbox: Sandbox, workspace: str) -> Read:
    def ask(size: int = 4, listing: Listing = TAGS) -> list[list[str]]:
        client = ClockifyClient(transport, sandbox.api_url, page_size=size)
        found = client.pages(listing, workspace=workspace)
        return [[row["name"] for row in page.documents] for page in found]

    return ask


ALL = [["00", "01", "02", "03"], ["04", "05", "06", "07"], ["08", "09"]]


@pytest.mark.parametrize("header", ["Last-Page", "last-page", "LAST-PAGE", None])
def test_the_header_ends_a_list_in_any_case_and_a_short_page_where_it_is_missing(
    account: Account, sandbox: Sandbox, read: Read, header: str | None
) -> None:
    account.last_page_header = header
    assert read() == ALL
    assert len(sandbox.requests) == 3


@pytest.mark.parametrize(("header", "expected"), [("Last-Page", 2), (None, 3)])
def test_a_list_of_full_pages_ends_too(
    account: Account, sandbox: Sandbox, read: Read, header: str | None, expected: int
) -> None:
    account.last_page_header = header
    assert len(read(5)) == 2
    assert len(sandbox.requests) == expected


def test_a_header_that_never_says_true_ends_with_an_empty_page(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(Fault("tags", faults.LastPage("false"), times=None))
    assert read() == ALL
    assert len(sandbox.requests) == 4


def test_an_empty_list_has_no_page(account: Account, read: Read, tags: list[dict[str, Any]]) -> None:
    for tag in tags:
        account.delete_tag(tag)
    assert read() == []


@pytest.mark.parametrize("size", [4, 20])
def test_the_same_page_again_and_again_is_an_error(sandbox: Sandbox, read: Read, size: int) -> None:
    sandbox.faults.add(Fault("tags", faults.SamePage(), times=None))
    with pytest.raises(errors.UnreadableAnswerError, match=r"same page twice \(pages 1 and 2\)"):
        read(size)


def test_the_same_ids_are_the_same_page_though_something_in_it_changed(
    sandbox: Sandbox, read: Read, tags: list[dict[str, Any]]
) -> None:
    sandbox.faults.add(Fault("tags", faults.SamePage(), times=None))
    sandbox.faults.add(Fault("tags", faults.After(lambda account: account.edit(tags[0], archived=True))))
    with pytest.raises(errors.UnreadableAnswerError, match="same page twice"):
        read()


@pytest.mark.parametrize("key", ["id", "_id", "key"])
def test_pages_are_told_apart_by_ids_of_either_name_or_by_all_they_hold(sandbox: Sandbox, read: Read, key: str) -> None:
    class Renamed(faults.Kind):
        def answer(self, request: Any, response: Any) -> Any:  # noqa: ARG002 - a kind's interface
            response.payload = [{key: row["id"], "name": row["name"]} for row in response.payload]
            return response

    sandbox.faults.add(Fault("tags", Renamed(), times=None))
    assert read() == ALL
    sandbox.faults.add(Fault("tags", faults.SamePage(), times=None))
    with pytest.raises(errors.UnreadableAnswerError, match="same page twice"):
        read()


def test_doubled_rows_are_passed_on(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(Fault("tags", faults.Doubled(), times=None))
    assert read(20) == [[name for page in ALL for name in page for _ in range(2)]]


def test_a_fault_on_a_later_page_is_survived(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(Fault(r"page=2\b", faults.Cut()))
    assert read() == ALL


def test_401_in_the_middle_ends_the_list(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(Fault(r"page=2\b", faults.Status(401, {"message": "gone", "code": 4003})))
    with pytest.raises(errors.KeyRefusedError):
        read()


def test_a_deletion_between_two_pages_costs_no_other_row(
    account: Account, sandbox: Sandbox, workspace: str, read: Read
) -> None:
    many = [account.add_tag(workspace, f"tag {number:04d}") for number in range(250)]
    sandbox.faults.add(Fault("tags", faults.After(lambda account: account.delete_tag(many[0]))))
    names = [name for page in read(100) for name in page]
    assert {tag["name"] for tag in many[1:]} <= set(names)


def test_more_deletions_than_pages_overlap_are_an_error_and_no_gap(
    account: Account, sandbox: Sandbox, workspace: str, read: Read
) -> None:
    many = [account.add_tag(workspace, f"tag {number:04d}") for number in range(250)]

    def delete_nine(account: Account) -> None:
        for tag in many[:9]:
            account.delete_tag(tag)

    sandbox.faults.add(Fault("tags", faults.After(delete_nine)))
    with pytest.raises(errors.UnreadableAnswerError, match="some may have been missed"):
        read(100)


def test_each_variant_is_a_list_of_its_own(account: Account, sandbox: Sandbox, read: Read, workspace: str) -> None:
    account.archive(account.add_client(workspace, "old"))
    account.add_client(workspace, "new")
    apart = Listing(CLIENTS.path, variants=({"archived": False}, {"archived": "true"}), page_size=200)
    assert read(5000, apart) == [["new"], ["old"]]
    assert [request.query for request in sandbox.requests] == [
        {"archived": [flag], "page": ["1"], "page-size": ["200"]} for flag in ("false", "true")
    ]


def test_a_list_without_pages_is_one_request_without_a_page(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(Fault("tags", faults.LastPage("false"), times=None))
    assert len(read(5, Listing(TAGS.path, page_size=None))[0]) == 10
    assert [request.query for request in sandbox.requests] == [{}]


class Enveloped(faults.Kind):
    """Takes the answer out of its list and puts it where a dotted way leads."""

    def __init__(self, payload: Callable[[list[Any]], Any]) -> None:
        self.payload = payload

    def answer(self, request: Any, response: Any) -> Any:  # noqa: ARG002 - a kind's interface
        response.payload = self.payload(response.payload)
        return response


def test_a_list_in_an_envelope_is_found_and_its_bytes_are_as_received(
    sandbox: Sandbox, client: ClockifyClient, workspace: str
) -> None:
    sandbox.faults.add(Fault("tags", Enveloped(lambda rows: {"data": {"tags": rows}, "count": 10}), times=None))
    (page,) = client.pages(Listing(TAGS.path, envelope="data.tags"), workspace=workspace)
    assert [row["name"] for row in page.documents] == [name for names in ALL for name in names]
    assert page.answer.body.startswith(b'{"data": {"tags": [{')


def test_a_null_list_in_an_envelope_is_an_empty_page(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(Fault("tags", Enveloped(lambda _: {"data": {"tags": None}}), times=None))
    assert read(5, Listing(TAGS.path, envelope="data.tags")) == []
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("payload", [[], {}, {"data": None}, {"data": []}, {"data": {"tags": {}}}, {"tags": []}])
def test_an_answer_without_its_envelope_is_tried_again_and_an_error(
    sandbox: Sandbox, read: Read, payload: object
) -> None:
    sandbox.faults.add(Fault("tags", faults.Body(payload), times=None))
    with pytest.raises(errors.UnreadableAnswerError, match="in place of"):
        read(5, Listing(TAGS.path, envelope="data.tags"))
    assert len(sandbox.requests) == 6


@pytest.mark.parametrize("last", [None, "Last-Page"])
def test_a_list_by_post_has_its_parameters_and_pages_in_the_body(
    sandbox: Sandbox, read: Read, workspace: str, account: Account, last: str | None
) -> None:
    account.last_page_header = last

    class ByPost(faults.Kind):
        """Answers with the tags, cut as the body says: the account has no list by POST of its own."""

        def answer(self, request: Any, response: Any) -> Any:
            first = (request.body["page"] - 1) * request.body["pageSize"]
            rows = [row for page in ALL for row in page][first : first + request.body["pageSize"]]
            response.status, response.payload = 200, {"balances": [{"id": name, "name": name} for name in rows]}
            return response

    sandbox.faults.add(Fault("balance", ByPost(), method="POST", times=None))
    listing = Listing(
        "workspaces/{workspace}/time-off/balance",
        method="POST",
        variants=({"sort": "USER", "statuses": ["A", "B"]},),
        page_size=200,
        envelope="balances",
    )
    assert read(4, listing) == ALL
    assert [(request.path, request.query, request.body) for request in sandbox.requests] == [
        (
            f"/api/v1/workspaces/{workspace}/time-off/balance",
            {},
            {"sort": "USER", "statuses": ["A", "B"], "page": number, "pageSize": 4},
        )
        for number in (1, 2, 3)
    ]


def test_facts_are_escaped_in_the_path_and_those_that_lead_elsewhere_are_not_there(
    client: ClockifyClient, sandbox: Sandbox
) -> None:
    with pytest.raises(errors.ApiError):
        list(client.pages(TAGS, workspace="../user?a=b#c/d"))
    for odd in ("..", ".", ""):
        with pytest.raises(errors.NotThereError, match="cannot be an id in Clockify"):
            list(client.pages(TAGS, workspace=odd))
    assert [request.path for request in sandbox.requests] == ["/api/v1/workspaces/..%2Fuser%3Fa%3Db%23c%2Fd/tags"]


def test_an_error_names_the_workspace_the_project_and_the_user(
    sandbox: Sandbox, client: ClockifyClient, workspace: str
) -> None:
    sandbox.faults.add(Fault("things", faults.Status(403), times=None))
    listing = Listing("workspaces/{workspace}/projects/{project}/users/{user}/things")
    with pytest.raises(errors.NotAllowedError) as caught:
        list(client.pages(listing, workspace=workspace, project="p", user="u"))
    facts = caught.value.facts()
    assert (facts["workspace"], facts["project"], facts["user"]) == (workspace, "p", "u")
