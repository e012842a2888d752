"""Invoices with their items and payments. Those cost a request an invoice, so they are read where they may differ."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from clockify_dagster.api import side_by_side
from clockify_dagster.contract.listing import INVOICE_PAYMENTS
from clockify_dagster.contract.money import INVOICES, INVOICES_ITEMS, INVOICES_PAYMENTS
from clockify_dagster.errors import NotThereError
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.families import (
    Families,
    announce,
    last_loads,
    listing_of,
    on_no_plan,
    pages_of,
    read_families,
)
from clockify_dagster.refresh.listed_values import values_of
from clockify_dagster.warehouse import PageSource
from clockify_dagster.warehouse.held_rows import Values, held_rows, were_loaded_together

Document = Mapping[str, Any]
Held = Mapping[str, Mapping[str, Values]]
"""By workspace and id, what is held of invoices."""

# the days that an invoice is overdue change by themselves
_COMPARED = tuple(
    column.name for column in INVOICES.document_columns if column.is_in_document and column.name != "daysoverdue"
)
_PAID = _COMPARED.index("paid")
_SETTLED = ("PAID", "VOID")
_AT_ONCE = 1000  # documents that are staged together


def read_invoices(context: RefreshContext) -> RefreshResult:
    """Read the invoices, and the items and payments of those that may have changed. Raises `ApiError`.

    Items are asked for where the list's row differs from what is held, and of every invoice that is neither paid nor
    void; payments where something was paid, and not as much as is held. All others stay as they are.
    """
    if nothing := on_no_plan(context, [context.table]):
        return nothing
    before = last_loads(context, [context.table])
    return read_families(context, [context.table], partial(_read, context, _held(context)), before)


def _held(context: RefreshContext) -> dict[str, Held]:
    """By table, the invoices whose rows in it belong to the state that is held of them; only of tables in use."""
    database, contract = context.warehouse.database, context.warehouse.contract
    held = held_rows(database, INVOICES, _COMPARED, context.among)
    tables = [table for table in (INVOICES_ITEMS, INVOICES_PAYMENTS) if table.name in contract]
    return {
        each.name: held if were_loaded_together(database, (INVOICES, each), context.among) else {} for each in tables
    }


def _read(context: RefreshContext, held: Mapping[str, Held], families: Families, workspace: Workspace) -> None:
    family, listed = families[context.table], dict[str, Document]()
    for page in pages_of(context, listing_of(context, context.table), workspace):
        listed |= {str(each.get("id") or ""): each for each in page.documents}
    named = {identity: document for identity, document in listed.items() if identity}  # one without an id is no row
    paid = {each for each, document in named.items() if _paid(document)}
    items, payments = set[str](), set[str]()
    if INVOICES_ITEMS.name in held:
        before = held[INVOICES_ITEMS.name].get(workspace.id, {})
        items = {each for each, document in named.items() if _may_have_other_items(document, before.get(each))}
    if INVOICES_PAYMENTS.name in held:
        before = held[INVOICES_PAYMENTS.name].get(workspace.id, {})
        payments = {each for each in paid if each not in before or before[each][_PAID] != _paid(named[each])}
    what = f"one for the items of each of {len(items)} invoices and one for the payments of each of {len(payments)}"
    announce(context, workspace, len(items) + len(payments), what)
    details = _details(context, workspace, items, payments)
    found = [(document, details.get(each, {})) for each, document in listed.items()]
    documents = [{**document, **detail} for document, detail in found if detail is not None]
    for start in range(0, len(documents), _AT_ONCE):
        source = PageSource(facts={"workspace": workspace.id})
        family.stage_documents(documents[start : start + _AT_ONCE], source)
    there = {each for each in named if details.get(each, {}) is not None}
    family.keep(INVOICES_ITEMS.name, INVOICES_ITEMS.columns[0].name, there - items)
    family.keep(INVOICES_PAYMENTS.name, INVOICES_PAYMENTS.columns[0].name, (there & paid) - payments)


def _may_have_other_items(document: Document, held: Values | None) -> bool:
    return held != values_of(INVOICES, _COMPARED, document) or document.get("status") not in _SETTLED


def _paid(document: Document) -> Any:
    return values_of(INVOICES, ("paid",), document)[0]


def _details(
    context: RefreshContext, workspace: Workspace, items: set[str], payments: set[str]
) -> dict[str, dict[str, Any] | None]:
    """By invoice, its `items` and `payments`; None of one that was deleted meanwhile."""

    def read(invoice: str) -> tuple[str, dict[str, Any] | None]:
        found: dict[str, Any] = {}
        try:
            if invoice in items:
                found["items"] = context.client.invoice(workspace.id, invoice).get("items") or []
            if invoice in payments:
                pages = context.client.pages(INVOICE_PAYMENTS, workspace=workspace.id, invoice=invoice)
                found["payments"] = [payment for page in pages for payment in page.documents]
        except NotThereError:
            return invoice, None
        return invoice, found

    return dict(side_by_side([partial(read, each) for each in sorted(items | payments)], context.concurrency_within))
