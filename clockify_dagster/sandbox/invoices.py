"""How invoices, their items and payments come and go. All amounts are in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from . import money_documents
from .documents import Document
from .entries import lasted
from .money import Money
from .state import identity_of
from .times import instant, written


class Invoices(Money):
    """Invoices and payments. `edit` and `delete` take them as well; what is paid and due is worked out when shown."""

    def add_invoice(
        self,
        client: Document,
        number: str = "2026-001",
        *,
        issued: datetime | str = "2026-03-01T08:00:00Z",
        due: datetime | str | None = None,
        status: str = "SENT",
        **fields: object,
    ) -> Document:
        """Add an invoice without items, due in 30 days unless `due` says otherwise.

        One that is SENT shows as OVERDUE, PARTIALLY_PAID or PAID as time passes and payments come; UNSENT and VOID
        ones stay so.
        """
        with self.lock:
            place = self.workspace(client["workspaceId"])
            begun = instant(issued)
            document = money_documents.invoice(self.new_id(), client, number, status)
            document.update(
                issuedDate=written(begun), dueDate=written(begun + timedelta(days=30) if due is None else instant(due))
            )
            return self._keep(place, "invoices", document, fields)

    def add_item(
        self, invoice: Document, description: str = "Workshop", *, quantity: float = 1, unit_price: int = 10000
    ) -> Document:
        """Add an item to an invoice."""
        with self.lock:
            item = money_documents.invoice_item(_next_order(invoice), description, quantity, unit_price)
            invoice["items"].append(item)
            return item

    def import_entries(self, invoice: Document, entries: Sequence[Document]) -> Document:
        """Add entries as one item of their hours, at the rate they have on average; they are then invoiced."""
        with self.lock:
            seconds = sum(map(lasted, entries))
            earned = sum(lasted(entry) * (entry["hourlyRate"] or {}).get("amount", 0) for entry in entries)
            item = self.add_item(
                invoice, "Hours", quantity=seconds / 3600, unit_price=round(earned / seconds) if seconds else 0
            )
            item.update(importType="TIME_ENTRY_IMPORT", timeEntryIds=[entry["id"] for entry in entries])
            invoice["containsImportedTimes"] = True
            return item

    def import_expenses(self, invoice: Document, expenses: Sequence[Document]) -> Document:
        """Add expenses as one item; they are then invoiced."""
        with self.lock:
            total = sum(round(100 * expense["total"]) for expense in expenses)
            item = self.add_item(invoice, "Expenses", unit_price=total)
            item.update(importType="EXPENSE_IMPORT", expenseIds=[expense["id"] for expense in expenses])
            invoice["containsImportedExpenses"] = True
            return item

    def remove_item(self, invoice: Document, order: int) -> None:
        """Take an item off an invoice; what was imported by it is no longer invoiced."""
        with self.lock:
            invoice["items"] = [item for item in invoice["items"] if item["order"] != order]

    def add_payment(
        self, invoice: Document, amount: int, at: datetime | str | None = None, **fields: object
    ) -> Document:
        """Add a payment, made now unless `at` says otherwise."""
        with self.lock:
            place, _ = self._whereabouts(invoice["id"])
            document = money_documents.payment(self.new_id(), invoice["id"], amount, written(instant(at or self.now())))
            return self._keep(place, "payments", document, fields)

    def delete(self, thing: Document | str) -> None:
        """Delete anything but a person, a group or an entry; an invoice's payments go with it."""
        with self.lock:
            place, _ = self._whereabouts(identity_of(thing))
            super().delete(thing)
            for payment in list(place.payments.values()):
                if payment["invoiceId"] == identity_of(thing):
                    super().delete(payment)

    def set_invoiced(self, entry: Document, *, invoiced: bool = True) -> None:
        """Say by hand that an entry or expense is invoiced, or that it is not."""
        with self.lock:
            by_hand = self.workspace(entry["workspaceId"]).manually_invoiced
            (by_hand.add if invoiced else by_hand.discard)(entry["id"])


def _next_order(invoice: Document) -> int:
    return 1 + max((item["order"] for item in invoice["items"]), default=0)
