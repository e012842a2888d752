"""docs/embedding.md: its code loads, and its YAML is a component that loads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import AssetKey, Definitions

from clockify_dagster import ClockifyComponent, build_definitions
from clockify_dagster.component import FromEnvironment

PAGE = (Path(__file__).parents[1] / "docs" / "embedding.md").read_text()
KEYS = {AssetKey(["acme", name]) for name in ("clockify_projects", "clockify_timeentries")}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def loaded(code: str) -> Definitions:
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    found = names["defs"]
    assert isinstance(found, Definitions)
    return found


def test_the_pages_python_loads() -> None:
    whole, own = map(loaded, blocks("python"))
    graph = whole.get_repository_def().asset_graph
    assert graph.get_all_asset_keys() >= KEYS
    assert own.get_repository_def().asset_graph.get_all_asset_keys() == {AssetKey("client_emails")}


def test_the_pages_jobs_are_the_jobs() -> None:
    jobs = {job.name for job in loaded(blocks("python")[0]).get_repository_def().get_all_jobs()} - {"__ASSET_JOB"}
    assert set(re.findall(r"`(acme_[a-z_]+)`", PAGE)) - {"acme_warehouse", "acme_marts"} == jobs


def test_the_pages_yaml_is_what_the_component_takes() -> None:
    (text,) = blocks("yaml")
    attributes = yaml.safe_load(text)["attributes"]
    model = ClockifyComponent.model()(**attributes)
    key = model.api_key  # type: ignore[attr-defined]
    assert isinstance(key, FromEnvironment)
    given = {**attributes, "api_key": "x"}
    given.pop("translation")
    graph = build_definitions(**given).get_repository_def().asset_graph
    assert graph.get_all_asset_keys() >= KEYS


@pytest.mark.parametrize("parameter", ["name", "key_prefix", "schema", "group_name", "translation"])
def test_the_parameters_that_the_page_explains_exist(parameter: str) -> None:
    assert parameter in (build_definitions.__kwdefaults__ or {})
    assert f"`{parameter}`" in PAGE
