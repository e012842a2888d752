"""Money beside the hours: expenses in major units (10.50), invoices and payments in minor ones (1050)."""

from __future__ import annotations

from clockify_dagster.contract import listing
from clockify_dagster.contract.columns import (
    IN_WORKSPACE,
    flag,
    identity,
    inside,
    instant,
    number,
    of_workspace,
    refers,
    text,
    word,
)
from clockify_dagster.contract.model import Table

EXPENSE_CATEGORIES = Table(
    name="clockify_expense_categories",
    pipeline="Expenses",
    page="expenses",
    description="The kinds of expenses: a row for each category, archived ones too.",
    group="money",
    # archived ones are hidden unless they are asked for, and then they alone are shown
    listing=listing.EXPENSE_CATEGORIES,
    columns=(
        identity("id", "id", "The category."),
        of_workspace("{workspace}"),
        text("name", "name", "The category's name."),
        flag("archived", "archived", "Whether it is archived: hidden from new expenses, but its history counts."),
        flag("hasunitprice", "hasUnitPrice", "Whether an expense is a quantity at a price, such as kilometres."),
        text("unit", "unit", "What is counted, for example km."),
        number("priceincents", "priceInCents", "The price of a unit in minor units (cents)."),
    ),
)

EXPENSES = Table(
    name="clockify_expenses",
    pipeline="Expenses",
    page="expenses",
    description="What was spent: a row for each expense, with or without a receipt.",
    group="money",
    listing=listing.EXPENSES,
    columns=(
        identity("id", "id", "The expense."),
        of_workspace("{workspace}"),
        refers("userid", "userId", "clockify_users", "Who spent it; they may have left since."),
        word("date", "date", "The day on which it was spent, as Clockify writes it (2026-01-31): no instant."),
        refers("projectid", "project.id", "clockify_projects", "The project, if any; it may be deleted since."),
        refers("taskid", "task.id", "clockify_tasks", "The task, if any; it may be deleted since."),
        refers("categoryid", "category.id", "clockify_expense_categories", "The category; it may be deleted since."),
        number("quantity", "quantity", "How many units, where the category has a price for each."),
        number("total", "total", "The amount in MAJOR units: 10.5 is 10.50."),
        flag("billable", "billable", "Whether it is to be billed to the client."),
        text("notes", "notes", "A note about it."),
        identity("fileid", "fileId", "The receipt. Null without one."),
        text("filename", "fileName", "The receipt's file name."),
        flag("locked", "locked", "Whether it can no longer be changed."),
    ),
)

# the body's pages have no header that says which is the last; where it is refused, the older list is read
INVOICES = Table(
    name="clockify_invoices",
    pipeline="Invoices",
    page="invoices",
    description="What was billed: a row for each invoice of every status.",
    group="money",
    listing=listing.INVOICES,
    columns=(
        identity("id", "id", "The invoice."),
        of_workspace("{workspace}"),
        text("number", "number", "The number that stands on it."),
        refers("clientid", "clientId", "clockify_clients", "Who is billed; the client may be deleted since."),
        text("clientname", "clientName", "The client's name, as it was when the invoice was read."),
        word("currency", "currency", "The currency of its amounts, for example USD."),
        instant("issueddate", "issuedDate", "When it was issued."),
        instant("duedate", "dueDate", "When it is due."),
        word("status", "status", "UNSENT, SENT, PAID, PARTIALLY_PAID, VOID or OVERDUE."),
        number("amount", "amount", "What is billed, in MINOR units (cents)."),
        number("paid", "paid", "What was paid of it, in MINOR units (cents)."),
        number("balance", "balance", "What is still to be paid, in MINOR units (cents)."),
        number("daysoverdue", "daysOverdue", "For how many days it is overdue, on the day on which it was read."),
        text("billfrom", "billFrom", "Who bills."),
    ),
)

INVOICES_ITEMS = Table(
    name="clockify_invoices__items",
    pipeline="Invoices",
    description="The lines of an invoice, and which entries and expenses they bill: a row for each line.",
    group="money",
    columns=(
        identity("invoice_id", "id", "The invoice."),
        *inside(
            "items[]",
            number("order", "order", "The line's place on the invoice, from 1."),
            text("itemtype", "itemType", "What the line is called, for example Service."),
            word("importtype", "importType", "NOT_IMPORTED, TIME_ENTRY_IMPORT or EXPENSE_IMPORT."),
            text("description", "description", "What stands on the line."),
            number("quantity", "quantity", "How many, as Clockify gives it (in hundredths where it is written so)."),
            number("unitprice", "unitPrice", "The price of one, in MINOR units (cents)."),
            number("amount", "amount", "The line's amount, in MINOR units (cents)."),
            text("timeentryids", "timeEntryIds", "The time entries that it bills: a JSON list of ids."),
            text("expenseids", "expenseIds", "The expenses that it bills: a JSON list of ids."),
        ),
        IN_WORKSPACE,
    ),
    primary_key=("invoice_id", "order"),
    parent="clockify_invoices",
)

INVOICES_PAYMENTS = Table(
    name="clockify_invoices__payments",
    pipeline="Invoices",
    description="What was paid of an invoice: a row for each payment.",
    group="money",
    # Clockify lists payments invoice by invoice; the invoice's document is given its list before it becomes rows
    columns=(
        identity("invoice_id", "id", "The invoice."),
        *inside(
            "payments[]",
            identity("id", "id", "The payment."),
            number("amount", "amount", "What was paid, in MINOR units (cents)."),
            instant("date", "date", "When it was paid."),
            text("author", "author", "Who noted the payment."),
            text("note", "note", "A note about it."),
        ),
        IN_WORKSPACE,
    ),
    primary_key=("invoice_id", "id"),
    parent="clockify_invoices",
)

TABLES = (EXPENSE_CATEGORIES, EXPENSES, INVOICES, INVOICES_ITEMS, INVOICES_PAYMENTS)
