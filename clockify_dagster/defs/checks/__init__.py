"""The asset checks: one generator for each kind, one step for each table; none is written out for a table."""

from collections.abc import Iterator

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetKey,
    multi_asset_check,
)

from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.defs.checks import relationships
from clockify_dagster.defs.failures import told
from clockify_dagster.defs.resources import WarehouseResource

KINDS = (relationships,)


def all_checks() -> list[AssetChecksDefinition]:
    """The checks of every table of the contract."""
    return [table_checks(table) for table in CONTRACT if any(kind.specs(table) for kind in KINDS)]


def table_checks(table: Table) -> AssetChecksDefinition:
    """All checks of a table, in one step; any of them may be selected alone."""

    @multi_asset_check(
        name=f"{table.name}_checks",
        specs=[spec for kind in KINDS for spec in kind.specs(table)],
        can_subset=True,
        op_tags={"dagster/priority": "-10"},
    )
    def checks(context: AssetCheckExecutionContext, warehouse: WarehouseResource) -> Iterator[AssetCheckResult]:
        """What is wrong with the table, by SQL."""
        chosen = {key.name for key in context.selected_asset_check_keys}
        with told(), warehouse.warehouse.database.reading() as connection:
            results = [
                result for kind in KINDS for result in kind.results(connection, table) if result.check_name in chosen
            ]
        yield from results

    return checks


def asset_of(table: Table) -> AssetKey:
    """The asset whose table it is."""
    return AssetKey(table.name)
