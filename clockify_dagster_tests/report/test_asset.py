"""The report as an asset, and as a command."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from dagster import AssetKey, AssetsDefinition, EnvVar, MetadataValue, materialize

from clockify_dagster import build_definitions
from clockify_dagster.cli import commands
from clockify_dagster.definitions import project_definitions
from clockify_dagster.report import marts_read
from clockify_dagster.report import page as page_module
from clockify_dagster.settings import Settings
from clockify_dagster_tests.marts.conftest import Load, Office


@pytest.fixture(autouse=True)
def _without_the_seconds_that_the_library_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "_library", lambda: "")


def test_it_comes_after_the_marts_that_it_reads_with_the_accounts_prefix_and_group() -> None:
    definitions = build_definitions(api_key=EnvVar("X"), name="acme", key_prefix="acme", group_name="hours")
    node = definitions.get_repository_def().asset_graph.get(AssetKey(["acme", "clockify_report"]))
    assert node.parent_keys == {AssetKey(["acme", "clockify_marts", mart]) for mart in marts_read()}
    assert node.group_name == "hours"


def test_no_job_has_it_so_none_can_fail_by_it() -> None:
    repository = project_definitions(Settings.forgiving()).get_repository_def()
    jobs = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
    assert jobs
    assert not [job.name for job in jobs if AssetKey("clockify_report") in job.asset_layer.selected_asset_keys]


@pytest.mark.parametrize("marts", [True, ["dim_client"], False])
def test_it_is_left_out_without_the_extra_and_without_its_marts(
    marts: bool | list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if marts is True:
        monkeypatch.setattr(page_module, "LIBRARY", "vl_convert_that_nobody_has")
    definitions = build_definitions(api_key=EnvVar("X"), marts=marts)
    keys = definitions.get_repository_def().asset_graph.get_all_asset_keys()
    assert AssetKey("clockify_report") not in keys


def test_a_materialization_writes_the_file_beside_the_database_and_links_it(office: Office, load: Load) -> None:
    office.work(2)
    project = load(office)
    ours = project_definitions(project.settings)
    assets = [each for each in ours.assets or () if isinstance(each, AssetsDefinition)]
    key = AssetKey("clockify_report")
    result = materialize(assets, selection=[key], resources=ours.resources, instance=project.instance)
    path = project.database.parent / "clockify_report.html"
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    (event,) = result.asset_materializations_for_node("clockify_report")
    assert event.metadata["file"] == MetadataValue.path(path)
    assert event.metadata["link"] == MetadataValue.url(path.as_uri())


def test_the_command_says_where_it_is(office: Office, load: Load, tmp_path: Path) -> None:
    project = load(office)
    said = CliRunner().invoke(commands, ["report"])
    assert said.exit_code == 0
    assert f"The report is {project.database.parent / 'clockify_report.html'} (" in said.stdout
    assert "There are no time entries with hours yet, and the report says so." in said.stderr
    CliRunner().invoke(commands, ["report", "--out", str(tmp_path / "elsewhere.html")])
    assert (tmp_path / "elsewhere.html").exists()
