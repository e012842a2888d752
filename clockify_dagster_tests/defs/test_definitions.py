"""What Dagster loads: assets as the contract has them, and definitions that load whatever the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import AssetKey, AssetsDefinition, BackfillPolicy, Definitions, JobDefinition, materialize

from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.definitions import project_definitions
from clockify_dagster.marts import all_marts
from clockify_dagster.settings import Settings

WORKSPACES = AssetKey("clockify_workspaces")
TABLES = list(CONTRACT)
BROKEN = {
    "CLOCKIFY_API_KEY": "a key with blanks",
    "CLOCKIFY_REGION": "moon",
    "CLOCKIFY_API_URL": "http://example.com/api/v1",
    "CLOCKIFY_START_DATE": "someday",
    "CLOCKIFY_TIMEZONE": "Mars/Olympus",
    "CLOCKIFY_UPDATE_WINDOW_DAYS": "-1",
    "CLOCKIFY_DATABASE": "/",
    "CLOCKIFY_CONCURRENCY": "many",
}


@pytest.fixture
def definitions() -> Definitions:
    """The definitions as they are without any setting, so without a key."""
    return project_definitions(Settings.forgiving())


def owner(definitions: Definitions, table: Table) -> AssetsDefinition:
    """The step that loads a table."""
    return next(
        each
        for each in definitions.assets or ()
        if isinstance(each, AssetsDefinition) and AssetKey(table.name) in each.keys
    )


def test_the_definitions_load_without_a_key(definitions: Definitions) -> None:
    Definitions.validate_loadable(definitions)


def test_the_definitions_load_with_every_setting_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BROKEN.items():
        monkeypatch.setenv(name, value)
    Definitions.validate_loadable(project_definitions(Settings.forgiving()))


@pytest.mark.parametrize(("name", "value"), BROKEN.items())
def test_a_run_with_a_broken_setting_fails_with_the_message_that_names_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLOCKIFY_API_KEY", "key")
    monkeypatch.setenv(name, value)
    definitions = project_definitions(Settings.forgiving())
    result = materialize(
        [each for each in definitions.assets or () if isinstance(each, AssetsDefinition)],
        selection=[WORKSPACES],
        resources=definitions.resources,
        raise_on_error=False,
    )
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    assert str(told.description).startswith(f"{name} cannot be used: ")
    assert list(tmp_path.iterdir()) == [], "a run that cannot begin leaves nothing behind"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_an_asset_of_its_name_that_depends_on_the_workspaces(definitions: Definitions, table: Table) -> None:
    asset = owner(definitions, table)
    expected = set() if AssetKey(table.name) == WORKSPACES else {WORKSPACES}
    assert asset.asset_deps[AssetKey(table.name)] >= expected
    if expected and asset is not owner(definitions, CONTRACT[WORKSPACES.path[-1]]):
        assert asset.node_keys_by_input_name["clockify_workspaces"] == WORKSPACES, "read by the IO manager"


@pytest.mark.parametrize("table", [table for table in TABLES if table.parent], ids=lambda table: table.name)
def test_a_child_is_loaded_by_the_step_of_its_parent(definitions: Definitions, table: Table) -> None:
    assert table.parent is not None
    assert owner(definitions, table) is owner(definitions, CONTRACT[table.parent])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_asset_shows_its_columns_with_types_descriptions_and_constraints(
    definitions: Definitions, table: Table
) -> None:
    spec = owner(definitions, table).get_asset_spec(AssetKey(table.name))
    schema = spec.metadata["dagster/column_schema"]
    assert [(column.name, column.type, column.description) for column in schema.columns] == [
        (column.name, column.type.sql, column.description) for column in table.columns
    ]
    assert all(column.description for column in schema.columns)
    assert {c.name for c in schema.columns if not c.constraints.nullable} == set(table.never_null)
    referring = {column.name for column in schema.columns if column.constraints.other}
    assert referring == set(table.references)
    assert spec.metadata["dagster/table_name"] == f"main.{table.name}"
    assert spec.description == table.description


def test_a_range_of_days_is_one_run_whatever_is_selected_with_it(definitions: Definitions) -> None:
    policies = [each.backfill_policy for each in definitions.assets or () if isinstance(each, AssetsDefinition)]
    assert set(policies) == {BackfillPolicy.single_run()}


def test_each_job_loads_the_tables_of_its_name(definitions: Definitions) -> None:
    def tables(job: str) -> set[str]:
        resolved: JobDefinition = definitions.resolve_job_def(job)
        return {key.path[-1] for key in resolved.asset_layer.selected_asset_keys}

    names = {table.name for table in TABLES}
    integral, marts = {name for name in names if "_integral" in name}, set(all_marts())
    entries = {table.name for table in TABLES if table.group == "time_entries"}
    assert {"clockify_timeentries", "clockify_attendance", "clockify_timeentries__billing"} <= entries
    assert tables("clockify_time_entries_integral") == integral
    assert tables("clockify_time_entries") == entries
    assert tables("clockify_reference") == names - integral - entries
    assert tables("clockify_daily") == names - integral | marts
    assert tables("clockify_everything") == names | marts


@pytest.mark.parametrize("executor", ["in_process", "multiprocess"])
def test_a_setting_says_whether_steps_have_processes_of_their_own(
    monkeypatch: pytest.MonkeyPatch, executor: str
) -> None:
    monkeypatch.setenv("CLOCKIFY_EXECUTOR", executor)
    job = project_definitions(Settings.load()).resolve_job_def("clockify_daily")
    assert job.executor_def.name == executor


def test_steps_share_a_process_unless_something_else_is_said(definitions: Definitions) -> None:
    assert definitions.resolve_job_def("clockify_daily").executor_def.name == "in_process"
