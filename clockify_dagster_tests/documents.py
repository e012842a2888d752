"""A sandbox account's own documents, taken from its state and not over HTTP."""

from __future__ import annotations

from clockify_dagster.sandbox import Account
from clockify_dagster.sandbox.state import Workspace
from clockify_dagster_tests.conftest import Document


def documents(account: Account, place: Workspace, root: str) -> list[Document]:
    """A workspace's documents for a table without parent."""
    if root == "clockify_workspaces":
        return [place.document]
    if root == "clockify_users":
        memberships = account.memberships(place, "ALL")
        return [
            {**account.users[user], "memberships": memberships[user], "roles": place.roles.get(user, [])}
            for user in place.members
        ]
    if root.startswith("clockify_timeentries"):
        return list(place.entries.by_id.values())
    shelf = root.removeprefix("clockify_").replace("usergroups", "groups")
    return list(getattr(place, shelf).values())
