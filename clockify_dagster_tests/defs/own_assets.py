"""Assets of a user's own on top of our tables, materialized with the IO manager of the account."""

from typing import Any

import pandas as pd
from dagster import (
    AssetKey,
    AssetsDefinition,
    DailyPartitionsDefinition,
    Definitions,
    ExecuteInProcessResult,
    materialize,
)

from clockify_dagster.definitions import project_definitions
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today

DAYS = days_before_today(10)
ALL_DAYS = {
    "dagster__asset_partition_range_start": DAYS[0].isoformat(),
    "dagster__asset_partition_range_end": DAYS[-1].isoformat(),
}
BY_DAY = DailyPartitionsDefinition(start_date=DAYS[0].isoformat(), end_offset=1)


def run(project: Project, *own: AssetsDefinition, select: list[str], **tags: str) -> ExecuteInProcessResult:
    """Materialize assets of the user's, or ours, from definitions that hold both."""
    merged = Definitions.merge(project_definitions(project.settings), Definitions(assets=own))
    result = materialize(
        [each for each in merged.assets or () if isinstance(each, AssetsDefinition)],
        selection=[AssetKey(name.split("/")) for name in select],
        resources={**(merged.resources or {}), "io_manager": (merged.resources or {})["clockify_warehouse"]},
        instance=project.instance,
        tags={name.replace("__", "/"): value for name, value in tags.items()},
        raise_on_error=False,
    )
    assert result.success, project.failures(result)
    return result


def framed(data: Any) -> pd.DataFrame:
    frame: pd.DataFrame = pd.DataFrame(data)
    return frame


def read(project: Project, table: str) -> list[tuple[Any, ...]]:
    return project.execute(f'SELECT * FROM "{table}" ORDER BY ALL')
