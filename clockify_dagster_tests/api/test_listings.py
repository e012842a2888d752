from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from clockify_dagster import errors
from clockify_dagster.api import ClockifyClient, Transport
from clockify_dagster.api.listings import Listings
from clockify_dagster.contract import CONTRACT
from clockify_dagster.contract.listing import USERS, WORKSPACES, Listing
from clockify_dagster.sandbox import Sandbox, make_agency
from clockify_dagster.sandbox.state import Workspace
from clockify_dagster_tests.api.conftest import NOW, Document, FakeClock

YEAR = timedelta(days=365)


@pytest.fixture
def sandbox(clock: FakeClock) -> Iterator[Sandbox]:
    with Sandbox(make_agency(today=clock.now().date())) as sandbox:
        yield sandbox


@pytest.fixture
def client(transport: Transport, sandbox: Sandbox) -> ClockifyClient:
    return ClockifyClient(transport, sandbox.api_url, sandbox.reports_url, page_size=3)


@pytest.fixture
def main(sandbox: Sandbox) -> Workspace:
    return next(iter(sandbox.account.workspaces.values()))


@pytest.mark.parametrize(
    "name",
    [
        *("clients", "projects", "tags", "custom_fields", "holidays", "time_off_requests"),
        *("expense_categories", "expenses", "invoices"),
    ],
)
def test_a_list_is_read_to_its_end(client: ClockifyClient, main: Workspace, name: str) -> None:
    found = getattr(client, name)(main.identity)
    assert {each["id"] for each in found} == set(getattr(main, name))


def test_groups_policies_approvals_and_assignments_are_read_to_their_end(
    client: ClockifyClient, main: Workspace
) -> None:
    place = main.identity
    assert {each["id"] for each in client.user_groups(place)} == set(main.groups)
    assert {each["id"] for each in client.time_off_policies(place)} == set(main.policies)
    assert {each["approvalRequest"]["id"] for each in client.approval_requests(place)} == set(main.approvals)
    assert {each["id"] for each in client.assignments(place, NOW - YEAR, NOW + YEAR)} == set(main.assignments)
    assert not list(client.assignments(place, NOW - 9 * YEAR, NOW - 8 * YEAR))


def test_what_belongs_to_one_project_policy_or_invoice_is_asked_for_with_it(
    client: ClockifyClient, main: Workspace
) -> None:
    place = main.identity
    tasks = [each["id"] for project in main.projects for each in client.tasks(place, project)]
    assert sorted(tasks) == sorted(main.tasks)
    paid = [each["id"] for invoice in main.invoices for each in client.invoice_payments(place, invoice)]
    assert sorted(paid) == sorted(main.payments)
    balances = [each for policy in main.policies for each in client.time_off_balances(place, policy)]
    assert {each["policyId"] for each in balances} <= set(main.policies)
    assert balances


def test_a_list_that_the_plan_lacks_is_an_error_when_it_is_read(client: ClockifyClient, sandbox: Sandbox) -> None:
    free = next(each.identity for each in sandbox.account.workspaces.values() if not each.policies)
    unread = client.time_off_policies(free)
    with pytest.raises(errors.NotAllowedError):
        next(unread)


def test_every_list_of_the_contract_has_a_method() -> None:
    declared = [table.listing for table in CONTRACT if table.listing is not None and not table.listing.is_report]
    by_methods = _read_by_methods()
    assert [each.path for each in declared if each not in (WORKSPACES, USERS, *by_methods)] == []


def _read_by_methods() -> list[Listing]:
    class Noting(Listings):
        def documents(self, of: Listing, **facts: str) -> Iterator[Document]:
            assert set(of.facts) <= set(facts)
            noted.append(of)
            return iter(())

    noted: list[Listing] = []
    methods: list[Callable[..., Any]] = [
        method for name, method in inspect.getmembers(Noting(), inspect.ismethod) if name != "documents"
    ]
    for method in methods:
        names = inspect.signature(method).parameters
        method(**{name: NOW if name in ("start", "end") else name for name in names})
    return noted
