from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Fault, Sandbox, faults

Get = Callable[..., requests.Response]
Document = dict[str, Any]


@pytest.fixture(autouse=True)
def tags(account: Account, workspace: Document) -> list[Document]:
    return [account.add_tag(workspace, f"tag {number:03d}") for number in range(120)]


def test_a_fault_strikes_the_nth_matching_request_so_many_times(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Status(503), nth=2, times=2))
    get("clients")
    assert [get("tags").status_code for _ in range(5)] == [200, 503, 503, 200, 200]


def test_a_fault_without_end_strikes_for_ever_until_it_is_cleared(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Status(500), times=None))
    assert {get("tags").status_code for _ in range(5)} == {500}
    sandbox.faults.clear()
    assert get("tags").status_code == 200


def test_the_path_of_a_fault_is_an_expression_that_sees_the_query(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault(r"tags.*page=2\b", faults.Status(500)))
    assert [get("tags", {"page": page}).status_code for page in (1, 2)] == [200, 500]


def test_a_fault_may_strike_one_method_only(sandbox: Sandbox, get: Get, report: Get) -> None:
    sandbox.faults.add(Fault("workspaces", faults.Status(500), method="POST"))
    assert get("tags").status_code == 200
    assert report().status_code == 500


@pytest.mark.parametrize("wait", [3, "Wed, 21 Oct 2026 07:28:00 GMT", None])
def test_429_comes_with_seconds_with_a_date_or_without(sandbox: Sandbox, get: Get, wait: int | str | None) -> None:
    sandbox.faults.add(Fault("tags", faults.Status(429, retry_after=wait)))
    answer = get("tags")
    assert answer.json() == {"message": "Too many requests", "code": 429}
    assert answer.headers.get("Retry-After") == (None if wait is None else str(wait))


def test_a_gateways_error_is_html(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Status(502, "<h1>Bad gateway</h1>", {"Server": "proxy"})))
    answer = get("tags")
    assert (answer.status_code, answer.text, answer.headers["Server"]) == (
        502,
        "<h1>Bad gateway</h1>",
        "proxy",
    )


def test_a_refusal_may_have_a_body_of_its_own(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Status(401, {"message": "no", "code": 4017})))
    assert get("tags").json()["code"] == 4017


def test_an_error_may_repeat_the_key(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.EchoKey()))
    assert sandbox.api_key in get("tags").text


def test_a_redirect_leads_to_another_address(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Redirect(f"{sandbox.api_url}/workspaces")))
    answer = get("tags")
    assert answer.url.endswith("/workspaces")
    assert [each.status_code for each in answer.history] == [307]


def test_a_connection_may_close_before_the_answer(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Close()))
    with pytest.raises(requests.ConnectionError):
        get("tags")
    assert [request.status for request in sandbox.requests] == [0]
    assert get("tags").status_code == 200


@pytest.mark.parametrize("kind", [faults.Cut(), faults.Reset()])
def test_a_body_may_end_early(sandbox: Sandbox, get: Get, kind: faults.Kind) -> None:
    sandbox.faults.add(Fault("tags", kind))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get("tags")
    assert get("tags").status_code == 200


def test_a_body_may_be_html_with_200(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Body()))
    answer = get("tags")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("body", [None, {"items": []}, 7, [None]])
def test_a_body_may_be_json_of_another_shape(sandbox: Sandbox, get: Get, body: object) -> None:
    sandbox.faults.add(Fault("tags", faults.Body(body)))
    assert get("tags").json() == body


@pytest.mark.parametrize("inside", [False, True])
def test_a_stall_outlasts_the_clients_patience(sandbox: Sandbox, inside: bool, workspace: Document) -> None:
    sandbox.faults.add(Fault("tags", faults.Stall(20, inside=inside)))
    url = f"{sandbox.api_url}/workspaces/{workspace['id']}/tags"
    with pytest.raises((requests.ConnectionError, requests.ReadTimeout)):
        requests.get(url, headers={"X-Api-Key": sandbox.api_key}, timeout=0.1)


def test_a_short_stall_ends_in_the_whole_answer(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Stall(0.05, inside=True)))
    assert len(get("tags").json()) == 50
    assert get("tags").elapsed.total_seconds() < 0.05


def test_a_drip_is_never_silent_and_takes_its_time(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Drip(pause=0.02, size=50)))
    started = time.monotonic()
    assert len(get("tags").json()) == 50
    assert time.monotonic() - started > 0.1


def test_stopping_ends_a_stall(account: Account, workspace: Document) -> None:
    sandbox = Sandbox(account).start()
    sandbox.faults.add(Fault("tags", faults.Stall(60)))
    url = f"{sandbox.api_url}/workspaces/{workspace['id']}/tags"
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, headers={"X-Api-Key": sandbox.api_key}, timeout=0.05)
    started = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (faults.LastPage("false"), {"Last-Page": "false"}),
        (faults.LastPage(name="X-Last-Page"), {"X-Last-Page": "true"}),
        (faults.LastPage(name=None), {}),
    ],
)
def test_the_last_page_header_may_lie_change_its_name_or_go(
    sandbox: Sandbox, get: Get, kind: faults.Kind, expected: dict[str, str]
) -> None:
    sandbox.faults.add(Fault("clients", kind))
    headers = get("clients").headers
    assert {name: headers[name] for name in ("Last-Page", "X-Last-Page") if name in headers} == expected


def test_the_same_page_may_come_again_and_again(sandbox: Sandbox, get: Get) -> None:
    first = get("tags").json()
    sandbox.faults.add(Fault("tags", faults.SamePage(), times=None))
    for page in (2, 3, 9):
        answer = get("tags", {"page": page})
        assert (answer.json(), answer.headers["Last-Page"]) == (first, "false")
    assert sandbox.requests[-1].query["page"] == ["9"]


def test_rows_may_come_doubled(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Doubled()))
    rows = get("tags", {"page-size": 2}).json()
    assert [row["name"] for row in rows] == ["tag 000", "tag 000", "tag 001", "tag 001"]


def test_something_may_happen_right_after_a_page_was_answered(sandbox: Sandbox, get: Get, tags: list[Document]) -> None:
    sandbox.faults.add(Fault("tags", faults.After(lambda account: account.delete_tag(tags[0]))))
    first, second = (get("tags", {"page": page, "page-size": 3}).json() for page in (1, 2))
    assert [row["name"] for row in first] == ["tag 000", "tag 001", "tag 002"]
    assert [row["name"] for row in second] == ["tag 004", "tag 005", "tag 006"]


def test_two_faults_may_strike_one_request(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.Doubled()))
    sandbox.faults.add(Fault("tags", faults.LastPage(name=None)))
    answer = get("tags", {"page-size": 1})
    assert len(answer.json()) == 2
    assert "Last-Page" not in answer.headers


def test_a_mistake_in_a_callback_is_seen_at_once(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.add(Fault("tags", faults.After(lambda account: account.delete_tag("nothing"))))
    answer = get("tags")
    assert answer.status_code == 500
    assert "the sandbox itself failed" in answer.json()["message"]


def test_lists_within_an_envelope_and_by_post_can_be_doubled_and_repeated(
    account: Account, sandbox: Sandbox, session: requests.Session, workspace: Document, user: Document, get: Get
) -> None:
    category = account.add_expense_category(workspace)
    for client in [account.add_client(workspace)] * 3:
        account.add_expense(category, user)
        account.add_invoice(client)
    sandbox.faults.add(Fault("expenses", faults.Doubled()))
    assert len(get("expenses").json()["expenses"]["expenses"]) == 6
    sandbox.faults.add(Fault("info", faults.SamePage(), times=None))
    url = f"{sandbox.api_url}/workspaces/{workspace['id']}/invoices/info"
    pages = [
        session.post(url, json={"page": page, "pageSize": 2}, headers={"X-Api-Key": sandbox.api_key}, timeout=5)
        for page in (1, 2)
    ]
    assert pages[0].json() == pages[1].json()
    assert len(pages[1].json()["invoices"]) == 2
