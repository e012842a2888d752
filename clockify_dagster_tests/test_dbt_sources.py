"""`clockify-dagster dbt-sources`: what it says is what the contract says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from clockify_dagster.cli import commands
from clockify_dagster.contract import CONTRACT, CORE
from clockify_dagster.contract.change_log import CHANGE_LOG, ChangeColumn
from clockify_dagster.contract.column import Orphans
from clockify_dagster.dbt_sources import sources_yaml
from clockify_dagster.marts import all_marts
from clockify_dagster_tests.marts.conftest import Load, Office, load, office

__all__ = ["load", "office"]

Named = dict[str, dict[str, Any]]


def by_name(items: list[dict[str, Any]]) -> Named:
    assert len({item["name"] for item in items}) == len(items)
    return {item["name"]: item for item in items}


@pytest.fixture(scope="module")
def sources() -> Named:
    return by_name(yaml.safe_load(sources_yaml(CONTRACT, all_marts().values(), "main"))["sources"])


def checks_of(column: dict[str, Any]) -> list[Any]:
    found: list[Any] = column.get("data_tests", [])
    return found


def test_it_has_each_table_with_each_column_and_what_is_said_of_it(sources: Named) -> None:
    assert sources["clockify"]["schema"] == "main"
    tables = by_name(sources["clockify"]["tables"])
    assert list(tables) == [*CONTRACT.tables, CHANGE_LOG]
    for table in CONTRACT:
        assert tables[table.name]["description"] == table.description
        columns = [(c["name"], c["data_type"], c["description"]) for c in tables[table.name]["columns"]]
        assert columns == [(c.name, c.type.sql, c.description) for c in table.columns]


def test_keys_are_tested_as_the_contract_has_them(sources: Named) -> None:
    tables = by_name(sources["clockify"]["tables"])
    for table in CONTRACT:
        columns = by_name(tables[table.name]["columns"])
        assert {name for name in columns if "not_null" in checks_of(columns[name])} == set(table.never_null)
        unique = {name for name in columns if "unique" in checks_of(columns[name])}
        assert unique == (set(table.primary_key) if len(table.primary_key) == 1 else set())


def test_references_are_tested_and_a_deleted_target_is_a_warning(sources: Named) -> None:
    tables = by_name(sources["clockify"]["tables"])
    for table in CONTRACT:
        found = {
            column["name"]: test["relationships"]
            for column in tables[table.name]["columns"]
            for test in checks_of(column)
            if isinstance(test, dict)
        }
        assert found.keys() == table.references.keys()
        for name, reference in table.references.items():
            leads_to = {"to": f"source('clockify', '{reference.table}')", "field": reference.column}
            assert found[name]["arguments"] == leads_to
            assert (found[name].get("config") == {"severity": "warn"}) is (reference.orphans is Orphans.ALLOWED)


def test_tables_that_every_account_has_are_to_be_loaded_daily_and_integral_ones_weekly(sources: Named) -> None:
    fresh = {t["name"]: t["config"] for t in sources["clockify"]["tables"] if "config" in t}
    whole = {table.name for table in CONTRACT if table.name in CORE and table.parent is None and not table.is_by_day}
    assert fresh.keys() == whole
    assert {config["loaded_at_field"] for config in fresh.values()} == {"_loaded_at"}
    hours = {name: config["freshness"]["warn_after"] for name, config in fresh.items()}
    assert hours["clockify_projects"] == {"count": 36, "period": "hour"}
    assert hours["clockify_timeentries_integral"] == {"count": 8 * 24, "period": "hour"}


def test_a_table_of_days_has_no_freshness_which_a_backfill_of_old_days_would_satisfy(sources: Named) -> None:
    entries = by_name(sources["clockify"]["tables"])["clockify_timeentries"]
    assert "config" not in entries


def test_the_table_of_changes_is_among_them(sources: Named) -> None:
    log = by_name(sources["clockify"]["tables"])[CHANGE_LOG]
    columns = by_name(log["columns"])
    assert list(columns) == [column.value for column in ChangeColumn]
    assert columns["seen_at"]["data_type"] == "TIMESTAMP WITH TIME ZONE"
    assert all(column["description"] for column in (log, *columns.values()))
    assert {name for name in columns if checks_of(columns[name])} == {"seen_at", "table_name", "id", "what"}


def test_marts_are_a_source_of_their_own(sources: Named) -> None:
    assert sources["clockify_marts"]["schema"] == "clockify_marts"
    marts = by_name(sources["clockify_marts"]["tables"])
    assert marts.keys() == all_marts().keys()
    columns = by_name(marts["billing_by_client_month"]["columns"])
    assert "not_null" in checks_of(columns["month"])
    assert checks_of(columns["client_id"]) == [], "which may be null"
    assert checks_of(by_name(marts["fct_time_entry"]["columns"])["entry_id"]) == ["not_null", "unique"]


def test_a_schema_of_ones_own_has_its_marts_beside_it() -> None:
    text = sources_yaml(CONTRACT.only({"clockify_tags"}), [], "acme", change_log=False)
    said = yaml.safe_load(text)["sources"]
    assert [(source["name"], source["schema"]) for source in said] == [("clockify", "acme")]
    assert [table["name"] for table in said[0]["tables"]] == ["clockify_tags"]


def test_the_command_leaves_out_what_the_database_does_not_hold(office: Office, load: Load, tmp_path: Path) -> None:
    everything = yaml.safe_load(CliRunner().invoke(commands, ["dbt-sources"]).stdout)
    assert len(everything["sources"][0]["tables"]) == len(CONTRACT.tables) + 1, "there is no database yet"
    load(office)
    path = tmp_path / "sources.yml"
    said = CliRunner().invoke(commands, ["dbt-sources", "--out", str(path)])
    assert "Left out, since the database does not hold them: clockify_timeentries_integral" in said.stderr
    tables = {table["name"] for table in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"][0]["tables"]}
    assert {"clockify_timeentries", CHANGE_LOG} <= tables
    assert not {name for name in tables if "integral" in name}
