"""The workspaces: the table on which all others depend."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from dagster import AssetExecutionContext, Output, multi_asset

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.listings import LISTINGS
from clockify_dagster.defs.failures import told
from clockify_dagster.defs.resources import ClockifyResource, WarehouseResource, chosen
from clockify_dagster.defs.table_assets import WORKSPACES, Collection, asset_options, refreshing
from clockify_dagster.errors import (
    BadRequestError,
    NotAllowedError,
    NotThereError,
    ServerFaultError,
    UnreachableError,
    UnreadableAnswerError,
)
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Load


@multi_asset(name=WORKSPACES, **asset_options(WORKSPACES, group="reference", priority=10))
def clockify_workspaces(
    context: AssetExecutionContext, clockify: ClockifyResource, warehouse: WarehouseResource
) -> Iterator[Output[Load]]:
    """The workspaces that the key sees, or those of them that CLOCKIFY_WORKSPACES names."""
    metadata: dict[str, Any] = {}
    tables = Collection((WORKSPACES,))
    with refreshing(WORKSPACES, context, clockify, warehouse):
        with told(metadata), clockify.counted(metadata) as client:
            found = {str(document.get("id")): document for document in client.workspaces()}
            if not found and warehouse.warehouse.workspace_ids():
                raise NotAllowedError(
                    "Clockify says that this key sees no workspace any more. What is loaded stays as it is: replaced "
                    "by what the key sees, nothing would be left of it. Use the key of somebody who is in the "
                    "workspace, or another CLOCKIFY_DATABASE.",
                    endpoint="GET /workspaces",
                )
            wanted = chosen(dict.fromkeys(found, ""), clockify.settings.workspaces)
            _refuse_plain_members(client, wanted)
            client.read_ahead(wanted, _listed_next(context, clockify.settings), clockify.settings.concurrency - 1)
            tables.add(WORKSPACES, [found[identity] for identity in wanted])
        yield from tables.outputs(context, metadata)


def _listed_next(context: AssetExecutionContext, settings: Settings) -> list[str]:
    """The listings that later steps of the run ask for with the same client, to be read side by side meanwhile."""
    if settings.executor != "in_process":
        return []
    steps = set(context.run.step_keys_to_execute or context.op_execution_context.job_def.graph.node_names())
    return [name for name in LISTINGS if f"clockify_{name.replace('-', '')}" in steps]


def _refuse_plain_members(client: ClockifyClient, workspaces: Iterable[str]) -> None:
    """Raise `NotAllowedError` where the key may not list users.

    A plain member's key sees only some projects and nobody's hours but its own: replaced by that, every table would
    lose rows. So nothing is replaced. The users are needed later anyway, and are asked for once in a run.
    """
    for workspace in workspaces:
        # any other fault is told by the users' own step, and costs no other table
        with suppress(ServerFaultError, UnreachableError, UnreadableAnswerError, BadRequestError, NotThereError):
            client.users(workspace)
