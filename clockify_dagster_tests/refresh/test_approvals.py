"""Approval requests come with the newest change first, and are read up to what is held already."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clockify_dagster.contract import CONTRACT, WORKSPACES
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.warehouse import Warehouse
from clockify_dagster_tests.refresh.conftest import Document, Office
from clockify_dagster_tests.refresh.loading import asked, assert_equal, load, rows

APPROVALS, ENTRIES = "clockify_approval_requests", "clockify_approval_requests__entries"
PAGE = 4


@pytest.fixture
def approvals(office: Office) -> list[Document]:
    """Ten requests, the oldest first, an hour apart; each has an entry. A page has four of them."""
    office.page_size, made = PAGE, []
    user = office.account.add_user(office.place)
    for number in range(10):
        office.add(user, 18 - number)
        start = office.day(18 - number, 0)
        made.append(office.account.add_approval(office.place, user, start, start + timedelta(days=1)))
        office.clock.advance(hours=1)
    return made


def pages(office: Office) -> int:
    """How many pages the last load read."""
    return len(asked(office, "/approval-requests"))


def test_a_first_load_reads_all_and_a_second_one_a_page(office: Office, approvals: list[Document]) -> None:
    load(office, APPROVALS)
    assert pages(office) == 3
    assert_equal(office, APPROVALS)
    assert len(rows(office, ENTRIES)) == len(approvals)
    load(office, APPROVALS)
    assert pages(office) == 1
    assert_equal(office, APPROVALS)


def test_a_change_of_an_old_request_is_seen_and_its_entries_are_replaced(
    office: Office, approvals: list[Document]
) -> None:
    load(office, APPROVALS)
    office.account.decide(approvals[0], "APPROVED", note="At last")
    start = office.day(17, 1)
    office.account.add_entry(office.place, approvals[1]["approvalRequest"]["owner"]["userId"], start)
    office.account.resubmit(approvals[1])
    approvals[2]["entries"].clear()
    office.account.decide(approvals[2], "WITHDRAWN_SUBMISSION")
    load(office, APPROVALS)
    assert pages(office) == 2, "the first one ends with the newest that is held, and others may be as new"
    assert_equal(office, APPROVALS)
    assert len(rows(office, ENTRIES)) == len(approvals)


def test_it_reads_on_to_what_is_held_however_many_have_changed(office: Office, approvals: list[Document]) -> None:
    load(office, APPROVALS)
    for approval in approvals[:6]:
        office.clock.advance(minutes=1)
        office.account.decide(approval, "REJECTED")
    load(office, APPROVALS)
    assert pages(office) == 2
    assert_equal(office, APPROVALS)


def test_what_changed_in_the_second_of_the_last_load_is_seen_by_the_next(
    office: Office, approvals: list[Document]
) -> None:
    half = approvals[:5]
    for approval in half:
        office.account.decide(approval, "APPROVED")
    load(office, APPROVALS)
    for approval in approvals[5:]:
        office.account.decide(approval, "REJECTED")  # in the same second
    load(office, APPROVALS)
    assert_equal(office, APPROVALS)


@pytest.mark.parametrize("names", [[APPROVALS], [ENTRIES]])
def test_entries_that_were_not_wanted_before_are_read_when_they_are(
    office: Office, approvals: list[Document], names: list[str]
) -> None:
    whole = office.warehouse
    office.warehouse = Warehouse(whole.database, CONTRACT.only([WORKSPACES, *names]))
    load(office, APPROVALS)
    office.account.decide(approvals[0], "APPROVED")
    load(office, APPROVALS)
    office.warehouse = whole
    load(office, APPROVALS)
    assert_equal(office, APPROVALS)


def test_a_list_that_is_in_another_order_is_read_to_its_end(office: Office, approvals: list[Document]) -> None:
    load(office, APPROVALS)
    office.account.decide(approvals[5], "APPROVED")
    place = office.account.workspace(office.place)
    shown = [{name: value for name, value in each.items() if name != "id"} for each in place.approvals.values()]
    for number in (1, 2, 3):
        kind = faults.Body(shown[PAGE * (number - 1) : PAGE * number])
        office.sandbox.faults.add(Fault(f"approval-requests.*page={number}&", kind, times=None))
    load(office, APPROVALS)
    assert_equal(office, APPROVALS)


def test_a_request_that_changes_while_the_pages_are_read_is_right_after_the_next_load(
    office: Office, approvals: list[Document]
) -> None:
    office.clock.advance(minutes=1)
    office.sandbox.faults.add(
        Fault("/approval-requests", faults.After(lambda account: account.decide(approvals[0], "APPROVED")))
    )
    load(office, APPROVALS)
    office.clock.advance(minutes=1)
    office.account.decide(approvals[9], "APPROVED")
    load(office, APPROVALS)
    assert_equal(office, APPROVALS)


def test_a_request_that_cannot_become_a_row_leaves_the_rows_and_is_read_again(
    office: Office, approvals: list[Document]
) -> None:
    load(office, APPROVALS)
    office.account.decide(approvals[0], "APPROVED")
    approvals[0]["approvalRequest"]["id"] = None
    assert len(load(office, APPROVALS).faults) == 1
    approvals[0]["approvalRequest"]["id"] = approvals[0]["id"]
    load(office, APPROVALS)
    assert_equal(office, APPROVALS)


def test_a_workspace_that_was_left_out_for_a_while_is_read_to_its_end_again(
    office: Office, approvals: list[Document]
) -> None:
    other = str(office.account.add_workspace("Studio")["id"])
    load(office, APPROVALS)
    office.chosen = [other]
    load(office, APPROVALS)
    assert rows(office, APPROVALS) == []
    office.chosen = None
    load(office, APPROVALS)
    assert len(rows(office, ENTRIES)) == len(approvals)
    assert_equal(office, APPROVALS)
