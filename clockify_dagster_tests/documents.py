"""A sandbox account's own documents, taken from its state and not over HTTP."""

from __future__ import annotations

from clockify_dagster.sandbox import Account
from clockify_dagster.sandbox.state import Workspace
from clockify_dagster_tests.conftest import Document

KINDS = {
    "usergroups": "groups",
    "timeentries": "entries",
    "timeentries_integral": "entries",
    "approval_requests": "approvals",
    "timeoff_policies": "policies",
    "timeoff_requests": "time_off_requests",
    "timeoff_balances": "balances",
}


def documents(account: Account, place: Workspace, root: str) -> list[Document]:
    """A workspace's documents for a table without parent."""
    if root == "clockify_workspaces":
        return [place.document]
    name = root.removeprefix("clockify_")
    found = account.documents(place.document, KINDS.get(name, name))
    if name == "invoices":  # whose payments Clockify lists by themselves
        payments = account.documents(place.document, "payments")
        found = [{**each, "payments": [one for one in payments if one["invoiceId"] == each["id"]]} for each in found]
    return found
