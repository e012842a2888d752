"""The assets, one module for each of Clockify's things."""

from __future__ import annotations

from dagster import AssetsDefinition, DailyPartitionsDefinition

from clockify_dagster.defs.assets.clients import clockify_clients
from clockify_dagster.defs.assets.projects import clockify_projects
from clockify_dagster.defs.assets.tags import clockify_tags
from clockify_dagster.defs.assets.timeentries import time_entry_assets
from clockify_dagster.defs.assets.timeentries_integral import clockify_timeentries_integral
from clockify_dagster.defs.assets.usergroups import clockify_usergroups
from clockify_dagster.defs.assets.users import clockify_users
from clockify_dagster.defs.assets.workspaces import clockify_workspaces


def all_assets(partitions: DailyPartitionsDefinition) -> list[AssetsDefinition]:
    """Every asset, the time entries with these days as partitions."""
    return [
        clockify_workspaces,
        clockify_clients,
        clockify_projects,
        clockify_tags,
        clockify_users,
        clockify_usergroups,
        time_entry_assets(partitions),
        clockify_timeentries_integral,
    ]
