"""Clients."""

from __future__ import annotations

from collections.abc import Iterator

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.paging import Documents
from clockify_dagster.defs.table_assets import whole_tables


@whole_tables("clockify_clients", group="reference", priority=5)
def clockify_clients(client: ClockifyClient, workspace: str) -> Iterator[tuple[str, Documents]]:
    """Every client, archived ones too."""
    for page in client.clients(workspace):
        yield "clockify_clients", page
