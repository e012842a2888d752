"""What the IO manager does not take of users' assets, and what it says of it."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest
from dagster import (
    AssetExecutionContext,
    AssetIn,
    StaticPartitionsDefinition,
    asset,
)

from clockify_dagster.days import Days
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import small_account
from clockify_dagster_tests.defs.own_assets import BY_DAY, DAYS, framed, read, run

MakeProject = Callable[..., Project]


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project(small_account(), start_date=DAYS[0])


@pytest.mark.parametrize("expression", ["dya", "upper(dya)", "day ("])
def test_partitions_in_a_column_that_is_not_there_are_refused_in_words(project: Project, expression: str) -> None:
    @asset(partitions_def=BY_DAY, metadata={"partition_expr": expression})
    def wrong(context: AssetExecutionContext) -> pd.DataFrame:
        return framed({"day": [context.partition_key]})

    with pytest.raises(AssertionError, match=r"wrong has no column .*, which should hold its partitions"):
        run(project, wrong, select=["wrong"], dagster__partition=DAYS[0].isoformat())


def test_what_is_wrong_in_a_frame_is_said_and_not_what_follows_from_it(project: Project) -> None:
    project.warehouse.write_frame("odd", framed({"day": ["no day"]}))
    span = Days(DAYS[0], DAYS[0]).span(ZoneInfo("UTC"))
    with pytest.raises(duckdb.ConversionException, match="no day"):
        project.warehouse.write_frame("odd", framed({"day": ["no day"]}), (("day", span),))


def test_a_frame_does_not_take_the_place_of_one_of_our_tables(project: Project) -> None:
    run(project, select=["clockify_workspaces", "clockify_tags"])
    before = read(project, "clockify_tags")

    @asset(key=["staging", "clockify_tags"])
    def stolen() -> pd.DataFrame:
        return framed({"a": [1]})

    with pytest.raises(AssertionError, match="would take the place of the table clockify_tags"):
        run(project, stolen, select=["staging/clockify_tags"])
    assert read(project, "clockify_tags") == before


def test_a_column_that_a_table_does_not_have_is_refused_in_words(project: Project) -> None:
    @asset(ins={"clockify_clients": AssetIn(metadata={"columns": ["name", "archivd"]})})
    def names(clockify_clients: pd.DataFrame) -> pd.DataFrame:
        return clockify_clients

    with pytest.raises(AssertionError, match=r"clockify_clients has no column archivd\. It has: id, "):
        run(project, names, select=["clockify_workspaces", "clockify_clients", "names"])


def test_what_is_no_frame_of_pandas_is_refused_in_words(project: Project) -> None:
    @asset
    def listed() -> list[int]:
        return [1]

    with pytest.raises(AssertionError, match=r"given builtins.list. This IO manager takes pandas.DataFrame, and None"):
        run(project, listed, select=["listed"])


def test_partitions_without_a_column_are_refused_in_words(project: Project) -> None:
    @asset(partitions_def=StaticPartitionsDefinition(["a", "b"]))
    def by_letter() -> pd.DataFrame:
        return framed({"letter": ["a"]})

    with pytest.raises(AssertionError, match="say which column holds them"):
        run(project, by_letter, select=["by_letter"], dagster__partition="a")
