"""Running just the tables that a test is about, and looking at what the run did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dagster import AssetKey, AssetsDefinition, ExecuteInProcessResult, materialize

from clockify_dagster.definitions import project_definitions
from clockify_dagster.settings import Settings
from clockify_dagster_tests.conftest import CORE_TABLES, Project

ENTRIES = "clockify_timeentries"
DAILY = [table.name for table in CORE_TABLES if "integral" not in table.name]


def select(project: Project, *tables: str, **tags: str) -> ExecuteInProcessResult:
    """Materialize just these tables, with these tags."""
    definitions = project_definitions(Settings.forgiving())
    return materialize(
        [each for each in definitions.assets or () if isinstance(each, AssetsDefinition)],
        selection=[AssetKey(table) for table in tables],
        resources=definitions.resources,
        instance=project.instance,
        tags={name.replace("__", "/"): value for name, value in tags.items()},
        raise_on_error=False,
    )


def materialized(result: ExecuteInProcessResult) -> list[str]:
    """The tables that a run materialized, in order."""
    return list(dict.fromkeys(str(e.asset_key and e.asset_key.path[-1]) for e in events(result)))


def events(result: ExecuteInProcessResult) -> Sequence[Any]:
    return result.get_asset_materialization_events()


def logged(project: Project, result: ExecuteInProcessResult) -> list[str]:
    """What our code logged in a run."""
    return [entry.user_message for entry in project.instance.all_logs(result.run_id) if not entry.dagster_event]


def days_tags(first: str, last: str) -> dict[str, str]:
    """The tags of a range of days, for `select`."""
    return {"dagster__asset_partition_range_start": first, "dagster__asset_partition_range_end": last}
