"""Marts as views: what their SQL files say of them is so, and they are made whatever is loaded."""

from __future__ import annotations

import runpy
from pathlib import Path

import duckdb
import pytest

from clockify_dagster.contract import CONTRACT, CORE
from clockify_dagster.contract.change_log import CHANGE_LOG
from clockify_dagster.marts import FACTS, Mart, MartOptions, all_marts, audit_marts, available, make_views, marts_schema
from clockify_dagster.marts.model import read_mart
from clockify_dagster.marts.views import with_those_they_read
from clockify_dagster.warehouse import Database
from clockify_dagster_tests.marts.conftest import remake

MARTS = list(all_marts().values())
PAGE = Path(__file__).parents[2] / "docs" / "marts.md"
OWED = {
    *(
        "fct_time_entry",
        "fct_time_entry_day",
        "dim_user",
        "dim_project",
        "dim_client",
        "dim_task",
        "dim_tag",
        "dim_date",
    ),
    *("billing_by_client_month", "project_budget_burn", "utilisation_by_user_week", "project_margin_month"),
    *("hours_by_tag", "unbilled_work", "receivables_ageing", "timesheet_gaps", "overtime_by_user_week", "data_quality"),
}
HEADER = """-- A row a day,
-- of a zone.
--
-- key: day, user_id?
-- adds up: hours = work_hours, amount per currency
-- of: is_billable
--
-- day DATE: The day:
--     which one.
-- user_id VARCHAR: Whose.
-- hours DOUBLE: How long.
-- amount DOUBLE: How much.
-- currency VARCHAR: Of what.
SELECT * FROM {tables}.clockify_tags JOIN {marts}.dim_tag USING (id);
"""


def test_all_that_are_owed_are_there() -> None:
    assert all_marts().keys() >= OWED


TABLES_OF_MAIN = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_its_header_names_its_columns_with_their_types(database: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    found = database.execute(f"DESCRIBE clockify_marts.{mart.name}").fetchall()
    assert [(name, kind) for name, kind, *_ in found] == [(each.name, each.type) for each in mart.columns]


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_it_stands_after_what_it_reads_and_reads_tables_that_there_are(mart: Mart) -> None:
    order = list(all_marts())
    assert all(order.index(other) < order.index(mart.name) for other in mart.marts)
    assert all(table in CONTRACT for table in mart.tables)


def test_a_header_is_read() -> None:
    mart = read_mart("hours_by_day", HEADER)
    assert mart.description == "A row a day, of a zone."
    assert mart.key == ("day", "user_id")
    assert (mart.optional, mart.of) == (frozenset({"user_id"}), "is_billable")
    assert [(each.column, each.fact, each.currency) for each in mart.sums] == [
        ("hours", "work_hours", None),
        ("amount", "amount", "currency"),
    ]
    assert mart.columns[0].description == "The day: which one."
    assert (mart.tables, mart.marts) == (("clockify_tags",), ("dim_tag",))


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("-- key: day, user_id?\n", "has key"),
        ("-- user_id VARCHAR: Whose.\n", r"\['user_id'\] are not columns"),
        (" DATE: The day:\n--     which one.", "lacks"),
        ("--\n-- key", "with an empty line between"),
        ("-- of: is_billable\n", ""),
    ],
)
def test_a_header_that_is_not_complete_is_refused(part: str, fault: str) -> None:
    left = HEADER.replace(part, "-- key" if part.endswith("key") else "", 1)
    if not fault:
        assert read_mart("x", left).of == "true"
        return
    with pytest.raises(ValueError, match=fault):
        read_mart("x", left)


def test_views_and_columns_have_their_descriptions(database: duckdb.DuckDBPyConnection) -> None:
    views = database.execute("SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'clockify_marts'")
    assert dict(views.fetchall()) == {mart.name: mart.description for mart in MARTS}
    columns = database.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'clockify_marts' AND comment <> ''"
    )
    assert columns.fetchall() == [(sum(len(mart.columns) for mart in MARTS),)]


def test_they_show_what_is_loaded_after_them(database: duckdb.DuckDBPyConnection) -> None:
    assert database.execute("SELECT count(*) FROM clockify_marts.dim_tag").fetchall() == [(0,)]
    database.execute("INSERT INTO clockify_tags (id, name) VALUES ('1', 'later')")
    assert database.execute("SELECT tag_name FROM clockify_marts.dim_tag").fetchall() == [("later",)]


def test_a_table_of_an_older_version_gains_the_columns_that_they_read() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE clockify_tags (id VARCHAR)")
        connection.execute("INSERT INTO clockify_tags VALUES ('1')")
        remake(connection)
        assert connection.execute("SELECT tag_name FROM clockify_marts.dim_tag").fetchall() == [("1",)]


def test_a_table_that_is_not_to_be_loaded_is_not_made_and_counts_as_empty() -> None:
    with duckdb.connect() as connection:
        contract = CONTRACT.only(CORE)
        make_views(connection, available(contract).values(), contract, MartOptions())
        made = {name for (name,) in connection.execute(TABLES_OF_MAIN).fetchall()}
        assert made <= {*CORE, CHANGE_LOG}
        for name in available(contract):
            connection.execute(f"FROM clockify_marts.{name}")


def test_a_schema_has_marts_of_its_own_and_a_quote_in_its_name_is_a_quote(tmp_path: Path) -> None:
    schema = 'ac"me'
    database = Database(tmp_path / "x.duckdb", schema=schema)
    with database.writing() as connection:
        make_views(connection, available().values(), CONTRACT, MartOptions(zone="Europe/Belgrade"))
    with database.reading() as connection:
        assert connection.execute(
            f'SELECT count(*) FROM "{marts_schema(schema).replace(chr(34), chr(34) * 2)}".{FACTS}'
        )
    assert marts_schema("main") == "clockify_marts"


def test_an_attached_file_has_them_under_whatever_name(tmp_path: Path) -> None:
    with Database(tmp_path / "x.duckdb").writing() as connection:
        remake(connection)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path / 'x.duckdb'}' AS held (READ_ONLY)")
        assert connection.execute(f"SELECT count(*) FROM held.clockify_marts.{FACTS}").fetchall() == [(0,)]


def test_some_come_with_what_they_read() -> None:
    assert list(with_those_they_read(["dim_client"], all_marts())) == ["dim_workspace", "dim_client"]


def test_the_answer_does_not_depend_on_the_sessions_zone(database: duckdb.DuckDBPyConnection) -> None:
    remake(database, zone="Pacific/Auckland")
    database.execute(
        "INSERT INTO clockify_timeentries (id, timeinterval_start, timeinterval_end) VALUES "
        "('1', '2026-03-01 20:00:00+00', '2026-03-01 22:00:00+00')"
    )
    for zone in ("UTC", "America/Lima"):
        database.execute(f"SET TimeZone = '{zone}'")
        day = database.execute(f"SELECT CAST(local_date AS VARCHAR) FROM clockify_marts.{FACTS}").fetchall()
        assert day == [("2026-03-02",)]


def test_checks_find_a_key_that_repeats_and_a_sum_that_differs(database: duckdb.DuckDBPyConnection) -> None:
    database.execute(
        "INSERT INTO clockify_timeentries (id, workspaceid, timeinterval_start, timeinterval_end) VALUES "
        "('1', 'w', '2026-03-01 20:00:00+00', '2026-03-01 22:00:00+00')"
    )
    database.execute("INSERT INTO clockify_timeentries__tags (timeentry_id, tag_id) VALUES ('1', 'a'), ('1', 'b')")
    assert all(finding.passed for finding in audit_marts(database, MARTS))
    database.execute("INSERT INTO clockify_timeentries FROM clockify_timeentries")
    sql = "SELECT * REPLACE (hours * 2 AS hours) FROM clockify_marts.hours_by_tag"
    database.execute(
        f"CREATE TABLE doubled AS {sql}; CREATE OR REPLACE VIEW clockify_marts.hours_by_tag AS FROM doubled"
    )
    failed = {
        (each.check.table, each.check.name): each.message for each in audit_marts(database, MARTS) if not each.passed
    }
    assert failed == {
        ("fct_time_entry", "key_is_unique"): "1 rows repeat the key of another one and 0 lack a part of it.",
        ("fct_time_entry_day", "key_is_unique"): "1 rows repeat the key of another one and 0 lack a part of it.",
        ("data_quality", "key_is_unique"): "3 rows repeat the key of another one and 0 lack a part of it.",
        ("hours_by_tag", "adds_up_to_fct_time_entry"): "hours is 8.00, in fct_time_entry 4.00.",
    }
    chosen = {("dim_tag", "key_is_unique")}
    assert [each.check.table for each in audit_marts(database, MARTS, chosen)] == ["dim_tag"]


def test_a_name_that_is_there_twice_doubles_no_hours(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("INSERT INTO clockify_tags (id, name) VALUES ('a', 'a'), ('a', 'a')")
    database.execute(
        "INSERT INTO clockify_timeentries (id, timeinterval_start, timeinterval_end) VALUES "
        "('1', '2026-03-01 20:00:00+00', '2026-03-01 22:00:00+00')"
    )
    database.execute("INSERT INTO clockify_timeentries__tags (timeentry_id, tag_id) VALUES ('1', 'a')")
    assert database.execute("SELECT tag_name, hours FROM clockify_marts.hours_by_tag").fetchall() == [("a", 2)]


def test_a_mart_that_cannot_be_read_is_told_and_the_others_are_checked(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("ALTER TABLE clockify_tags DROP COLUMN archived")
    failed = {each.check.table: each.message for each in audit_marts(database, MARTS) if not each.passed}
    assert failed.keys() == {"dim_tag", "hours_by_tag"}
    assert failed["dim_tag"].startswith("It cannot be read (")


def test_nothing_is_said_of_marts_that_were_never_made() -> None:
    with duckdb.connect() as connection:
        assert audit_marts(connection, MARTS) == []


def test_the_page_is_made_from_the_headers() -> None:
    page = runpy.run_path(str(PAGE.with_suffix(".py")))["page"]
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_views_that_are_there_are_left_alone_until_one_is_gone_or_a_setting_changes(
    database: duckdb.DuckDBPyConnection,
) -> None:
    def numbers() -> set[int]:
        sql = "SELECT view_oid FROM duckdb_views() WHERE schema_name = 'clockify_marts'"
        return {number for (number,) in database.execute(sql).fetchall()}

    made = numbers()
    remake(database)
    assert numbers() == made
    database.execute("DROP VIEW clockify_marts.timesheet_gaps")
    remake(database)
    assert len(numbers()) == len(made)
    assert numbers().isdisjoint(made)
    made = numbers()
    remake(database, hours_per_day=6)
    assert numbers().isdisjoint(made)
