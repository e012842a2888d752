from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox

Get = Callable[..., requests.Response]
Document = dict[str, Any]


@pytest.fixture
def tags(account: Account, workspace: Document) -> list[Document]:
    return [account.add_tag(workspace, f"tag {number:03d}") for number in range(120)]


@pytest.mark.usefixtures("tags")
def test_a_page_has_fifty_items_unless_asked(get: Get) -> None:
    sizes = [len(get("tags", {"page": page}).json()) for page in (1, 2, 3, 4)]
    assert sizes == [50, 50, 20, 0]


@pytest.mark.usefixtures("tags")
def test_last_page_is_true_on_the_last_page_only_also_when_it_is_full(get: Get) -> None:
    said = [get("tags", {"page": page, "page-size": 40}).headers["Last-Page"] for page in (1, 2, 3)]
    assert said == ["false", "false", "true"]


def test_an_empty_list_is_its_own_last_page(get: Get) -> None:
    assert get("tags").headers["Last-Page"] == "true"


@pytest.mark.parametrize("spelling", ["last-page", "LAST-PAGE"])
def test_the_header_is_spelt_as_the_account_says(
    account: Account, sandbox: Sandbox, workspace: Document, spelling: str
) -> None:
    account.last_page_header = spelling
    connection = HTTPConnection("127.0.0.1", int(sandbox.origin.rsplit(":", 1)[1]), timeout=5)
    path = f"/api/v1/workspaces/{workspace['id']}/tags"
    connection.request("GET", path, headers={"X-Api-Key": sandbox.api_key})
    answer = connection.getresponse()
    assert (spelling, "true") in answer.getheaders()
    connection.close()


def test_the_header_can_be_left_out(account: Account, get: Get) -> None:
    account.last_page_header = None
    assert "Last-Page" not in get("tags").headers


@pytest.mark.parametrize("size", ["5001", "0", "-1", "many"])
def test_a_page_size_out_of_bounds_is_refused(get: Get, size: str) -> None:
    assert get("tags", {"page-size": size}).status_code == 400
    assert get("tags", {"page-size": 5000}).status_code == 200


def test_pages_count_from_one(get: Get) -> None:
    assert get("tags", {"page": 0}).status_code == 400


def test_workspaces_are_not_paged(account: Account, workspace: Document, get: Get) -> None:
    account.add_workspace("Other")
    answer = get("/workspaces", {"page-size": 1})
    assert len(answer.json()) == 2
    assert workspace in answer.json()
    assert "Last-Page" not in answer.headers


@pytest.mark.usefixtures("tags")
def test_a_list_at_rest_is_read_whole_by_its_pages(get: Get, tags: list[Document]) -> None:
    read = [tag["id"] for page in range(1, 19) for tag in get("tags", {"page": page, "page-size": 7}).json()]
    assert sorted(read) == sorted(tag["id"] for tag in tags)
