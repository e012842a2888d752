"""What a sync of chosen tables loads and asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from clockify_dagster.contract.change_log import CHANGE_LOG
from clockify_dagster.sandbox import Account
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.conftest import Project

LISTS = ("clients", "tags", "projects", "holidays", "invoices", "balance", "time-entries", "attendance")


@pytest.fixture
def account() -> Account:
    account = Account()
    place = account.add_workspace()
    user, tag = account.add_user(place), account.add_tag(place)
    for back in range(20):
        start = datetime.now(timezone.utc).replace(hour=0, minute=0) - timedelta(days=back)
        account.add_entry(place, user, start, start + timedelta(minutes=30), tagIds=[tag["id"]])
    account.add_time_off_request(account.add_policy(place, users=[user]), user)
    account.add_task(place, account.add_project(place))
    return account


@pytest.mark.parametrize("text", ["tags", "timeoff_balances", "tasks", "attendance", "users", "core"])
def test_a_sync_loads_those_and_asks_for_no_others(
    account: Account, make_project: Callable[..., Project], command: Command, text: str
) -> None:
    start = datetime.now(timezone.utc).date() - timedelta(days=19)
    project = make_project(account, tables=text, start_date=start, update_window_days=2)
    chosen = {each for each in project.settings.contract.tables if "integral" not in each}
    for first in (True, False):
        project.sandbox.reset_requests()
        said = command("sync")
        assert said.code == 0, said.all
        assert held(project) == chosen
        names = " ".join(chosen).replace("timeentries", "time-entries")
        assert [each for each in LISTS if project.asked(f"/{each}") and each not in names] == []
        assert first or text != "attendance" or len(project.rows("clockify_attendance")) == 20
    assert command("doctor").code == 0
    assert command("check").code == 0


def held(project: Project) -> set[str]:
    """Clockify's tables that are in the file."""
    sql = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'main'"
    return {name for (name,) in project.execute(sql)} - {CHANGE_LOG}
