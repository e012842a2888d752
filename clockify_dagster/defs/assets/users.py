"""Users and their memberships."""

from __future__ import annotations

from collections.abc import Iterator

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.paging import Documents
from clockify_dagster.defs.table_assets import whole_tables


@whole_tables("clockify_users", group="reference", priority=5)
def clockify_users(client: ClockifyClient, workspace: str) -> Iterator[tuple[str, Documents]]:
    """Every user of every account and membership status, with all memberships, from one listing."""
    yield "clockify_users", client.users(workspace)
