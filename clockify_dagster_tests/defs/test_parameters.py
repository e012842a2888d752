"""What `build_definitions` takes as parameters, and what it says of those that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest
from dagster import AssetKey, EnvVar

from clockify_dagster import ClockifyResource, build_definitions
from clockify_dagster.errors import SettingsError

MonkeyPatch = pytest.MonkeyPatch


def test_a_given_key_means_that_the_environment_has_no_say(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("CLOCKIFY_TIMEZONE", "Asia/Tokyo")
    monkeypatch.setenv("CLOCKIFY_REGION", "nowhere")
    schedules = build_definitions(api_key=EnvVar("A_KEY")).get_repository_def().schedule_defs
    assert {each.execution_timezone for each in schedules} == {"UTC"}
    assert ClockifyResource(api_key="abc", region="euc1").settings.core_url == "https://euc1.clockify.me/api/v1"


def test_a_wrong_value_is_named_as_the_parameter_that_it_is() -> None:
    with pytest.raises(SettingsError, match=r"^timezone cannot be used: there is no time zone of that name"):
        build_definitions(api_key=EnvVar("A_KEY"), timezone="Mars/Olympus")
    with pytest.raises(SettingsError, match="start_date is to be read from the environment variable FIRST_DAY"):
        build_definitions(api_key=EnvVar("A_KEY"), start_date=EnvVar("FIRST_DAY"))


@pytest.mark.parametrize(
    ("translation", "said"),
    [
        (lambda _spec, _table: None, "translation gives NoneType for clockify_workspaces"),
        (lambda spec, _table: spec.replace_attributes(key="hours"), "translation gives several tables the key hours"),
        (lambda spec, _table: spec.replace_attributes(deps=["x"]), "gives clockify_workspaces other dependencies"),
    ],
)
def test_a_translation_that_cannot_be_used_is_told_in_words(translation: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        build_definitions(api_key=EnvVar("A_KEY"), translation=translation)


def test_lists_and_numbers_may_come_from_the_environment(monkeypatch: MonkeyPatch) -> None:
    for name, value in {"TEAM": "acme", "DAYS": "12", "ZONE": "Asia/Tokyo"}.items():
        monkeypatch.setenv(name, value)
    made = build_definitions(
        api_key=EnvVar("A_KEY"),
        key_prefix=["raw", EnvVar("TEAM")],
        update_window_days=EnvVar.int("DAYS"),
        timezone=EnvVar("ZONE"),
    )
    assert AssetKey(["raw", "acme", "clockify_tags"]) in made.get_repository_def().asset_graph.get_all_asset_keys()
    with pytest.raises(SettingsError, match="update_window_days is to be read from the environment variable GONE"):
        build_definitions(api_key=EnvVar("A_KEY"), update_window_days=EnvVar.int("GONE"))
