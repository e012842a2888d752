"""How expenses and their categories come and go. Their totals are in major units."""

from __future__ import annotations

from datetime import date

from . import money_documents
from .documents import Document
from .paid import Paid
from .state import identity_of


class Money(Paid):
    """Expense categories and expenses. `edit` and `delete` take them as well."""

    def add_expense_category(self, workspace: Document | str, name: str = "Travel", **fields: object) -> Document:
        """Add a category of expenses."""
        with self.lock:
            place = self.workspace(workspace)
            document = money_documents.expense_category(self.new_id(), place.identity, name)
            return self._keep(place, "expense_categories", document, fields)

    def add_expense(
        self,
        category: Document,
        user: Document | str,
        total: float = 24.5,
        *,
        day: date = date(2026, 3, 2),
        quantity: float | None = None,
        receipt: str | None = None,
        **fields: object,
    ) -> Document:
        """Add an expense of a category, with the name of its receipt's file.

        A `quantity` counts where the category has a unit price: it then says the total. Give `projectId` and `taskId`
        as fields.
        """
        with self.lock:
            place = self.workspace(category["workspaceId"])
            if quantity is not None:
                total = round(quantity * category["priceInCents"] / 100, 2)
            document = money_documents.expense(self.new_id(), category, identity_of(user), total)
            document.update(date=str(day), quantity=1.0 if quantity is None else quantity)
            if receipt is not None:
                document.update(fileId=self.new_id(), fileName=receipt)
            return self._keep(place, "expenses", document, fields)
