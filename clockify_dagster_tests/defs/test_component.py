"""`ClockifyComponent`: what may stand in its `defs.yaml`, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from dagster import AssetKey, Definitions
from dagster.components.testing import create_defs_folder_sandbox
from pydantic import ValidationError

from clockify_dagster import ClockifyComponent, build_definitions
from clockify_dagster.errors import SettingsError

# Dagster's own, where it reads a defs.yaml
pytestmark = [
    pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated"),
    pytest.mark.filterwarnings("ignore:.*is currently in beta"),
]
ATTRIBUTES = {"name": "acme", "api_key": {"env": "ACME_KEY"}, "key_prefix": "acme"}
TAGS = AssetKey(["acme", "clockify_tags"])


def loaded(**attributes: Any) -> Definitions:
    """The definitions of a `defs.yaml` with these attributes, as Dagster loads the file."""
    contents = {"type": "clockify_dagster.ClockifyComponent", "attributes": {**ATTRIBUTES, **attributes}}
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=ClockifyComponent, defs_yaml_contents=contents)
        with sandbox.load_component_and_build_defs(defs_path=path) as (_, definitions):
            return definitions


def zones(definitions: Definitions) -> set[str | None]:
    return {each.execution_timezone for each in definitions.get_repository_def().schedule_defs}


def test_its_attributes_are_the_parameters_of_the_function() -> None:
    parameters = set(build_definitions.__kwdefaults__ or ()) - {"schema"} | {"database_schema"}
    assert set(ClockifyComponent.model_fields) == parameters
    assert all(field.description for field in ClockifyComponent.model_fields.values())


@pytest.mark.parametrize("timezone", ["Asia/Tokyo", {"env": "ZONE"}, "{{ env.ZONE }}"], ids=str)
def test_a_value_may_be_written_there_or_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, timezone: object
) -> None:
    monkeypatch.setenv("ZONE", "Asia/Tokyo")
    assert zones(loaded(timezone=timezone)) == {"Asia/Tokyo"}


def test_the_key_is_not_needed_before_a_run() -> None:
    assert TAGS in loaded().get_repository_def().asset_graph.get_all_asset_keys()


def test_the_translation_may_speak_of_the_table() -> None:
    translation = {
        "key": "raw/{{ table.name }}",
        "description": "From the list {{ table.pipeline }}.",
        "tags": {"a": "b"},
    }
    graph = loaded(translation=translation).get_repository_def().asset_graph
    tags = graph.get(AssetKey(["raw", "clockify_tags"]))
    assert (tags.description, tags.tags["a"]) == ("From the list Tags.", "b")
    assert {check.asset_key.path[0] for check in graph.asset_check_keys} == {"raw"}


def test_schedules_may_be_left_out() -> None:
    assert zones(loaded(schedules=False)) == set()


def test_some_schedules_may_be_named_and_an_unknown_one_is_told() -> None:
    made = loaded(schedules=["daily_refresh"]).get_repository_def().schedule_defs
    assert [each.name for each in made] == ["acme_daily_refresh"]
    with pytest.raises(SettingsError, match="schedules cannot be used: there is no daily; there are daily_checks, "):
        build_definitions(api_key="x", schedules=["daily"])


def test_an_unknown_attribute_is_refused() -> None:
    with pytest.raises(ValidationError, match="zone"):
        ClockifyComponent.model().model_validate({**ATTRIBUTES, "zone": "UTC"})
