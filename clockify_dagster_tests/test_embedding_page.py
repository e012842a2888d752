"""docs/embedding.md: its code loads, and its YAML is a component that loads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import AssetKey, Definitions

from clockify_dagster import ClockifyComponent, ClockifyResource, build_definitions
from clockify_dagster.component import FromEnvironment
from clockify_dagster.contract import CONTRACT
from clockify_dagster.sandbox import Account, Sandbox

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


def test_the_lists_that_the_page_names_are_read_and_so_are_those_of_larger_plans() -> None:
    account = Account()
    place = account.add_workspace("Agency", "PRO")
    user = account.add_user(place)
    account.add_expense(account.add_expense_category(place, "Travel"), user, 10.5)
    named = re.search(r"a method for each list of every plan:(.*?)\.", PAGE, re.DOTALL)
    assert named
    with Sandbox(account) as sandbox:
        client = ClockifyResource(api_key=sandbox.api_key, api_url=sandbox.api_url).client
        assert all(callable(getattr(client, name)) for name in re.findall(r"`(\w+)`", named[1]))
        (said,) = re.findall(r"`(client\.documents\(.*?)`", PAGE)
        expenses = list(eval(said, {"client": client, "CONTRACT": CONTRACT, "workspace": place}))  # noqa: S307
    assert [each["total"] for each in expenses] == [10.5]


@pytest.mark.parametrize("parameter", ["name", "key_prefix", "schema", "group_name", "translation"])
def test_the_parameters_that_the_page_explains_exist(parameter: str) -> None:
    assert parameter in (build_definitions.__kwdefaults__ or {})
    assert f"`{parameter}`" in PAGE
