"""What Dagster offers to change assets afterwards, and what of it keeps assets, checks and jobs together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dagster import (
    AssetCheckKey,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    DagsterInvalidDefinitionError,
)

from clockify_dagster_tests.defs.places import Place


def in_raw(spec: AssetSpec, *_: object) -> AssetSpec:
    return spec.replace_attributes(key=["raw", *spec.key.path])


@pytest.mark.filterwarnings("ignore:.*is currently in preview")
def test_keys_are_changed_by_a_translation_since_dagster_refuses_it_afterwards(places: Callable[[str], Place]) -> None:
    place = places("acme")
    with pytest.raises(DagsterInvalidDefinitionError, match="Mapping function must not change keys"):
        place.definitions("acme").map_asset_specs(func=in_raw).get_repository_def()
    moved = place.definitions("acme", translation=in_raw).get_repository_def()
    tags, graph = AssetKey(["raw", "acme", "clockify_tags"]), moved.asset_graph
    assert graph.get(tags).metadata["dagster/table_name"] == "acme.clockify_tags"
    assert AssetKey(["raw", "acme", "clockify_workspaces"]) in graph.get(tags).parent_keys
    assert {key.path[0] for key in graph.get_all_asset_keys()} == {"raw"}
    assert {key.asset_key.path[0] for key in graph.asset_check_keys} == {"raw"}
    daily = moved.get_job("acme_daily").asset_layer
    assert tags in daily.selected_asset_keys
    assert AssetCheckKey(tags, "key_is_unique") in daily.asset_graph.asset_check_keys


def test_groups_and_tags_that_are_there_are_not_replaced_by_with_attributes(places: Callable[[str], Place]) -> None:
    ours = places("acme").definitions("acme")
    made = next(each for each in ours.assets or () if isinstance(each, AssetsDefinition))
    with pytest.raises(DagsterInvalidDefinitionError, match="group_name already exists"):
        made.with_attributes(group_names_by_key=dict.fromkeys(made.keys, "hours"))
    with pytest.raises(DagsterInvalidDefinitionError, match="tags already exists"):
        made.with_attributes(tags_by_key={key: {"tier": "gold"} for key in made.keys})
