"""Tables from reports in Dagster: chosen alone, for a range of days, they load those days and show them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from dagster import AssetKey, AssetsDefinition, materialize

from clockify_dagster.contract import WORKSPACES
from clockify_dagster.days import Days
from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs.partitions import tags_of
from clockify_dagster.sandbox import Account
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.reported import REPORTED, reported
from clockify_dagster_tests.small import add_everything


@pytest.mark.parametrize("table", REPORTED)
def test_a_table_that_is_chosen_alone_loads_the_chosen_days(make_project: Callable[..., Project], table: str) -> None:
    account = Account()
    place = add_everything(account)
    today = datetime.now(timezone.utc).date()
    project = make_project(account, tables=table, start_date=today - timedelta(days=11), timezone="UTC")
    days = Days(today - timedelta(days=6), today - timedelta(days=4))
    definitions = project_definitions(project.settings)
    keys = [AssetKey(WORKSPACES), AssetKey(table)]
    for _ in range(2):
        result = materialize(
            [each for each in definitions.assets or () if isinstance(each, AssetsDefinition) and each.keys & {*keys}],
            resources=definitions.resources,
            selection=keys,
            instance=project.instance,
            tags=tags_of(days),
        )
        assert result.success
        there = reported(project.sandbox, "UTC", place["id"], table, days)
        assert len(project.rows(table)) == len(there) > 0
        shown = set(project.instance.get_materialized_partitions(AssetKey(table)))
        assert shown == {str(day) for day in days}
