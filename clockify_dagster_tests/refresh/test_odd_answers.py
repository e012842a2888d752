"""What Clockify may answer and does not document: null in place of lists, missing keys, unknown words, wrong values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.errors import UnreadableAnswerError
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.sandbox.messages import Request, Response
from clockify_dagster_tests.refresh.conftest import Document, Office
from clockify_dagster_tests.refresh.loading import assert_equal, load, pass_a_day, rows
from clockify_dagster_tests.small import add_everything
from clockify_dagster_tests.warehouse.reference import comparable, reference_rows

PATHS = {
    "clockify_custom_fields": "/custom-fields",
    "clockify_expense_categories": "/expenses/categories",
    "clockify_expenses": "/expenses$|/expenses\\?",
    "clockify_invoices": "/invoices/info",
    "clockify_approval_requests": "/approval-requests",
    "clockify_holidays": "/holidays",
    "clockify_timeoff_policies": "/time-off/policies",
    "clockify_timeoff_requests": "/time-off/requests",
    "clockify_timeoff_balances": "/time-off/balance",
    "clockify_assignments": "/scheduling/assignments",
    "clockify_attendance": "/reports/attendance",
    "clockify_timeentries__billing": "/reports/detailed",
}
NEEDED = {"id", "_id", "approvalRequest.id", "userId", "date", "timeInterval.start", "policyId"}


@dataclass
class Changed(faults.Kind):
    """Each document of the answer's list is another one."""

    change: Callable[[Document], Document]
    envelope: str

    def answer(self, request: Request, response: Response) -> Response:
        """Change them."""
        del request
        return replace(response, payload=_at(response.payload, self.envelope.split("."), self.change))


def _at(payload: Any, steps: list[str], change: Callable[[Document], Document]) -> Any:
    if isinstance(payload, list):
        return [change(each) for each in payload]
    if not isinstance(payload, dict):
        return payload
    return {**payload, steps[0]: _at(payload[steps[0]], steps[1:], change)}


def bare(document: Document) -> Document:
    """A document with nothing but what names it."""
    found: Document = {}
    for path in NEEDED:
        outer, _, inner = path.partition(".")
        if outer in document:
            found[outer] = {inner: document[outer][inner]} if inner else document[outer]
    return found


@pytest.fixture
def agency(office: Office) -> Office:
    """An office of one workspace with a little of everything."""
    del office.account.workspaces[office.place]
    office.place = str(add_everything(office.account)["id"])
    return office


def root_of(table: str) -> str:
    return CONTRACT[table].listed_with or table


def envelope(table: str) -> str:
    listing = CONTRACT[table].listing
    assert listing is not None
    return listing.envelope


@pytest.mark.parametrize("table", PATHS)
def test_whatever_does_not_name_a_row_may_be_missing_everywhere(agency: Office, table: str) -> None:
    seen: list[Document] = []

    def change(document: Document) -> Document:
        seen.append(bare(document))
        return seen[-1]

    agency.sandbox.faults.add(Fault(PATHS[table], Changed(change, envelope(table)), times=None))
    load(agency, root_of(table))
    assert agency.faults == []
    expected, _ = reference_rows([CONTRACT[table]], seen, {"workspace": agency.place})
    assert comparable(CONTRACT[table], rows(agency, table)) == comparable(CONTRACT[table], expected[table])
    assert rows(agency, table)


def emptied(table: str) -> Any:
    """The answer without documents: null is in place of the list."""
    answer: Any = None
    for step in reversed(envelope(table).split(".")):
        answer = {step: answer}
    return answer


@pytest.mark.parametrize("table", [table for table in PATHS if envelope(table)])
def test_null_in_place_of_a_list_is_an_empty_list(agency: Office, table: str) -> None:
    load(agency, root_of(table))
    pass_a_day(agency)
    agency.sandbox.faults.add(Fault(PATHS[table], faults.Body(emptied(table)), times=None))
    load(agency, root_of(table))
    assert (agency.faults, rows(agency, table)) == ([], [])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)
        pass_a_day(agency)
        agency.sandbox.faults.add(Fault(PATHS[table], faults.Body({"something": "else"}), times=None))
        with pytest.raises(UnreadableAnswerError):
            load(agency, root_of(table))


def lists(table: Table) -> list[str]:
    """The lists of a table's documents that are rows of other tables."""
    return sorted({each.rows_path or "" for each in CONTRACT.family(table.name)[1:]})


@pytest.mark.parametrize("value", [None, "", []])
@pytest.mark.parametrize("table", [table for table in PATHS if lists(CONTRACT[table])])
def test_a_list_within_a_document_may_be_null_or_empty(agency: Office, table: str, value: Any) -> None:
    load(agency, table)
    if table == "clockify_invoices":
        agency.sandbox.faults.add(
            Fault("/invoices/[0-9a-f]{24}$", faults.Body({"id": "x", "items": value}), times=None)
        )
        agency.sandbox.faults.add(Fault("/payments", faults.Body([]), times=None))
        for each in agency.account.workspace(agency.place).invoices.values():
            agency.account.edit(each, number="new")
            agency.account.add_payment(each, 1)
    else:
        kind = Changed(lambda document: {**document, **dict.fromkeys(lists(CONTRACT[table]), value)}, envelope(table))
        agency.sandbox.faults.add(Fault(PATHS[table], kind, times=None))
        for approval in agency.account.workspace(agency.place).approvals.values():
            agency.account.decide(approval, "REJECTED")
    load(agency, table)
    assert agency.faults == []
    assert rows(agency, table)
    for child in CONTRACT.family(table)[1:]:
        assert rows(agency, child.name) == [], child.name


def test_unknown_words_and_values_of_other_types_are_taken_as_far_as_they_fit(agency: Office) -> None:
    account, place = agency.account, agency.account.workspace(agency.place)
    account.edit(
        next(iter(place.custom_fields.values())), type="HOLOGRAM", status="DIM", workspaceDefaultValue=[1, "a"]
    )
    account.edit(next(iter(place.holidays.values())), automaticTimeEntryCreation={"enabled": True, "taskId": None})
    account.edit(
        next(iter(place.policies.values())), automaticAccrual={"amount": 1.5, "period": "EON"}, allowHalfDay="TRUE"
    )
    account.edit(next(iter(place.assignments.values())), hoursPerDay="7.5", billable="TRUE", recurring={"weeks": 2})
    account.edit(next(iter(place.time_off_requests.values())), balanceDiff="0.5", note=7)
    tables = ["custom_fields", "holidays", "timeoff_policies", "timeoff_requests", "assignments"]
    for table in tables:
        load(agency, root_of(f"clockify_{table}"))
    assert_equal(agency, *(f"clockify_{table}" for table in tables))
    assert ("HOLOGRAM", '[1,"a"]') in rows(agency, "clockify_custom_fields", "type", "workspacedefaultvalue")
    assert (7.5, True) in rows(agency, "clockify_assignments", "hoursperday", "billable")


@pytest.mark.parametrize(
    ("table", "changed", "said"),
    [
        ("clockify_expenses", {"total": "a lot"}, "clockify_expenses.total: 1 value did not fit"),
        ("clockify_invoices", {"amount": {"value": 5}}, "clockify_invoices.amount: 1 value did not fit"),
        ("clockify_holidays", {"userIds": {"all": True}}, "clockify_holidays__users.user_id: 1 value did not fit"),
        ("clockify_assignments", {"period": "always"}, "clockify_assignments.period__start: 1 value did not fit"),
        ("clockify_timeoff_requests", {"createdAt": "soon"}, "clockify_timeoff_requests.createdat: 1 value did not"),
        ("clockify_attendance", {"overtime": "PT1H"}, "clockify_attendance.overtime: 1 value did not fit"),
    ],
)
def test_a_value_that_does_not_fit_is_null_and_told(agency: Office, table: str, changed: Document, said: str) -> None:
    left = [1]

    def change(document: Document) -> Document:
        return {**document, **changed} if left and left.pop() else document

    agency.sandbox.faults.add(Fault(PATHS[table], Changed(change, envelope(table))))
    found = load(agency, root_of(table))
    told = [str(fault) for each in found.loads for fault in each.staging.faults]
    assert any(each.startswith(said) for each in told), told
    assert agency.faults == []


@pytest.mark.parametrize("table", PATHS)
def test_a_document_without_what_names_it_is_told_and_the_rows_stay(agency: Office, table: str) -> None:
    load(agency, root_of(table))
    before = rows(agency, table)
    pass_a_day(agency)
    key = CONTRACT[table][CONTRACT[table].primary_key[-1]].path.split(".")
    kind = Changed(lambda document: {**document, key[0]: None}, envelope(table))
    agency.sandbox.faults.add(Fault(PATHS[table], kind, times=None))
    found = load(agency, root_of(table))
    (fault,) = found.faults
    assert str(fault).startswith(f"{table}: the document with id")
    assert rows(agency, table) == before
