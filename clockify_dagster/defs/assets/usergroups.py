"""User groups and who is in them."""

from __future__ import annotations

from collections.abc import Iterator

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.paging import Documents
from clockify_dagster.defs.table_assets import whole_tables


@whole_tables("clockify_usergroups", group="reference", priority=5)
def clockify_usergroups(client: ClockifyClient, workspace: str) -> Iterator[tuple[str, Documents]]:
    """Every user group with its members."""
    for page in client.user_groups(workspace):
        yield "clockify_usergroups", page
