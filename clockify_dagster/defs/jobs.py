"""The jobs: which assets, with their checks, one run loads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dagster import AssetCheckKey, AssetSelection, define_asset_job

from clockify_dagster.contract import Table
from clockify_dagster.defs.account import Account
from clockify_dagster.reconcile import RECONCILIATIONS

DAILY, EVERYTHING, TIME_ENTRIES = "daily", "everything", "time_entries"
INTEGRAL, CHECKS = "time_entries_integral", "checks"


def all_jobs(account: Account) -> list[Any]:  # what `define_asset_job` gives has no public name
    """Every job of an account. Jobs name their assets and checks one by one, so they run nobody else's."""

    def tables(is_chosen: Callable[[Table], bool]) -> AssetSelection:
        return AssetSelection.assets(*(account.key(table.name) for table in account.contract if is_chosen(table)))

    # These checks ask Clockify, a request a workspace, and a refresh is to take as few as can be.
    checks = [check for check in RECONCILIATIONS if check.table in account.contract]
    asking = AssetSelection.checks(*(AssetCheckKey(account.key(check.table), check.name) for check in checks))
    reference = tables(lambda table: not table.group.startswith("time_entries")) - asking
    integral = tables(lambda table: table.group == "time_entries_integral")
    entries = tables(lambda table: table.group == "time_entries") - asking
    # a view has no rows that a refresh could spoil, and its checks take as long as it does
    marts = AssetSelection.assets(*(account.key(mart.name) for mart in account.marts)).without_checks()
    daily = reference | entries | marts
    jobs = [
        ("reference", reference, "All tables without days: who, for whom, on what. Replaced whole."),
        (TIME_ENTRIES, entries, "Time entries and their tags of a day or a range of days."),
        (INTEGRAL, integral, "All time entries there are, read again whole, in tables of their own."),
        (
            DAILY,
            daily,
            "The daily refresh: reference tables, then time entries of a range of days, then the marts, in one run.",
        ),
        (EVERYTHING, daily | integral, "The daily refresh and the integral tables, in one run."),
        (
            CHECKS,
            AssetSelection.checks_for_assets(*account.names),
            "All checks of what is loaded, and the comparison with Clockify's totals. Loads nothing.",
        ),
    ]
    return [
        define_asset_job(account.named(name), selection, description=description)
        for name, selection, description in jobs
    ]
