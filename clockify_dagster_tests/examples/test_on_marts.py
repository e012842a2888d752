"""The example of an asset on the marts, on a loaded file."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

from dagster import AssetsDefinition, Definitions, materialize

from clockify_dagster.definitions import project_definitions
from clockify_dagster_tests.marts.conftest import Load, Office, load, office

__all__ = ["load", "office"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "on_marts" / "on_marts.py"


def test_an_asset_on_the_marts_adds_up_hours_of_each_client_and_of_none(office: Office, load: Load) -> None:
    office.work(3, 9, 2, projectId=office.project["id"])
    office.work(2, 9, 1.5)
    project = load(office)
    example = run_path(str(EXAMPLE))
    Definitions.validate_loadable(example["defs"])
    ours = project_definitions(project.settings)
    assets = [each for each in ours.assets or () if isinstance(each, AssetsDefinition)]
    own: AssetsDefinition = example["hours_by_client"]
    assert materialize([*assets, own], selection=[own], resources=ours.resources, instance=project.instance).success
    hours = project.execute("SELECT client_name, work_hours FROM hours_by_client ORDER BY ALL")
    assert hours == [("(no client)", 1.5), ("Nordwind", 2)]
