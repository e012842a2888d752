"""The workspaces: the table on which all others depend."""

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, Config, multi_asset
from pydantic import Field

from clockify_dagster.contract import WORKSPACES
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.resources import chosen, workspaces_of
from clockify_dagster.defs.run_workspaces import WORKSPACES_TAG, workspaces_of_run
from clockify_dagster.defs.table_outputs import Event, asset_options, outputs
from clockify_dagster.errors import NotAllowedError
from clockify_dagster.refresh import (
    RefreshContext,
    choose_workspaces,
    held_workspaces,
    refuse_other_account,
    unread_of,
    unread_texts,
)
from clockify_dagster.warehouse import PageSource, WorkspacesLoad, closed_on_failure


class WorkspacesConfig(Config):
    """What a run may be asked to do with the workspaces."""

    drop_unseen: bool = Field(
        default=False,
        description="Remove all rows of loaded workspaces that this key does not see, or that CLOCKIFY_WORKSPACES "
        "leaves out. Otherwise they stay, and a key that sees none of the loaded workspaces is refused.",
    )


def workspaces_asset(account: Account) -> AssetsDefinition:
    """The asset of the workspaces that the key sees, or those of them that CLOCKIFY_WORKSPACES names."""
    tables = account.contract.family(WORKSPACES)

    @multi_asset(**asset_options(account, tables, priority=10))
    def assets(context: AssetExecutionContext, config: WorkspacesConfig) -> Iterator[Event]:
        metadata: dict[str, Any] = {}
        clockify, warehouse = account.client(context.resources), account.warehouse(context.resources)
        with error_boundary(metadata), clockify.counting_requests(metadata):
            listed_at, client, settings = datetime.now(timezone.utc), clockify.client, clockify.settings
            documents = {str(document.get("id")): document for document in client.workspaces().documents}
            found, held = workspaces_of(documents.values()), held_workspaces(warehouse.warehouse(account.contract))
            if held and not found:
                raise _sees_nothing()
            if not config.drop_unseen:
                refuse_other_account(found, held)
            among, setting = workspaces_of_run(context.run.tags), settings.named("workspaces")
            # a loaded one that the setting names and the key does not see is reported by the step of the users
            unseen = set() if config.drop_unseen else held.keys() - found.keys()
            wanted = chosen(found, settings.workspaces, apart_from=unseen, by=setting)
            unread = unread_of(found, held, wanted)
            for line in unread_texts(unread, held, setting, are_dropped=config.drop_unseen):
                context.log.warning(line)
            dropped = frozenset(unread) if config.drop_unseen else frozenset()
            if among is not None:
                wanted = chosen(wanted, tuple(sorted(among)), apart_from=unseen, by=f"The tag {WORKSPACES_TAG}")
            refresh = RefreshContext(
                client=client,
                warehouse=warehouse.warehouse(account.contract),
                table=WORKSPACES,
                workspaces={each: found[each] for each in wanted},
                unread={} if dropped else unread,
                among=among,
                concurrency=settings.concurrency,
                log=context.log,
            )
            workspaces = choose_workspaces(refresh, held)
            if workspaces.unread:
                metadata["workspaces not read"] = dict(workspaces.unread)
            staging = refresh.warehouse.staging(tables)
            with closed_on_failure(staging):
                if among is None:
                    staging.add_documents([documents[each] for each in workspaces.read])
                else:  # so that it is known of which one they are: what is noted of others stays
                    for each in workspaces.read:
                        staging.add_documents([documents[each]], PageSource(facts={"workspace": each}))
        load = WorkspacesLoad(
            staging,
            listed_at,
            workspaces.read,
            workspaces.unread,
            among=among,
            contract=account.contract,
            dropped=dropped,
        )
        yield from outputs(context, load, metadata, account.schema)

    return assets


def _sees_nothing() -> NotAllowedError:
    return NotAllowedError(
        "Clockify says that this key sees no workspace any more. What is loaded stays as it is: replaced by what the "
        "key sees, nothing would be left of it. Use the key of somebody who is in the workspace, or another "
        "CLOCKIFY_DATABASE.",
        endpoint="GET /workspaces",
    )
