"""The assets: one step for each family of tables, made from the contract, one for the marts, and one for the report.

Only what is special is named here.
"""

from __future__ import annotations

from typing import Any

from dagster import AssetsDefinition

from clockify_dagster.contract import WORKSPACES
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.assets.marts import mart_assets
from clockify_dagster.defs.assets.report import report_assets
from clockify_dagster.defs.assets.tables import table_asset
from clockify_dagster.defs.assets.workspaces import workspaces_asset
from clockify_dagster.refresh import (
    read_approvals,
    read_invoices,
    read_projects,
    read_report,
    read_time_off,
    read_users,
    refresh_everything,
    refresh_span,
)

__all__ = ["ENTRIES", "all_assets"]

ENTRIES = "clockify_timeentries"


def all_assets(account: Account) -> list[AssetsDefinition]:
    """Every asset of an account, the time entries with the calendar's days as partitions."""
    special: dict[str, dict[str, Any]] = {
        "clockify_users": {"read": read_users, "needs_users": True},
        "clockify_projects": {"read": read_projects},
        "clockify_timeoff_policies": {"read": read_time_off},
        "clockify_invoices": {"read": read_invoices},
        "clockify_approval_requests": {"read": read_approvals},
        # entries refer to the other tables, so they are loaded after them
        ENTRIES: {"read": refresh_span, "needs_users": True, "by_day": True, "priority": 0},
        "clockify_timeentries_integral": {"read": refresh_everything, "needs_users": True, "priority": 0},
    }
    # reports are about entries, so they come after them
    reports = [table for table in account.contract if table.listing is not None and table.listing.is_report]
    special |= {table.name: {"read": read_report, "by_day": True, "priority": -1} for table in reports}
    roots = [each for each in account.contract.roots if each.listed_with is None and each.name != WORKSPACES]
    tables = [table_asset(account, each.name, **special.get(each.name, {})) for each in roots]
    return [workspaces_asset(account), *tables, *mart_assets(account), *report_assets(account)]
