"""What Dagster loads. It composes, and decides nothing."""

from __future__ import annotations

from dagster import Definitions, in_process_executor, multiprocess_executor

from clockify_dagster.contract import CONTRACT, Contract
from clockify_dagster.defs.assets import all_assets
from clockify_dagster.defs.checks import all_checks
from clockify_dagster.defs.console import progress
from clockify_dagster.defs.io_manager import ClockifyIOManager
from clockify_dagster.defs.jobs import all_jobs
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import ClockifyResource
from clockify_dagster.defs.schedules import all_schedules
from clockify_dagster.settings import Settings

_EXECUTORS = {"in_process": in_process_executor, "multiprocess": multiprocess_executor}


def build_definitions(settings: Settings, contract: Contract = CONTRACT) -> Definitions:
    """The definitions for these settings; needs neither key nor network."""
    calendar = Calendar.of(settings)
    warehouse = ClockifyIOManager(
        database=str(settings.database),
        lock_timeout_seconds=settings.lock_timeout_seconds,
        storage_version=settings.database_storage_version,
    )
    return Definitions(
        assets=all_assets(calendar, contract),
        asset_checks=all_checks(calendar, contract, blocking=settings.blocking_checks),
        jobs=all_jobs(contract),
        schedules=all_schedules(calendar),
        resources={"clockify": ClockifyResource(), "warehouse": warehouse, "io_manager": warehouse},
        executor=_EXECUTORS[settings.executor],
        loggers={"progress": progress},
    )


defs = build_definitions(Settings.forgiving())
