"""The marts as Dagster's assets: what they depend on, when they are made, and how one's own assets read them."""

from __future__ import annotations

import pandas as pd
import pytest
from dagster import AssetIn, AssetKey, AssetsDefinition, Definitions, EnvVar, asset, materialize

from clockify_dagster import build_definitions
from clockify_dagster.contract import CONTRACT
from clockify_dagster.definitions import project_definitions
from clockify_dagster.errors import SettingsError
from clockify_dagster.marts import all_marts
from clockify_dagster.settings import Settings
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.marts.conftest import Load, Office, ask

FACTS = AssetKey(["clockify_marts", "fct_time_entry"])


def keys(definitions: Definitions) -> set[str]:
    return {key.path[-1] for key in definitions.get_repository_def().asset_graph.get_all_asset_keys()}


def test_each_is_an_asset_with_its_columns_that_depends_on_what_it_reads() -> None:
    graph = project_definitions(Settings.forgiving()).get_repository_def().asset_graph
    for mart in all_marts().values():
        node = graph.get(AssetKey(["clockify_marts", mart.name]))
        assert {key.path[-1] for key in node.parent_keys} == {*mart.tables, *mart.marts}
        assert node.group_name == "clockify_marts"
        assert node.description == mart.description
        assert node.metadata["dagster/table_name"] == f"clockify_marts.{mart.name}"
        schema = node.metadata["dagster/column_schema"]
        assert [(each.name, each.type, each.description) for each in schema.columns] == [
            (each.name, each.type, each.description) for each in mart.columns
        ]


def test_a_first_refresh_makes_them_without_a_request(office: Office, load: Load) -> None:
    office.work(2)
    project = load(office)
    assert ask(project, "SELECT sum(hours) FROM {}.fct_time_entry") == [(1,)]
    before = len(project.asked())
    project.run("clockify_checks")
    assert len(project.asked()) - before <= 1, "which the comparison with Clockify's totals asks"


def test_an_asset_of_ones_own_takes_one_as_a_frame(office: Office, load: Load) -> None:
    office.work(2, 9, 3)
    project = load(office)

    @asset(ins={"entries": AssetIn(key=FACTS)})
    def hours(entries: pd.DataFrame) -> pd.DataFrame:
        frame: pd.DataFrame = pd.DataFrame({"hours": entries["hours"]})
        return frame

    assert run(project, hours, "hours") == [(3,)]


def run(project: Project, own: AssetsDefinition, table: str) -> list[tuple[object, ...]]:
    """Materialize an asset on ours, and give its table's rows."""
    ours = project_definitions(project.settings)
    resources = {**(ours.resources or {}), "io_manager": (ours.resources or {})["clockify_warehouse"]}
    assets = [each for each in ours.assets or () if isinstance(each, AssetsDefinition)]
    assert materialize([*assets, own], selection=[own], resources=resources, instance=project.instance).success
    return project.execute(f"FROM {table}")


def test_there_may_be_none_or_some_with_what_they_read() -> None:
    tables = set(CONTRACT.tables)
    assert keys(build_definitions(api_key=EnvVar("X"), marts=False)) == tables
    assert keys(build_definitions(api_key=EnvVar("X"), marts=["dim_client"])) == tables | {
        "dim_client",
        "dim_workspace",
    }
    with pytest.raises(SettingsError, match="marts cannot be used: there is no dim_clients; there are billing_by_"):
        build_definitions(api_key=EnvVar("X"), marts=["dim_clients"])


def test_they_have_the_accounts_prefix_and_group() -> None:
    definitions = build_definitions(api_key=EnvVar("X"), name="acme", key_prefix="acme", group_name="hours")
    graph = definitions.get_repository_def().asset_graph
    node = graph.get(AssetKey(["acme", "clockify_marts", "fct_time_entry"]))
    assert (node.group_name, node.metadata["dagster/table_name"]) == ("hours", "acme_marts.fct_time_entry")
    assert AssetKey(["acme", "clockify_timeentries"]) in node.parent_keys


def test_one_that_is_selected_alone_is_told_alone(office: Office, load: Load) -> None:
    project = load(office)
    project.execute("DROP SCHEMA clockify_marts CASCADE")
    job = project_definitions(project.settings).resolve_job_def("clockify_daily")
    chosen = job.get_subset(asset_selection={FACTS}, asset_check_selection=set())
    result = chosen.execute_in_process(instance=project.instance)
    assert [event.asset_key for event in result.get_asset_materialization_events()] == [FACTS]
    assert ask(project, "SELECT count(*) FROM {}.fct_time_entry") == [(0,)]
