"""The definitions of one account, from its settings. It composes, and decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dagster import Definitions, ResourceDefinition

from clockify_dagster.contract import Contract
from clockify_dagster.defs.account import Account, Translation
from clockify_dagster.defs.assets import all_assets
from clockify_dagster.defs.checks import all_checks
from clockify_dagster.defs.io_manager import ClockifyIOManager
from clockify_dagster.defs.jobs import all_jobs
from clockify_dagster.defs.lake_jobs import maintenance_job, maintenance_schedule
from clockify_dagster.defs.resources import ClockifyResource
from clockify_dagster.defs.schedules import SCHEDULES, all_schedules
from clockify_dagster.marts import Mart
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse.addresses import LAKE


def account_definitions(
    settings: Settings,
    clockify: ResourceDefinition | None = None,
    *,
    contract: Contract | None = None,
    translation: Translation | None = None,
    schedules: Collection[str] = SCHEDULES,
    marts: Mapping[str, Mart] | None = None,
) -> Definitions:
    """The definitions for these settings; needs neither key nor network.

    Args:
        settings: the account's.
        clockify: its resource; by default one that reads the environment in each run.
        contract: its tables; those that the settings choose, unless others are given.
        translation: has the last word on each asset's spec.
        schedules: which there are; all are off until somebody turns them on.
        marts: the marts; by default all that can be made of the contract.
    """
    account = Account.of(settings, contract, translation, marts)
    job = maintenance_job(account, settings.lake_keep_days) if str(settings.database).startswith(LAKE) else None
    of_lake = Definitions(
        jobs=[job] if job else [], schedules=[maintenance_schedule(account, job)] if job and schedules else []
    )
    definitions = Definitions(
        assets=all_assets(account),
        asset_checks=all_checks(account, blocking=settings.blocking_checks),
        jobs=all_jobs(account),
        schedules=[each for each in all_schedules(account) if each.name in map(account.named, schedules)],
        resources={account.name: clockify or ClockifyResource(), account.warehouse_key: warehouse_of(settings)},
    )
    return Definitions.merge(definitions, of_lake) if job else definitions


def warehouse_of(settings: Settings) -> ClockifyIOManager:
    """The IO manager of the database that the settings name, which also gives the warehouse by itself."""
    return ClockifyIOManager(
        database=str(settings.database),
        lake_path=settings.lake_path,
        schema=settings.tables_schema,
        lock_timeout_seconds=settings.lock_timeout_seconds,
        change_log_days=settings.change_log_days,
        storage_version=settings.database_storage_version,
    )
