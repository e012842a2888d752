"""The workspaces: the table on which all others depend."""

from collections.abc import Iterator
from typing import Any

from dagster import AssetExecutionContext, Output, multi_asset

from clockify_dagster.defs.failures import told
from clockify_dagster.defs.resources import ClockifyResource, chosen
from clockify_dagster.defs.table_assets import WORKSPACES, Collection, asset_options
from clockify_dagster.warehouse import Load


@multi_asset(name=WORKSPACES, **asset_options(WORKSPACES, group="reference", priority=10))
def clockify_workspaces(context: AssetExecutionContext, clockify: ClockifyResource) -> Iterator[Output[Load]]:
    """The workspaces that the key sees, or those of them that CLOCKIFY_WORKSPACES names."""
    metadata: dict[str, Any] = {}
    tables = Collection((WORKSPACES,))
    with told(), clockify.counted(metadata) as client:
        found = {str(document.get("id")): document for document in client.workspaces()}
        wanted = chosen(dict.fromkeys(found, ""), clockify.settings.workspaces)
        tables.add(WORKSPACES, [found[identity] for identity in wanted])
    yield from tables.outputs(context, metadata)
