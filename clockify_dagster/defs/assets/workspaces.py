"""The workspaces: the table on which all others depend."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import partial
from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, multi_asset

from clockify_dagster.api import ClockifyClient, side_by_side
from clockify_dagster.contract import WORKSPACES, Contract
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.io_manager import WarehouseResource
from clockify_dagster.defs.resources import ClockifyResource, chosen
from clockify_dagster.defs.table_outputs import Event, asset_options, outputs
from clockify_dagster.errors import AbortedError, ApiError, NotAllowedError
from clockify_dagster.warehouse import Load, closed_on_failure
from clockify_dagster.warehouse.loaded_entries import workspace_ids


def workspaces_asset(contract: Contract) -> AssetsDefinition:
    """The asset of the workspaces that the key sees, or those of them that CLOCKIFY_WORKSPACES names."""
    tables = contract.family(WORKSPACES)

    @multi_asset(**asset_options(tables, priority=10))
    def clockify_workspaces(
        context: AssetExecutionContext, clockify: ClockifyResource, warehouse: WarehouseResource
    ) -> Iterator[Event]:
        metadata: dict[str, Any] = {}
        with error_boundary(metadata), clockify.counting_requests(metadata):
            listed_at, client = datetime.now(timezone.utc), clockify.client
            found = {str(document.get("id")): document for document in client.workspaces().documents}
            loaded = warehouse.warehouse(contract)
            if not found:
                with loaded.database.reading_if_there() as connection:
                    if connection is not None and workspace_ids(connection):
                        raise _sees_nothing()
            wanted = chosen(found, clockify.settings.workspaces)
            _refuse_plain_members(client, wanted, clockify.settings.concurrency)
            staging = loaded.staging(tables)
            with closed_on_failure(staging):
                staging.add_documents([found[identity] for identity in wanted])
        yield from outputs(context, Load(staging, listed_at), metadata)

    return clockify_workspaces


def _sees_nothing() -> NotAllowedError:
    return NotAllowedError(
        "Clockify says that this key sees no workspace any more. What is loaded stays as it is: replaced by what the "
        "key sees, nothing would be left of it. Use the key of somebody who is in the workspace, or another "
        "CLOCKIFY_DATABASE.",
        endpoint="GET /workspaces",
    )


def _refuse_plain_members(client: ClockifyClient, workspaces: Sequence[str], concurrency: int) -> None:
    """Raise `NotAllowedError` where the key may not list users.

    A plain member's key sees only some projects and nobody's hours but its own. Replaced by that, every table would
    lose rows, so nothing is replaced. The users are needed later anyway, and are listed once in a run.
    """

    def list_users(workspace: str) -> None:
        try:
            client.users(workspace)
        except (NotAllowedError, AbortedError):
            raise
        except ApiError:
            return  # the users' own step reports it; the other tables are loaded all the same

    for _ in side_by_side([partial(list_users, each) for each in workspaces], concurrency):
        pass
