"""Names that are not the usual ones: the command, the assets, the checks and the tables mean the same by them."""

from __future__ import annotations

import json

import pytest
from dagster import DagsterInstance

from clockify_dagster.definitions import project_definitions
from clockify_dagster.marts import all_marts
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.conftest import CORE_TABLES, Project
from clockify_dagster_tests.defs.running import DAILY
from clockify_dagster_tests.faults.expected import assert_schema_holds

NAMED = [
    pytest.param({"key_prefix": "acme"}, "acme/", "acme", "clockify", id="a prefix is the schema too"),
    pytest.param({"key_prefix": "acme/raw", "name": "acme"}, "acme/raw/", "acme_raw", "acme", id="a prefix of parts"),
    pytest.param({"database_schema": "hours"}, "", "hours", "clockify", id="a schema alone"),
    pytest.param(
        {"key_prefix": "acme", "database_schema": "hours", "name": "globex", "group_name": "time"},
        "acme/",
        "hours",
        "globex",
        id="all of them",
    ),
]


@pytest.mark.parametrize(("variables", "prefix", "schema", "name"), NAMED)
def test_sync_check_doctor_and_the_assets_mean_the_same_names(
    command: Command, project: Project, variables: dict[str, str], prefix: str, schema: str, name: str
) -> None:
    project.set(**variables)
    said = command("sync")
    assert said.code == 0, said.all
    assert_schema_holds(project.database, schema, project.account, DAILY)

    marts = {f"{prefix}clockify_marts/{mart}" for mart in all_marts()}
    assets = {f"{prefix}{table}" for table in DAILY} | marts
    with DagsterInstance.get() as history:
        assert {key.to_user_string() for key in history.get_asset_keys()} == assets
        assert [run.job_name for run in history.get_runs()] == [f"{name}_daily"]
    graph = project_definitions(project.settings).get_repository_def().asset_graph
    tables = {f"{prefix}{each.name}" for each in CORE_TABLES}
    report = {f"{prefix}clockify_report"}  # which no job has
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == tables | marts | report
    groups = {str(graph.get(key).group_name) for key in graph.get_all_asset_keys()}
    by_kind = {f"{name}_{table.group}" for table in CORE_TABLES} | {f"{name}_marts"}
    assert groups == ({variables["group_name"]} if "group_name" in variables else by_kind)

    said = command("check", "--json")
    assert said.code == 0, said.all
    found = {(each["asset"], each["check"]) for each in json.loads(said.out)}
    ours = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    loaded = {each for each in ours if each[0] in assets}
    assert found == loaded, "each check of what is loaded, by the key that Dagster has it under"
    assert all(each["passed"] for each in json.loads(said.out))

    said = command("doctor")
    assert said.code == 0, said.all
    assert f"{len(DAILY)} of {len(CORE_TABLES.tables)} tables" in said.out
    line = f"such as asset {prefix}clockify_workspaces, table {schema}.clockify_workspaces, job {name}_daily"
    assert line in " ".join(said.out.split())


def test_a_check_that_fails_is_named_by_its_asset(command: Command, project: Project) -> None:
    project.set(key_prefix="acme")
    command("sync")
    project.execute("INSERT INTO acme.clockify_tags FROM acme.clockify_tags LIMIT 1")
    said = command("check")
    assert said.code == 1
    assert "- ERROR acme/clockify_tags, key_is_unique: 1 rows repeat the key of another one" in said.out


@pytest.mark.parametrize(("first", "then"), [("Main", "main"), ("acme", "ACME")])
def test_a_schema_is_the_same_however_its_letters_are_written(
    command: Command, project: Project, first: str, then: str
) -> None:
    for written in (first, then):
        project.set(database_schema=written)
        said = command("sync")
        assert said.code == 0, said.all
        assert_schema_holds(project.database, first, project.account, DAILY)
    assert command("check").code == 0


@pytest.mark.parametrize(
    ("schema", "file"),
    [("acme", "Acme.duckdb"), ("main", "clockify_marts.duckdb"), ("acme", "acme_state.db"), ("temp", "hours.duckdb")],
)
def test_a_schema_that_sql_could_not_tell_from_a_database_is_named_before_anything_is_touched(
    command: Command, project: Project, schema: str, file: str
) -> None:
    project.set(database_schema=schema, database=project.folder / file)
    said = command("sync")
    assert said.code == 2
    assert "CLOCKIFY_DATABASE cannot be used: in SQL its schema " in said.err
    assert not (project.folder / file).exists()
    assert project.sandbox.requests == []
