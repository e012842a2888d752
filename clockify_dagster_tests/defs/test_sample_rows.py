"""A few rows on the page of each table, in which nobody is named and nothing is quoted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timezone

import pytest
from dagster import ExecuteInProcessResult

from clockify_dagster.days import Days
from clockify_dagster.defs.table_specs import LONGEST_CELL, SAMPLE
from clockify_dagster.warehouse.sample import COLUMNS, ROWS
from clockify_dagster_tests.conftest import CORE_TABLES, Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.running import DAILY

DAYS = days_before_today(8)


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(small_account(len(DAYS)), start_date=DAYS[0])


def samples(result: ExecuteInProcessResult) -> dict[str, str]:
    """By table, the rows that a run shows on its page."""
    found = {}
    for event in result.filter_events(lambda event: event.is_step_materialization or event.is_asset_observation):
        data = event.event_specific_data
        about = getattr(data, "materialization", None) or data.asset_observation  # type: ignore[union-attr]
        if SAMPLE in about.metadata:
            found[about.asset_key.path[-1]] = str(about.metadata[SAMPLE].value)
    return found


def rows_of(sample: str) -> list[list[str]]:
    """The cells, line by line: of the head first, without the line below it."""
    lines = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in sample.splitlines()]
    return [lines[0], *lines[2:]]


def load(project: Project) -> dict[str, str]:
    return samples(project.run("clockify_daily", Days(DAYS[0], DAYS[-1]), checks=False))


def test_each_table_with_rows_shows_a_few_of_them(project: Project) -> None:
    shown = load(project)
    assert shown.keys() == {table for table in DAILY if project.rows(table)}
    for table, sample in shown.items():
        head, *rows = rows_of(sample)
        assert (
            head == [column.name for column in CORE_TABLES[table].document_columns if not column.is_private][:COLUMNS]
        )
        assert len(rows) == min(ROWS, len(project.rows(table)))
    head, *rows = rows_of(shown["clockify_timeentries"])
    entries = {row["id"]: row for row in project.rows("clockify_timeentries")}
    for row in rows:
        entry = entries[row[head.index("id")]]
        start = entry["timeinterval_start"].astimezone(timezone.utc)
        assert row[head.index("timeinterval_start")] == f"{start:%Y-%m-%dT%H:%M:%SZ}"
        assert row[head.index("projectid")] == entry["projectid"]


def test_they_name_nobody_and_quote_nothing(project: Project) -> None:
    (place,) = project.account.workspaces.values()
    for user in project.account.users.values():
        user["profilePicture"] = "https://img.clockify.me/no-user-image.png"
    for client in place.clients.values():
        client |= {"note": "pays late", "address": "1 Long Street", "email": "bills@nordwind.example"}
    for number, entry in enumerate(place.entries.by_id.values()):
        entry["description"] = f"call with somebody {number}"
    shown, private = load(project), set[str]()
    for table, sample in shown.items():
        columns = [column.name for column in CORE_TABLES[table].document_columns if column.is_private]
        held = {str(row[each]) for row in project.rows(table) for each in columns if row[each] not in (None, "")}
        assert [each for each in held if each in "\n".join(sample.splitlines()[1:])] == [], table
        private |= held
    assert {"Person 0", "Nordwind", "pays late", "Website", "Layout", "urgent", "call with somebody 0"} < private


def test_a_value_ends_neither_its_cell_nor_its_line(project: Project) -> None:
    (place,) = project.account.workspaces.values()
    (tag,) = place.tags.values()
    tag["id"] = "a|b\nc" + "d" * LONGEST_CELL
    _, row = rows_of(load(project)["clockify_tags"])
    assert row[0] == "a\\|b c" + "d" * (LONGEST_CELL - 5)
