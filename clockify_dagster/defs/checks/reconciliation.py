"""The check that asks Clockify: do the hours add up to its own totals?"""

from datetime import datetime, timezone

from dagster import AssetCheckResult, AssetChecksDefinition, multi_asset_check

from clockify_dagster.defs.checks.results import result_of, spec_of
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import ClockifyResource, WarehouseResource, connect
from clockify_dagster.reconcile import CHECK, ReconciliationContext, reconcile, unable
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Warehouse
from clockify_dagster.warehouse.audit import Finding

PATIENCE_SECONDS = 20
"""How long to wait for the request limit: a check that cannot be made now is made another time."""


def reconciliation(calendar: Calendar, *, blocking: bool) -> AssetChecksDefinition:
    """The check, in a step of its own."""

    @multi_asset_check(
        name=f"{CHECK.table}_reconciliation",
        specs=[spec_of(CHECK, blocking=blocking)],
        op_tags={"dagster/priority": "-20"},
    )
    def checks(clockify: ClockifyResource, warehouse: WarehouseResource) -> AssetCheckResult:
        """Compare the loaded days with Clockify's reports: a request a workspace, more where they differ."""
        with error_boundary():
            return result_of(reconciled(clockify.settings, calendar, warehouse.warehouse))

    return checks


def reconciled(settings: Settings, calendar: Calendar, warehouse: Warehouse) -> Finding:
    """What the comparison finds by these settings, with a client of its own that does not wait long."""
    if settings.api_key is None:
        return unable("CLOCKIFY_API_KEY is not set, so Clockify cannot be asked.")
    patience = min(settings.max_wait_seconds, PATIENCE_SECONDS)
    client = connect(settings.model_copy(update={"max_wait_seconds": patience}))
    try:
        return reconcile(
            client,
            ReconciliationContext(
                warehouse=warehouse,
                workspaces=settings.workspaces,
                zone=calendar.zone,
                today=calendar.today,
                now=datetime.now(timezone.utc),
            ),
        )
    finally:
        client.transport.close()
