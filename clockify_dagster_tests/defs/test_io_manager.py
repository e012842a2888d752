"""The IO manager as users meet it: assets of their own on top of our tables, kept in the same file."""

from collections.abc import Callable
from datetime import date, timedelta

import pandas as pd
import pytest
from dagster import (
    AssetExecutionContext,
    AssetIn,
    DailyPartitionsDefinition,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
    asset,
    materialize,
)

from clockify_dagster.defs.io_manager import ClockifyIOManager
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import small_account
from clockify_dagster_tests.defs.own_assets import ALL_DAYS, BY_DAY, DAYS, framed, read, run

MakeProject = Callable[..., Project]


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project(small_account(), start_date=DAYS[0])


def types(project: Project, table: str) -> dict[str, str]:
    return dict(project.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", table))


def test_a_table_of_ones_own_is_made_of_our_tables_and_read_by_the_next_one(project: Project) -> None:
    @asset(ins={"clockify_clients": AssetIn(metadata={"columns": ["name", "archived"]})})
    def client_names(clockify_clients: pd.DataFrame) -> pd.DataFrame:
        assert list(clockify_clients.columns) == ["name", "archived"]
        return framed(clockify_clients.assign(shout=clockify_clients["name"].str.upper()))

    @asset
    def longest_name(client_names: pd.DataFrame) -> pd.DataFrame:
        return framed({"length": [client_names["name"].str.len().max()]})

    tables = ["clockify_workspaces", "clockify_clients", "client_names", "longest_name"]
    run(project, client_names, longest_name, select=tables)
    assert read(project, "client_names") == [("Nordwind", False, "NORDWIND")]
    assert read(project, "longest_name") == [(8,)]


def test_days_of_entries_become_days_of_ones_own_table_and_only_these_are_replaced(project: Project) -> None:
    @asset(partitions_def=BY_DAY, metadata={"partition_expr": "day"})
    def hours(context: AssetExecutionContext, clockify_timeentries: pd.DataFrame) -> pd.DataFrame:
        days = clockify_timeentries["timeinterval_start"].dt.tz_convert("UTC").dt.date
        counted = days.value_counts().rename_axis("day").reset_index(name="entries")
        return framed(counted.assign(run=context.run.run_id))

    run(project, select=["clockify_workspaces"])
    run(project, select=["clockify_timeentries"], **ALL_DAYS)
    runs = [run(project, hours, select=["hours"], dagster__partition=day.isoformat()) for day in (*DAYS[3:6], DAYS[4])]
    rows = project.execute("SELECT day, entries, run FROM hours ORDER BY day")
    assert [(day, entries) for day, entries, _ in rows] == [(day, 2) for day in DAYS[3:6]]
    assert [by for _, _, by in rows] == [runs[0].run_id, runs[3].run_id, runs[2].run_id]


def test_a_frame_without_rows_makes_a_typed_table(project: Project) -> None:
    @asset
    def nothing() -> pd.DataFrame:
        return framed(framed({"name": [], "count": []}).astype({"name": object, "count": "int64"}))

    run(project, nothing, select=["nothing"])
    assert types(project, "nothing") == {"name": "VARCHAR", "count": "BIGINT"}


def test_columns_go_by_name_and_new_ones_are_added(project: Project) -> None:
    frames = [
        pd.DataFrame({"day": [DAYS[0]], "a": [1], "b": [None]}),
        pd.DataFrame({"b": ["x"], "c": [2.5], "a": [3], "day": [DAYS[1]]}),
    ]

    @asset(partitions_def=BY_DAY, metadata={"partition_expr": "day"})
    def shuffled(context: AssetExecutionContext) -> pd.DataFrame:
        return framed(frames[DAYS.index(context.partition_time_window.start.date())])

    for day in DAYS[:2]:
        run(project, shuffled, select=["shuffled"], dagster__partition=day.isoformat())
    assert project.execute("SELECT a, b, c FROM shuffled ORDER BY a") == [(1, None, None), (3, "x", 2.5)]


def test_a_day_without_a_zone_is_a_day_of_the_partitions_zone(project: Project) -> None:
    lima = DailyPartitionsDefinition(start_date=DAYS[0].isoformat(), timezone="America/Lima", end_offset=1)

    @asset(partitions_def=lima, metadata={"partition_expr": "day"})
    def in_lima(context: AssetExecutionContext) -> pd.DataFrame:
        return framed({"day": [context.partition_time_window.start.date()]})

    for day in (DAYS[0], DAYS[1], DAYS[0]):
        run(project, in_lima, select=["in_lima"], dagster__partition=day.isoformat())
    assert read(project, "in_lima") == [(DAYS[0],), (DAYS[1],)]


@pytest.mark.parametrize(
    ("column", "expression"),
    [("day", "day"), ("moment", "moment"), ("day", "CAST(day AS TIMESTAMP)"), ("moment", "moment::DATE")],
)
def test_days_may_be_text_or_what_an_expression_makes_of_a_column(
    project: Project, column: str, expression: str
) -> None:
    @asset(partitions_def=BY_DAY, metadata={"partition_expr": expression})
    def texts(context: AssetExecutionContext) -> pd.DataFrame:
        day = context.partition_key
        return framed({column: [day if column == "day" else f"{day} 23:30:00"], "run": [context.run.run_id]})

    runs = [run(project, texts, select=["texts"], dagster__partition=day.isoformat()) for day in (*DAYS[:2], DAYS[0])]
    assert [by for _, by in read(project, "texts")] == [runs[2].run_id, runs[1].run_id]


def test_static_partitions_replace_their_own_rows_and_are_read_alone(project: Project) -> None:
    letters = StaticPartitionsDefinition(["a", "b"])

    @asset(partitions_def=letters, metadata={"partition_expr": "letter"})
    def by_letter(context: AssetExecutionContext) -> pd.DataFrame:
        return framed({"letter": [context.partition_key], "run": [context.run.run_id]})

    @asset(partitions_def=letters, metadata={"partition_expr": "letter"})
    def copied(by_letter: pd.DataFrame) -> pd.DataFrame:
        return by_letter

    runs = [run(project, by_letter, select=["by_letter"], dagster__partition=each).run_id for each in "aba"]
    assert read(project, "by_letter") == [("a", runs[2]), ("b", runs[1])]
    run(project, by_letter, copied, select=["copied"], dagster__partition="b")
    assert read(project, "copied") == [("b", runs[1])]


def test_partitions_of_two_dimensions_replace_their_own_rows(project: Project) -> None:
    both = MultiPartitionsDefinition({"day": BY_DAY, "letter": StaticPartitionsDefinition(["a", "b"])})

    @asset(partitions_def=both, metadata={"partition_expr": {"day": "day", "letter": "letter"}})
    def by_both(context: AssetExecutionContext) -> pd.DataFrame:
        day, letter = context.partition_key.split("|")
        return framed({"day": [date.fromisoformat(day)], "letter": [letter], "run": [context.run.run_id]})

    chosen = [(DAYS[1], "a"), (DAYS[1], "b"), (DAYS[2], "a"), (DAYS[1], "a")]
    runs = [
        run(project, by_both, select=["by_both"], dagster__partition=f"{day}|{letter}").run_id for day, letter in chosen
    ]
    assert read(project, "by_both") == [
        (DAYS[1], "a", runs[3]),
        (DAYS[1], "b", runs[1]),
        (DAYS[2], "a", runs[2]),
    ]


def test_an_asset_without_a_value_writes_nothing(project: Project) -> None:
    @asset
    def nothing() -> None:
        pass

    run(project, nothing, select=["nothing"])
    assert not project.database.exists()


def test_a_frame_goes_to_the_schema_of_its_metadata_or_else_of_its_key(project: Project) -> None:
    @asset(metadata={"schema": "chosen"})
    def named() -> pd.DataFrame:
        return framed({"x": [1]})

    @asset(key_prefix=["team", "marts"])
    def prefixed() -> pd.DataFrame:
        return framed({"x": [2]})

    @asset(ins={"named": AssetIn("named"), "prefixed": AssetIn(["team", "marts", "prefixed"])})
    def total(named: pd.DataFrame, prefixed: pd.DataFrame) -> pd.DataFrame:
        return framed({"x": [int(named["x"][0] + prefixed["x"][0])]})

    alone = {"io_manager": ClockifyIOManager(database=str(project.database))}
    assert materialize([named, prefixed, total], resources=alone, instance=project.instance).success
    assert project.execute("SELECT x FROM chosen.named") == [(1,)]
    assert project.execute("SELECT x FROM marts.prefixed") == [(2,)]
    assert read(project, "total") == [(3,)]


def test_an_older_file_gains_the_columns_that_it_lacks(project: Project) -> None:
    run(project, select=["clockify_workspaces", "clockify_clients"])
    project.execute("ALTER TABLE clockify_clients DROP COLUMN email")
    project.execute("ALTER TABLE clockify_clients ADD COLUMN our_rating INTEGER")
    before = types(project, "clockify_clients")
    run(project, select=["clockify_clients"])
    assert types(project, "clockify_clients") == {**before, "email": "VARCHAR"}
    assert len(read(project, "clockify_clients")) == 1


def test_rows_of_a_day_are_read_by_the_days_own_midnights(project: Project) -> None:
    @asset(partitions_def=BY_DAY, metadata={"partition_expr": "timeinterval_start"})
    def same(clockify_timeentries: pd.DataFrame) -> pd.DataFrame:
        return framed(clockify_timeentries[["id", "timeinterval_start"]])

    run(project, select=["clockify_workspaces"])
    run(project, select=["clockify_timeentries"], **ALL_DAYS)
    run(project, same, select=["same"], dagster__partition=DAYS[2].isoformat())
    starts = project.execute("SELECT timeinterval_start FROM same ORDER BY 1")
    assert [start.date() for (start,) in starts] == [DAYS[2], DAYS[2]]
    assert starts[1][0] - starts[0][0] == timedelta(hours=1)
