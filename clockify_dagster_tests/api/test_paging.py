from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clockify_dagster import errors
from clockify_dagster.api import Transport
from clockify_dagster.api.paging import pages
from clockify_dagster.sandbox import Account, Fault, Sandbox, faults

Read = Callable[..., list[list[str]]]


@pytest.fixture(autouse=True)
def tags(account: Account, workspace: str) -> list[dict[str, Any]]:
    return [account.add_tag(workspace, f"{number:02d}") for number in range(10)]


@pytest.fixture
def read(transport: Transport, sandbox: Sandbox, workspace: str) -> Read:
    def ask(size: int = 4) -> list[list[str]]:
        url = f"{sandbox.api_url}/workspaces/{workspace}/tags"
        return [[row["name"] for row in page] for page in pages(transport, url, size=size)]

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


def test_an_empty_list_is_no_page(account: Account, read: Read, tags: list[dict[str, Any]]) -> None:
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
