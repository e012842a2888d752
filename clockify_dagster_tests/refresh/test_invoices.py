"""Invoices come by their list; items and payments, which cost a request an invoice, only where they may differ."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.errors import LoadConflictError
from clockify_dagster.sandbox import Account, Fault, faults
from clockify_dagster.warehouse import Warehouse
from clockify_dagster_tests.refresh.conftest import Document, Office
from clockify_dagster_tests.refresh.loading import asked, assert_equal, load, rows

INVOICES, ITEMS, PAYMENTS = "clockify_invoices", "clockify_invoices__items", "clockify_invoices__payments"


@dataclass
class Billing:
    """Three invoices: one that is settled, one that is paid in part, and one that is void."""

    office: Office
    client: Document
    settled: Document
    part: Document
    void: Document

    def sync(self, *, log: list[str] | None = None) -> list[str]:
        """Load the invoices; gives what was asked for by itself, without the list: `A`, or `A/payments`."""
        assert load(self.office, INVOICES, log=log).refused == {}
        numbers = {each["id"]: each["number"] for each in self.account.workspace(self.office.place).invoices.values()}
        paths = [request.path.partition("/invoices/")[2] for request in asked(self.office, "/invoices/")]
        for identity, number in numbers.items():
            paths = [path.replace(identity, number) for path in paths]
        return sorted(path for path in paths if path != "info")

    @property
    def account(self) -> Account:
        return self.office.account


@pytest.fixture
def billing(office: Office) -> Billing:
    account = office.account
    client = account.add_client(office.place, "Contoso")
    made = []
    for number, status in (("settled", "SENT"), ("part", "SENT"), ("void", "VOID")):
        invoice = account.add_invoice(client, number, status=status)
        account.add_item(invoice, "Workshop", unit_price=10000)
        account.add_item(invoice, "Travel", quantity=0.5, unit_price=2000)
        made.append(invoice)
    account.add_payment(made[0], 11000)
    account.add_payment(made[1], 4000, note="part")
    return Billing(office, client, *made)


def test_a_first_load_asks_for_the_items_of_all_and_the_payments_of_those_that_have_some(billing: Billing) -> None:
    assert billing.sync() == ["part", "part/payments", "settled", "settled/payments", "void"]
    assert_equal(billing.office, INVOICES)
    assert len(rows(billing.office, ITEMS)) == 6
    assert len(rows(billing.office, PAYMENTS)) == 2


def test_without_changes_settled_and_void_invoices_cost_nothing_and_open_ones_their_items(billing: Billing) -> None:
    billing.sync()
    assert billing.sync() == ["part"]
    assert_equal(billing.office, INVOICES)


def test_items_of_an_open_invoice_are_seen_to_change_where_its_row_does_not(billing: Billing) -> None:
    billing.sync()
    billing.part["items"][0]["description"] = "Two workshops"
    billing.sync()
    assert_equal(billing.office, INVOICES)


def test_that_more_days_have_gone_costs_no_request(billing: Billing) -> None:
    billing.account.edit(billing.settled, status="VOID", dueDate="2026-01-01T00:00:00Z")
    billing.sync()
    billing.office.clock.advance(days=3)
    assert billing.sync() == ["part"]
    assert_equal(billing.office, INVOICES)


def test_a_new_payment_is_asked_for_with_the_items_and_those_of_others_stay(billing: Billing) -> None:
    billing.sync()
    billing.account.add_payment(billing.part, 500)
    assert billing.sync() == ["part", "part/payments"]
    assert_equal(billing.office, INVOICES)
    assert len(rows(billing.office, PAYMENTS)) == 3


def test_payments_that_were_taken_back_go_without_a_request(billing: Billing) -> None:
    billing.sync()
    payments = billing.account.workspace(billing.office.place).payments.values()
    billing.account.delete(next(each for each in payments if each["invoiceId"] == billing.part["id"]))
    assert billing.sync() == ["part"]
    assert_equal(billing.office, INVOICES)
    assert len(rows(billing.office, PAYMENTS)) == 1


def test_a_deleted_invoice_takes_its_items_and_payments_with_it(billing: Billing) -> None:
    billing.sync()
    billing.account.delete(billing.settled)
    assert billing.sync() == ["part"]
    assert_equal(billing.office, INVOICES)
    assert {row[0] for row in rows(billing.office, ITEMS, "invoice_id")} == {billing.part["id"], billing.void["id"]}


@pytest.mark.parametrize("detail", ["", "/payments"])
@pytest.mark.parametrize("is_first", [True, False])
def test_an_invoice_that_is_deleted_after_it_was_listed_leaves_nothing_behind(
    billing: Billing, detail: str, is_first: bool
) -> None:
    if not is_first:
        billing.sync()
        if detail:
            billing.account.add_payment(billing.part, 500)

    def delete(account: Account) -> None:
        account.delete(billing.part)

    before = "/invoices/info" if not detail else f"/invoices/{billing.part['id']}"
    billing.office.sandbox.faults.add(Fault(f"{before}$", faults.After(delete)))
    billing.sync()
    assert_equal(billing.office, INVOICES)


def test_where_the_list_by_post_is_refused_the_one_by_get_is_read(billing: Billing) -> None:
    for status in (403, 404, 405):
        billing.office.sandbox.faults.clear()
        billing.office.sandbox.faults.add(Fault("/invoices/info", faults.Status(status), times=None))
        billing.sync()
        assert {request.path.rpartition("/")[2] for request in asked(billing.office) if request.method == "GET"} >= {
            "invoices"
        }
        assert len(rows(billing.office, INVOICES)) == 3
        assert len(rows(billing.office, ITEMS)) == 6


def test_the_log_says_beforehand_what_many_invoices_cost(billing: Billing) -> None:
    for number in range(30):
        billing.account.add_invoice(billing.client, f"more-{number}")
    lines: list[str] = []
    billing.sync(log=lines)
    assert "Agency: 35 requests follow" in lines[0]
    assert "33 invoices" in lines[0]
    lines.clear()
    billing.sync(log=lines)
    assert "Agency: 31 requests follow" in lines[0]


def test_tables_that_are_not_wanted_cost_no_request_and_are_read_when_they_are(billing: Billing) -> None:
    office, whole = billing.office, billing.office.warehouse
    office.warehouse = Warehouse(whole.database, CONTRACT.only([INVOICES, PAYMENTS]))
    assert billing.sync() == ["part/payments", "settled/payments"]
    office.warehouse = whole
    assert billing.sync() == ["part", "settled", "void"]
    assert_equal(office, INVOICES)
    office.warehouse = Warehouse(whole.database, CONTRACT.only([INVOICES]))
    billing.account.add_payment(billing.part, 100)
    billing.account.add_payment(billing.settled, 100)
    assert billing.sync() == []
    office.warehouse = whole
    assert billing.sync() == ["part", "part/payments", "settled", "settled/payments", "void"]
    assert_equal(office, INVOICES)


def test_pages_that_are_smaller_than_asked_for_are_read_to_the_end(
    billing: Billing,
) -> None:
    for number in range(30):
        billing.account.add_invoice(billing.client, f"more-{number}")
    billing.account.largest_post_page = 7
    billing.sync()
    assert_equal(billing.office, INVOICES)
    billing.office.sandbox.faults.add(
        Fault("/invoices/info", faults.After(lambda account: account.delete(billing.settled)))
    )
    billing.sync()
    billing.sync()
    assert_equal(billing.office, INVOICES)


def test_an_invoice_without_an_id_is_told_and_costs_its_table_alone(billing: Billing) -> None:
    billing.sync()
    before = rows(billing.office, INVOICES)
    kind = faults.Body({"total": 1, "invoices": [{"id": None, "number": "nobody"}]})
    billing.office.sandbox.faults.add(Fault("/invoices/info", kind))
    found = load(billing.office, INVOICES)
    assert "id null" in str(found.faults[0])
    assert not asked(billing.office, "None")
    assert rows(billing.office, INVOICES) == before


def test_a_workspace_whose_items_fail_keeps_its_rows_and_others_are_loaded(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)
    account, office = billing.account, billing.office
    other = account.add_workspace("Studio")
    invoice = account.add_invoice(account.add_client(other, "Fabrikam"), "theirs")
    load(office, INVOICES)
    before = rows(office, ITEMS)
    billing.part["items"][0]["description"] = "Other"
    account.add_item(invoice)
    office.sandbox.faults.add(Fault(f"/invoices/{billing.part['id']}$", faults.Status(500), times=None))
    load(office, INVOICES)
    assert len(office.faults) == 1
    assert len(rows(office, ITEMS)) == len(before) + 1
    assert "Other" not in {row[0] for row in rows(office, ITEMS, "description")}
    office.sandbox.faults.clear()
    load(office, INVOICES)
    assert_equal(office, INVOICES)


def test_a_load_that_keeps_what_another_one_has_changed_meanwhile_is_to_be_read_again(billing: Billing) -> None:
    billing.sync()
    billing.office.sandbox.faults.add(Fault("/invoices/info", faults.After(lambda _: load_again(billing.office))))
    with pytest.raises(LoadConflictError):
        billing.sync()


def load_again(office: Office) -> None:
    """What another sync does at the same time, as far as it can be seen."""
    with office.warehouse.database.writing() as connection:
        connection.execute("UPDATE clockify_state.loads SET loaded_at = loaded_at + INTERVAL 1 SECOND")
