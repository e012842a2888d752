"""Tags."""

from __future__ import annotations

from collections.abc import Iterator

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.paging import Documents
from clockify_dagster.defs.table_assets import whole_tables


@whole_tables("clockify_tags", group="reference", priority=5)
def clockify_tags(client: ClockifyClient, workspace: str) -> Iterator[tuple[str, Documents]]:
    """Every tag, archived ones too."""
    for page in client.tags(workspace):
        yield "clockify_tags", page
