"""The assets of the marts: one step that makes all the views, in one transaction."""

from collections.abc import Iterator

from dagster import AssetExecutionContext, AssetsDefinition, BackfillPolicy, MaterializeResult, multi_asset

from clockify_dagster.defs.account import Account
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.marts import make_views


def mart_assets(account: Account) -> list[AssetsDefinition]:
    """The step that makes the account's marts; none where it has none."""
    if not account.marts:
        return []

    @multi_asset(
        name=account.named("marts"),
        description="Makes the marts: views over the tables, so that they always show what is loaded.",
        specs=list(account.mart_specs.values()),
        required_resource_keys={account.warehouse_key},
        can_subset=True,
        backfill_policy=BackfillPolicy.single_run(),
        op_tags={"dagster/priority": "-5"},
    )
    def assets(context: AssetExecutionContext) -> Iterator[MaterializeResult[None]]:
        with error_boundary():
            warehouse = account.warehouse(context.resources).warehouse(account.contract)
            with warehouse.database.writing() as connection:
                make_views(connection, account.marts, account.contract, account.mart_options)
        # all of them are made, whatever was selected: one may read another
        for spec in account.mart_specs.values():
            if spec.key in context.selected_asset_keys:
                yield MaterializeResult(asset_key=spec.key)

    return [assets]
