"""Runs about one workspace or several: what belongs to others stays, in whatever order the runs come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from dagster import ExecuteInProcessResult, build_schedule_context

from clockify_dagster.contract import CONTRACT
from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs.account_definitions import warehouse_of
from clockify_dagster.defs.partitions import tags_of
from clockify_dagster.defs.resources import ClockifyResource
from clockify_dagster.defs.run_workspaces import tags_of_workspaces
from clockify_dagster.sandbox import Account
from clockify_dagster.warehouse.ddl import quoted
from clockify_dagster.warehouse.workspace_state import without_days
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.small import add_everything
from clockify_dagster_tests.test_every_table import expected

CHILDREN = [table.name for table in CONTRACT if table.parent and "workspaceid" in [c.name for c in table.columns]]
DAYS = 12


class Places:
    """An account of three workspaces, and a project. One person is in all of them."""

    def __init__(self, make_project: Callable[..., Project]) -> None:
        account = Account()
        for _ in range(3):
            add_everything(account, people=2, days=6)
        self.ids = list(account.workspaces)
        shared = account.add_user(account.workspace(self.ids[0]).document, "Everywhere")
        for each in self.ids[1:]:
            account.add_to_workspace(shared, each)
        self.shared = shared
        self.account = account
        start = date.today() - timedelta(days=DAYS)  # noqa: DTZ011 - the account is made by this clock
        self.project = make_project(account, tables="all", start_date=start)

    def run(self, *workspaces: str, checks: bool = False, expect: bool = True) -> ExecuteInProcessResult:
        job = project_definitions(self.project.settings).resolve_job_def("clockify_daily")
        if not checks:
            tables = set(job.asset_layer.selected_asset_keys)
            job = job.get_subset(asset_selection=tables, asset_check_selection=set())
        tags = {**tags_of(self.project.calendar.days), **tags_of_workspaces(workspaces)}
        result = job.execute_in_process(instance=self.project.instance, tags=tags, raise_on_error=False)
        assert result.success is expect, self.project.failures(result)
        return result

    def change(self, *workspaces: str) -> None:
        """Something in each kind of table."""
        for each in workspaces:
            place = self.account.workspace(each)
            entries = list(place.entries.by_id.values())
            self.account.delete_entry(entries[0])
            self.account.edit_entry(entries[1], description=f"changed in {each}", tagIds=[])
            self.account.move_entry(entries[2], self.account.now() - timedelta(days=DAYS - 1))
            self.account.add_client(place.document, "New")
            (project, *_), (user, *_) = place.projects.values(), place.members
            self.account.add_task(place.document, project, assignees=[self.account.users[user]])

    def held(self, name: str) -> list[dict[str, Any]]:
        return self.project.rows(name)

    def rows(self, workspace: str) -> dict[str, list[tuple[Any, ...]]]:
        """By table, all rows of a workspace, with the columns about loading."""
        found = {}
        for table in CONTRACT:
            if "workspaceid" in [column.name for column in table.columns] and "integral" not in table.name:
                sql = f"SELECT * FROM {quoted(table.name)} WHERE workspaceid = ? ORDER BY ALL"
                found[table.name] = self.project.execute(sql, workspace)
        return found

    def assert_equal(self) -> None:
        for root in CONTRACT.roots:
            if "integral" not in root.name:
                for name, rows in expected(self.project, root.name).items():
                    assert self.held(name) == rows, name


@pytest.fixture
def places(make_project: Callable[..., Project]) -> Places:
    return Places(make_project)


def test_a_run_of_one_workspace_leaves_every_row_of_the_others_as_it_is(places: Places) -> None:
    places.run()
    places.assert_equal()
    one, *others = places.ids
    before = {each: places.rows(each) for each in others}
    places.change(*places.ids)
    result = places.run(one, checks=True)
    assert {each: places.rows(each) for each in others} == before
    found = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert [each.description for each in found if each.severity.value == "ERROR"] == []
    places.run(*others)
    places.assert_equal()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)], ids=str)
def test_workspaces_that_are_loaded_one_by_one_are_as_loaded_together(places: Places, order: tuple[int, ...]) -> None:
    for number in order:
        places.run(places.ids[number])
    places.assert_equal()
    places.change(*places.ids)
    for number in reversed(order):
        places.shared["name"] = f"renamed before workspace {number} is listed"
        places.run(places.ids[number])
    places.assert_equal()


def test_children_say_to_which_workspace_they_belong(places: Places) -> None:
    places.run()
    for name in CHILDREN:
        if "integral" in name:
            continue
        table = CONTRACT[name]
        wrong = places.project.execute(
            f"SELECT count(*) FROM {quoted(name)} AS child JOIN {quoted(str(table.parent))} AS parent "
            f"ON parent.id = child.{quoted(table.columns[0].name)} "
            "WHERE child.workspaceid IS DISTINCT FROM parent.workspaceid"
        )
        assert wrong == [(0,)], name
        assert places.held(name), name


def test_children_in_a_file_of_an_older_version_learn_their_workspace_from_their_parents(places: Places) -> None:
    places.run()
    for name in CHILDREN:
        if "integral" not in name:
            places.project.execute(f"ALTER TABLE {quoted(name)} DROP COLUMN workspaceid")
    places.run(places.ids[0])
    places.assert_equal()


def test_a_workspace_that_the_key_does_not_see_is_refused_by_name(places: Places) -> None:
    result = places.run("64c0ffee0000000000ffffff", expect=False)
    assert "The tag clockify/workspaces names 64c0ffee0000000000ffffff" in str(places.project.failures(result))


def test_what_is_no_id_is_refused(places: Places) -> None:
    result = places.run("no id!", expect=False)
    assert "an id has only letters and digits" in str(places.project.failures(result))


def test_the_schedule_may_start_a_run_for_each_workspace(places: Places) -> None:
    places.project.set(runs_by_workspace="true")
    definitions = project_definitions(places.project.settings)
    refresh = definitions.resolve_schedule_def("clockify_daily_refresh")
    now = datetime.now(timezone.utc)
    with build_schedule_context(
        places.project.instance,
        scheduled_execution_time=now,
        resources={"clockify": ClockifyResource(), "clockify_warehouse": warehouse_of(places.project.settings)},
    ) as context:
        requests = refresh.evaluate_tick(context).run_requests or []
    assert [request.tags["clockify/workspaces"] for request in requests] == places.ids
    assert len({request.run_key for request in requests}) == len(places.ids)


def test_a_run_of_one_workspace_notes_of_others_too_that_the_key_does_not_see_them_any_more(places: Places) -> None:
    places.run()
    one, gone, _ = places.ids
    owner = next(iter(places.account.users))
    places.account.add_key("narrower", owner, "OWNER")
    places.project.set(api_key="narrower")
    with places.project.warehouse.database.reading() as connection:
        assert gone not in without_days(connection)
    places.run(one)
    with places.project.warehouse.database.reading() as connection:
        assert without_days(connection) == set(places.ids) - {one}
    assert places.rows(gone)["clockify_timeentries"], "its rows stay"
