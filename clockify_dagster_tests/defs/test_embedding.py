"""Our definitions inside of somebody's own, and two accounts beside each other."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    AssetSelection,
    AssetSpec,
    DagsterInstance,
    Definitions,
    EnvVar,
    FilesystemIOManager,
    asset,
    define_asset_job,
    in_process_executor,
)

from clockify_dagster import build_definitions
from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.marts import Mart, all_marts
from clockify_dagster_tests.defs.places import DAYS, Place

MonkeyPatch = pytest.MonkeyPatch


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as made:
        yield made


def execute(definitions: Definitions, job: str, instance: DagsterInstance, *, days: bool = True) -> None:
    first, last = DAYS[0].isoformat(), DAYS[-1].isoformat()
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last} if days else {}
    assert definitions.resolve_job_def(job).execute_in_process(instance=instance, tags=tags).success


@asset(group_name="reference")
def countries() -> list[str]:
    return ["Serbia"]


def test_a_project_with_an_io_manager_an_executor_and_a_group_of_its_own_takes_ours(
    places: Callable[[str], Place], tmp_path: Path, instance: DagsterInstance
) -> None:
    place = places("acme")
    theirs = Definitions(
        assets=[countries],
        jobs=[define_asset_job("reference", AssetSelection.groups("reference"))],
        resources={"io_manager": FilesystemIOManager(base_dir=str(tmp_path / "files"))},
        executor=in_process_executor,
    )
    merged = Definitions.merge(theirs, place.definitions("acme"))
    execute(merged, "acme_daily", instance)
    place.assert_loaded("acme")
    assert not (tmp_path / "files").exists(), "no asset of theirs ran, and none of ours used their IO manager"
    execute(merged, "acme_checks", instance, days=False)
    theirs_alone = merged.resolve_job_def("reference").asset_layer.selected_asset_keys
    assert theirs_alone == {AssetKey("countries")}, "and their group is not one of ours"
    selected = merged.resolve_job_def("acme_reference").asset_layer.selected_asset_keys
    assert {key.path[0] for key in selected} == {"acme"}


def test_two_accounts_load_in_one_location_each_in_its_schema_zone_and_names(
    places: Callable[[str], Place], instance: DagsterInstance
) -> None:
    acme, globex = places("acme"), places("globex")
    globex.account.add_tag(next(iter(globex.account.workspaces.values())).document, "only here")
    merged = Definitions.merge(
        acme.definitions("acme", timezone="Europe/Belgrade"),
        globex.definitions("globex", timezone="Pacific/Auckland"),
    )
    execute(merged, "acme_daily", instance)
    execute(merged, "globex_daily", instance)
    acme.assert_loaded("acme")
    globex.assert_loaded("globex")
    zones = {each.name: each.execution_timezone for each in merged.get_repository_def().schedule_defs}
    assert (zones["acme_daily_refresh"], zones["globex_daily_refresh"]) == ("Europe/Belgrade", "Pacific/Auckland")
    for place in (acme, globex):
        keys = {request.key for request in place.sandbox.requests}
        assert keys == {place.sandbox.api_key}, "each key goes to its own host alone"


def test_one_accounts_fault_costs_the_other_nothing(
    places: Callable[[str], Place], instance: DagsterInstance, monkeypatch: MonkeyPatch
) -> None:
    acme, globex = places("acme"), places("globex")
    monkeypatch.setenv("ACME_KEY", "wrong")
    names = ("clockify_workspaces", "clockify_tags")
    tables = [AssetKey([account, table]) for account in ("acme", "globex") for table in names]
    merged = Definitions.merge(
        acme.definitions("acme"),
        globex.definitions("globex"),
        Definitions(jobs=[define_asset_job("both", AssetSelection.assets(*tables))], executor=in_process_executor),
    )
    result = merged.resolve_job_def("both").execute_in_process(instance=instance, raise_on_error=False)
    written = {event.asset_key for event in result.get_asset_materialization_events()}
    assert {key for key in written if key in tables} == {AssetKey(["globex", table]) for table in names}
    assert {key.path[0] for key in written if key} == {"globex"}


def test_a_translation_moves_assets_checks_and_jobs_together(
    places: Callable[[str], Place], instance: DagsterInstance
) -> None:
    place = places("acme")

    def translation(spec: AssetSpec, table: Table | Mart) -> AssetSpec:
        key = AssetKey(["raw", table.name.removeprefix("clockify_")])
        changed = spec.replace_attributes(key=key, group_name="hours", owners=["team:finance"], tags={"tier": "gold"})
        return changed.replace_attributes(metadata={"team": "finance"})

    definitions = place.definitions("acme", translation=translation)
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    keys = {AssetKey(["raw", name.removeprefix("clockify_")]) for name in (*CONTRACT.tables, *all_marts(), "report")}
    assert graph.get_all_asset_keys() == keys
    assert {check.asset_key for check in graph.asset_check_keys} <= keys
    assert {graph.get(key).group_name for key in keys} == {"hours"}
    assert {owner for key in keys for owner in graph.get(key).owners} == {"team:finance"}
    assert {graph.get(key).metadata["team"] for key in keys} == {"finance"}
    execute(definitions, "acme_daily", instance)
    place.assert_loaded("acme")
    execute(definitions, "acme_checks", instance, days=False)


@pytest.mark.filterwarnings("ignore:.*is currently in preview")
def test_groups_owners_tags_and_metadata_may_be_mapped_afterwards(
    places: Callable[[str], Place], instance: DagsterInstance
) -> None:
    place = places("acme")
    mapped = place.definitions("acme").map_asset_specs(
        func=lambda spec: spec.replace_attributes(group_name="hours", owners=["team:finance"], tags={"tier": "gold"})
    )
    graph = mapped.get_repository_def().asset_graph
    ours = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert {(each.group_name, *each.owners, each.tags["tier"]) for each in ours} == {("hours", "team:finance", "gold")}
    execute(mapped, "acme_daily", instance)
    place.assert_loaded("acme")
    execute(mapped, "acme_checks", instance, days=False)


def test_every_name_begins_with_the_accounts(places: Callable[[str], Place]) -> None:
    definitions = places("acme").definitions("acme")
    repository = definitions.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    steps = {node.name for job in repository.get_all_jobs() for node in job.graph.nodes}
    schedules = {each.name for each in repository.schedule_defs}
    graph = repository.asset_graph
    groups = {str(graph.get(key).group_name) for key in graph.get_all_asset_keys()}
    for names in (jobs, steps, schedules, groups, set(definitions.resources or {})):
        assert names
        assert [name for name in names if not f"{name}_".startswith("acme_")] == []
    assert definitions.executor is None
    assert not definitions.loggers


def test_the_page_of_an_asset_has_owners_tags_and_links(places: Callable[[str], Place]) -> None:
    given = {"owners": ["team:finance", "ana@example.com"], "region": "euc1"}
    graph = places("acme").definitions("acme", **given).get_repository_def().asset_graph
    tags = graph.get(AssetKey(["acme", "clockify_tags"]))
    assert [*tags.owners] == ["team:finance", "ana@example.com"]
    assert tags.tags["source"] == "clockify"
    assert tags.metadata["in Clockify"].value == "https://euc1.clockify.me/tags"
    assert tags.metadata["Clockify's API"].value.startswith("https://")


def test_a_schema_may_differ_from_the_prefix_and_stands_in_the_table_names(
    places: Callable[[str], Place], instance: DagsterInstance
) -> None:
    place = places("acme")
    definitions = place.definitions("acme", schema="hours")
    execute(definitions, "acme_daily", instance)
    place.assert_loaded("hours")
    graph = definitions.get_repository_def().asset_graph
    assert graph.get(AssetKey(["acme", "clockify_tags"])).metadata["dagster/table_name"] == "hours.clockify_tags"


def test_a_group_name_puts_all_assets_into_one_group(places: Callable[[str], Place]) -> None:
    graph = places("acme").definitions("acme", group_name="hours").get_repository_def().asset_graph
    assert {graph.get(key).group_name for key in graph.get_all_asset_keys()} == {"hours"}


def test_an_empty_key_is_named_as_the_parameter_that_it_is(
    places: Callable[[str], Place], instance: DagsterInstance, monkeypatch: MonkeyPatch
) -> None:
    definitions = places("acme").definitions("acme")
    monkeypatch.setenv("ACME_KEY", "")
    job = definitions.resolve_job_def("acme_reference")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    said = str(result.failure_data_for_node("acme_workspaces"))
    assert "api_key is empty. Make a key in Clockify" in said
    assert "CLOCKIFY_" not in said


def test_the_key_is_not_needed_to_load_definitions_and_is_nowhere_in_them(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    build_definitions(api_key=EnvVar("A_KEY"))
    repository = build_definitions(api_key="the-secret-key").get_repository_def()
    for job in repository.get_all_jobs():
        for resource in job.resource_defs.values():
            assert "the-secret-key" not in f"{resource.description} {resource.config_schema.as_field()}"


def test_the_pages_of_resources_say_address_zone_and_database(places: Callable[[str], Place]) -> None:
    place = places("acme")
    resources = place.definitions("acme", timezone="Asia/Tokyo").resources or {}
    said = str(resources["acme"].description)
    assert place.sandbox.api_url in said
    assert "Asia/Tokyo" in said
    assert str(place.database) in said


def test_nothing_is_read_from_the_environment_on_import(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("CLOCKIFY_EXECUTOR", "multiprocess")
    monkeypatch.delitem(__import__("sys").modules, "clockify_dagster.definitions", raising=False)
    # `from clockify_dagster import definitions` would give the module as an earlier test left it
    definitions = importlib.import_module("clockify_dagster.definitions")
    assert "defs" not in vars(definitions)
    assert definitions.defs.executor.name == "multiprocess"
