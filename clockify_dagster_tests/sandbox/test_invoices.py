"""Invoices, their items and payments, and what is invoiced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox

Get = Callable[..., requests.Response]
Document = dict[str, Any]


@pytest.fixture
def client(account: Account, workspace: Document) -> Document:
    return account.add_client(workspace, "Contoso", currencyCode="EUR")


@pytest.fixture
def invoice(account: Account, client: Document) -> Document:
    invoice = account.add_invoice(client, "2026-007")
    account.add_item(invoice, "Workshop", quantity=1.5, unit_price=10000)
    return invoice


@pytest.fixture
def info(sandbox: Sandbox, session: requests.Session, workspace: Document) -> Get:
    """Ask for invoices by `POST`; keywords are the body."""

    def ask(**body: Any) -> requests.Response:
        url = f"{sandbox.api_url}/workspaces/{workspace['id']}/invoices/info"
        return session.post(url, json=body, headers={"X-Api-Key": sandbox.api_key}, timeout=5)

    return ask


def ids(answer: requests.Response) -> list[str]:
    return [each["id"] for each in answer.json()["invoices"]]


def test_both_lists_have_the_sums_and_the_longer_one_who_bills_and_what_is_late(
    account: Account, client: Document, invoice: Document, get: Get, info: Get
) -> None:
    account.add_payment(invoice, 6000)
    (short,), (long,) = get("invoices").json()["invoices"], info().json()["invoices"]
    assert {name: long[name] for name in short} == short
    assert set(long) - set(short) == {"billFrom", "daysOverdue", "visibleZeroFields"}
    assert "workspaceId" not in long
    assert (long["amount"], long["paid"], long["balance"]) == (15000, 6000, 9000)
    assert (long["number"], long["clientId"], long["currency"]) == ("2026-007", client["id"], "EUR")
    assert (long["issuedDate"], long["dueDate"]) == ("2026-03-01T08:00:00Z", "2026-03-31T08:00:00Z")


def test_payments_and_time_give_an_invoice_that_was_sent_its_status(
    account: Account, client: Document, invoice: Document, get: Get
) -> None:
    def status() -> tuple[str, int]:
        (shown,) = account.documents(client["workspaceId"], "invoices")
        assert shown["status"] == get("invoices").json()["invoices"][0]["status"]
        return shown["status"], shown["daysOverdue"]

    assert status() == ("SENT", 0)
    later = account.now() + timedelta(days=10)
    account.now = lambda: later
    assert status() == ("OVERDUE", 10)
    part = account.add_payment(invoice, 5000)
    assert status() == ("PARTIALLY_PAID", 10)
    account.add_payment(invoice, 10000)
    assert status() == ("PAID", 0)
    account.delete(part)
    assert status() == ("PARTIALLY_PAID", 10)
    account.edit(invoice, status="VOID")
    assert status() == ("VOID", 0)


def test_discount_and_taxes_are_shares_of_the_items_sum(account: Account, invoice: Document, get: Get) -> None:
    account.edit(invoice, discount=10.0, tax=20.0, tax2=5.0)
    found = get(f"invoices/{invoice['id']}").json()
    names = ("subtotal", "discountAmount", "taxAmount", "tax2Amount", "amount", "balance")
    assert [found[name] for name in names] == [15000, 1500, 2700, 675, 16875, 16875]


def test_one_invoice_comes_with_its_items(account: Account, invoice: Document, get: Get) -> None:
    account.add_item(invoice, "Licence", unit_price=4900)
    items = get(f"invoices/{invoice['id']}").json()["items"]
    assert [(each["order"], each["quantity"], each["unitPrice"], each["amount"]) for each in items] == [
        (1, 150, 10000, 15000),
        (2, 100, 4900, 4900),
    ]
    account.remove_item(invoice, 1)
    assert [each["order"] for each in get(f"invoices/{invoice['id']}").json()["items"]] == [2]
    assert get("invoices/64a687e29ae1f428e7ebe303").json()["code"] == 501


def test_payments_are_a_list_of_each_invoice_without_a_header(
    account: Account, client: Document, invoice: Document, get: Get
) -> None:
    first = account.add_payment(invoice, 100, "2026-03-05T10:00:00Z", note="part")
    account.add_payment(account.add_invoice(client), 7)
    account.add_payment(invoice, 200)
    answer = get(f"invoices/{invoice['id']}/payments", {"page-size": 1})
    assert answer.json() == [
        {"id": first["id"], "amount": 100, "date": "2026-03-05T10:00:00Z", "author": "Ana Petrović", "note": "part"}
    ]
    assert "Last-Page" not in answer.headers
    assert len(get(f"invoices/{invoice['id']}/payments").json()) == 2
    account.delete(invoice)
    assert get(f"invoices/{invoice['id']}/payments").json()["code"] == 501
    assert len(account.documents(client["workspaceId"], "payments")) == 1


def test_lists_are_filtered_sorted_and_cut_into_pages(account: Account, client: Document, get: Get, info: Get) -> None:
    made = [account.add_invoice(client, str(number), status=("VOID", "UNSENT")[number % 2]) for number in range(5)]
    for number, each in enumerate(made):
        account.add_item(each, unit_price=(3, 20, 100, 1, 5)[number])
    by_id = [each["id"] for each in made]
    assert ids(get("invoices", {"page-size": 2, "page": 2})) == by_id[2:4]
    assert get("invoices", {"page-size": 2, "page": 3}).headers["Last-Page"] == "true"
    assert ids(get("invoices", {"statuses": "UNSENT"})) == ids(info(statuses=["UNSENT"])) == by_id[1::2]
    down = {"sort-column": "AMOUNT", "sort-order": "DESCENDING"}
    assert ids(get("invoices", down)) == ids(info(sortColumn="AMOUNT", sortOrder="DESCENDING"))
    assert ids(get("invoices", down))[0] == by_id[2]
    answer = info(page=2, pageSize=4)
    assert (ids(answer), answer.json()["total"], "Last-Page" in answer.headers) == (by_id[4:], 5, False)
    assert get("invoices", {"statuses": "LATE"}).status_code == get("invoices", {"sort-column": "X"}).status_code == 400
    assert info(statuses=["LATE"]).status_code == info(size=5).status_code == info(page=0).status_code == 400


@pytest.mark.parametrize("path", ["invoices", "invoices/64a687e29ae1f428e7ebe303", "invoices/info"])
def test_invoices_are_refused_where_the_plan_lacks_them(workspace: Document, get: Get, info: Get, path: str) -> None:
    workspace["features"].remove("INVOICING")
    assert (info() if path == "invoices/info" else get(path)).status_code == 403


def test_reports_tell_which_entries_are_invoiced_and_what_they_earn(
    account: Account, workspace: Document, user: Document, invoice: Document, report: Get
) -> None:
    rate = {"amount": 9000, "currency": "EUR"}
    mine, by_hand, free = (
        account.add_entry(workspace, user, f"2026-03-0{day}T08:00:00Z", billable=True, hourlyRate=rate)
        for day in (4, 3, 2)
    )
    item = account.import_entries(invoice, [mine])
    account.set_invoiced(by_hand)
    assert (item["importType"], item["quantity"], item["unitPrice"]) == ("TIME_ENTRY_IMPORT", 100, 9000)

    def rows() -> dict[str, Document]:
        return {each["_id"]: each for each in report().json()["timeentries"]}

    assert rows()[mine["id"]]["invoicingInfo"] == {"invoiceId": invoice["id"], "manuallyInvoiced": False}
    assert rows()[by_hand["id"]]["invoicingInfo"] == {"invoiceId": None, "manuallyInvoiced": True}
    assert rows()[free["id"]]["invoicingInfo"] is None
    assert {(each["rate"], each["amount"]) for each in rows().values()} == {(9000, 9000)}
    account.edit(invoice, status="VOID")
    assert rows()[mine["id"]]["invoicingInfo"] is None
    account.billing_in_reports = False
    assert not {"rate", "amount", "invoicingInfo"} & set(rows()[mine["id"]])


def test_expenses_become_an_item_in_minor_units(account: Account, workspace: Document, user: Document) -> None:
    category = account.add_expense_category(workspace)
    expense = account.add_expense(category, user, 24.5)
    invoice = account.add_invoice(account.add_client(workspace))
    item = account.import_expenses(invoice, [expense])
    assert (item["amount"], item["expenseIds"], item["importType"]) == (2450, [expense["id"]], "EXPENSE_IMPORT")
    assert invoice["containsImportedExpenses"]
