"""CLOCKIFY_TABLES: all tables, the core ones, or those that are named, with what they need."""

from __future__ import annotations

import pytest
from dagster import AssetsDefinition

from clockify_dagster.contract import CONTRACT, CORE
from clockify_dagster.defs.account_definitions import account_definitions
from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings

BASE = {"clockify_workspaces"}
NEEDED = {
    "all": set(CONTRACT.tables),
    "core": set(CORE),
    "tags": BASE | {"clockify_tags"},
    "clockify_tags, clients": BASE | {"clockify_tags", "clockify_clients"},
    "core,holidays": {*CORE, "clockify_holidays"},
    "timeentries__tags": BASE | {"clockify_timeentries", "clockify_timeentries__tags"},
    "timeentries__billing": BASE | {"clockify_timeentries", "clockify_timeentries__billing"},
    "invoices__payments": BASE | {"clockify_invoices", "clockify_invoices__payments"},
    "tasks__assignees": BASE | {"clockify_projects", "clockify_tasks", "clockify_tasks__assignees"},
    "timeoff_balances": BASE | {"clockify_timeoff_policies", "clockify_timeoff_balances"},
    "timeoff_requests": BASE | {"clockify_timeoff_policies", "clockify_timeoff_requests"},
    "attendance": BASE | {"clockify_attendance"},
}


@pytest.mark.parametrize("text", NEEDED)
def test_named_tables_come_with_what_they_need_and_are_assets(text: str) -> None:
    settings = Settings.load(tables=text)
    assert set(settings.contract.tables) == NEEDED[text]
    definitions = account_definitions(settings)
    found = [each for each in definitions.assets or () if isinstance(each, AssetsDefinition)]
    keys = {key.path[-1] for each in found for key in each.keys if key.path[-1] in CONTRACT}
    assert keys == NEEDED[text]
    for table in settings.contract:
        for column in table.columns:
            assert column.references is None or column.references.table in settings.contract


def test_without_a_choice_all_tables_are_loaded() -> None:
    assert Settings.load().contract is CONTRACT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("holiday", "holiday is not the name of a table; did you mean clockify_holidays?"),
        ("clockify_tag", "did you mean clockify_tags?"),
        ("everything", "everything is not the name of a table"),
        ("xyz", "xyz is not the name of a table (nor core, nor all)"),
    ],
)
def test_a_wrong_name_is_refused_with_the_one_that_was_meant(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match="CLOCKIFY_TABLES") as found:
        Settings.load(tables=text)
    assert words in str(found.value)
