"""Which tables a workspace's plan has, and what a sync of each costs, as far as the declarations say it."""

from __future__ import annotations

from clockify_dagster.contract import Contract, Table
from clockify_dagster.contract.money import INVOICES_ITEMS, INVOICES_PAYMENTS
from clockify_dagster.contract.time_off import BALANCES
from clockify_dagster.refresh import Workspace

HEAD = ("table", "on this plan", "requests of a sync")
FEED = 3
"""Requests of the change feed in a workspace, once it has been loaded."""

_ITEM_WISE = {
    INVOICES_ITEMS.name: "1 for each invoice that is open or has changed",
    INVOICES_PAYMENTS.name: "1 for each invoice on which more was paid",
    BALANCES.name: "1 for each policy that has changed, all once a day",
}


def plan_rows(workspace: Workspace, contract: Contract, users: int) -> list[tuple[str, str, str]]:
    """A row for each table, as `HEAD` says; requests where each list fits on one page."""
    return [(table.name, *_about(workspace, contract, table, users)) for table in contract]


def requests_of(workspace: Workspace, contract: Contract, users: int) -> int:
    """How many requests the lists of a workspace take at least in a daily sync, where each fits on one page."""
    daily = [table for table in contract if not table.group.endswith("integral")]
    return sum(_requests(workspace, table, users) or 0 for table in daily)


def _about(workspace: Workspace, contract: Contract, table: Table, users: int) -> tuple[str, str]:
    listing = contract[table.parent or table.name].listing
    if listing is not None and (why := workspace.lacks(listing)):
        return f"no: {why}", "0"
    if table.name in _ITEM_WISE:
        return "yes", _ITEM_WISE[table.name]
    requests = _requests(workspace, table, users)
    return "yes", "0, comes with another table" if requests is None else str(requests)


def _requests(workspace: Workspace, table: Table, users: int) -> int | None:
    """None for what comes with the documents of another table."""
    if table.name.startswith("clockify_timeentries") and table.parent is None and table.listing is None:
        return users
    listing = table.listing
    if listing is None or "project" in listing.facts or table.name in _ITEM_WISE:
        return None
    return 0 if workspace.lacks(listing) else len(listing.variants)
