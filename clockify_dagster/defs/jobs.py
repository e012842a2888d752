"""The jobs: which assets, with their checks, one run loads."""

from __future__ import annotations

from collections.abc import Callable

from dagster import AssetCheckKey, AssetKey, AssetSelection, define_asset_job

from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.reconcile import CHECK as RECONCILIATION


def _tables(is_chosen: Callable[[Table], bool]) -> AssetSelection:
    return AssetSelection.assets(*(AssetKey(table.name) for table in CONTRACT if is_chosen(table)))


REFERENCE = _tables(lambda table: not table.group.startswith("time_entries"))
ENTRIES = _tables(lambda table: table.group == "time_entries")
INTEGRAL = _tables(lambda table: table.group == "time_entries_integral")
# It asks Clockify, a request a workspace, and a refresh is to take as few as can be.
TIME_ENTRIES = ENTRIES - AssetSelection.checks(AssetCheckKey(AssetKey(RECONCILIATION.table), RECONCILIATION.name))

clockify_reference = define_asset_job(
    "clockify_reference",
    REFERENCE,
    description="All tables without days: who, for whom, on what. Replaced whole.",
)
clockify_time_entries = define_asset_job(
    "clockify_time_entries",
    TIME_ENTRIES,
    description="Time entries and their tags of a day or a range of days.",
)
clockify_time_entries_integral = define_asset_job(
    "clockify_time_entries_integral",
    INTEGRAL,
    description="All time entries there are, read again whole, in tables of their own.",
)
clockify_daily = define_asset_job(
    "clockify_daily",
    REFERENCE | TIME_ENTRIES,
    description="The daily refresh: all reference tables, then the time entries of a range of days, in one run.",
)
clockify_everything = define_asset_job(
    "clockify_everything",
    REFERENCE | TIME_ENTRIES | INTEGRAL,
    description="The daily refresh and the integral tables, in one run.",
)
clockify_checks = define_asset_job(
    "clockify_checks",
    AssetSelection.all_asset_checks(),
    description="All checks of what is loaded, and the comparison with Clockify's totals. Loads nothing.",
)

ALL_JOBS = [
    clockify_reference,
    clockify_time_entries,
    clockify_time_entries_integral,
    clockify_daily,
    clockify_everything,
    clockify_checks,
]
