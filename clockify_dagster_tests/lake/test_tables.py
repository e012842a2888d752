"""Every table in a lake equals the account, with its files in a folder and on S3."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster.sandbox import Account, make_agency
from clockify_dagster_tests.lake.conftest import LakeProject, days_ago
from clockify_dagster_tests.lake.servers import PASSWORD, SECRET, Postgres
from clockify_dagster_tests.small import add_everything
from clockify_dagster_tests.test_every_table import assert_equal

MakeProject = Callable[..., LakeProject]


@pytest.fixture
def project(make_lake_project: MakeProject, place: str) -> LakeProject:
    return make_lake_project(
        make_agency(months=1, timezone="Pacific/Auckland"),
        place,
        tables="all",
        timezone="Pacific/Auckland",
        start_date=days_ago(45),
    )


def test_all_tables_equal_the_account_and_go_on_to_and_the_checks_pass(project: LakeProject) -> None:
    days = Days(days_ago(45), project.calendar.today)
    project.run("clockify_everything", days, checks=False)
    assert_all_equal(project, days)
    change(project.account)
    result = project.run("clockify_everything", days)
    assert_all_equal(project, days)
    checks = result.get_asset_check_evaluations()
    assert len(checks) > 200
    assert [each.check_name for each in checks if not each.passed and each.severity.value == "ERROR"] == []


def assert_all_equal(project: LakeProject, days: Days) -> None:
    end = days.span(project.calendar.zone).end
    for root in CONTRACT.roots:
        if root.name == "clockify_timeentries":
            assert_equal(project, root.name, keep=lambda row: row["timeinterval_start"] < end)
        else:
            assert_equal(project, root.name)


def change(account: Account) -> None:
    """Something of everything that may happen between two syncs."""
    for place in account.workspaces.values():
        entries = list(place.entries.by_id.values())
        account.delete_entry(entries[0])
        account.edit_entry(entries[1], description="edited", billable=True)
        account.move_entry(entries[2], account.now() - timedelta(days=20))
        account.add_client(place.document, "New")


def test_tables_and_columns_and_marts_say_what_they_are(make_lake_project: MakeProject, tmp_path: Path) -> None:
    account = Account()
    add_everything(account)
    project = make_lake_project(account, f"{tmp_path}/lake/", tables="all", start_date=days_ago(14))
    project.sync()
    with project.warehouse.database.reading() as connection:
        (comment,) = connection.execute(
            "SELECT comment FROM duckdb_tables() WHERE database_name = current_database() "
            "AND table_name = 'clockify_tags'"
        ).fetchone() or (None,)
        assert comment == CONTRACT["clockify_tags"].description
        columns = dict(
            connection.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = current_database() "
                "AND table_name = 'clockify_tags'"
            ).fetchall()
        )
        assert columns == {column.name: column.description for column in CONTRACT["clockify_tags"].columns}
        hours = "SELECT round(sum(hours), 4) FROM clockify_marts.fct_time_entry"
        assert connection.execute(hours).fetchall() == [(sum_of_hours(account),)]


def sum_of_hours(account: Account) -> float:
    (place,) = account.workspaces.values()
    intervals = [each["timeInterval"] for each in place.entries.by_id.values()]
    from clockify_dagster.sandbox.times import instant

    seconds = [(instant(each["end"]) - instant(each["start"])).total_seconds() for each in intervals if each["end"]]
    return round(sum(seconds) / 3600, 4)


def test_secrets_are_nowhere_in_the_catalog(project: LakeProject, postgres: Postgres) -> None:
    project.run("clockify_reference", checks=False)
    database = re.search(r"dbname=(\w+)", str(project.settings.database))
    assert database
    tables = postgres.run(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables WHERE table_schema = 'public'",
        database[1],
    ).split()
    assert any("ducklake_metadata" in table for table in tables)
    held = "\n".join(postgres.run(f"TABLE {table}", database[1]) for table in tables)
    assert SECRET not in held
    assert PASSWORD not in held
    assert project.sandbox.api_key not in held
