"""The assets: one step for each family of tables, made from the contract. Only what is special has code of its own."""

from __future__ import annotations

from dagster import AssetsDefinition

from clockify_dagster.contract import CONTRACT, WORKSPACES, Contract
from clockify_dagster.defs.assets.tables import table_asset
from clockify_dagster.defs.assets.time_entries import daily_entries_asset, integral_entries_asset
from clockify_dagster.defs.assets.workspaces import workspaces_asset
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.refresh import read_projects, read_users
from clockify_dagster.refresh.tables import TASKS

ENTRIES = "clockify_timeentries"
INTEGRAL = "clockify_timeentries_integral"


def all_assets(calendar: Calendar, contract: Contract = CONTRACT) -> list[AssetsDefinition]:
    """Every asset of the contract, the time entries with the calendar's days as partitions."""
    special = {
        WORKSPACES: lambda: workspaces_asset(contract),
        "clockify_users": lambda: table_asset(contract, "clockify_users", read=read_users),
        # tasks come with their projects
        "clockify_projects": lambda: table_asset(contract, "clockify_projects", TASKS, read=read_projects),
        ENTRIES: lambda: daily_entries_asset(contract, ENTRIES, calendar),
        INTEGRAL: lambda: integral_entries_asset(contract, INTEGRAL),
    }
    roots = [table.name for table in contract.roots if table.name != TASKS]
    return [special[root]() if root in special else table_asset(contract, root) for root in roots]
