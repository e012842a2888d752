"""The account of the marts' tests, with something for each chart, and the report of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clockify_dagster.warehouse import Database
from clockify_dagster_tests.marts.conftest import Load, Office, load, office
from clockify_dagster_tests.marts.test_budgets import estimate

__all__ = ["busy", "load", "loaded", "office"]

HOSTILE = "</script><script>document.title='it ran'</script><img src=x onerror=\"document.title='it ran'\">"
TOLD_TO_NOBODY = "a description"


@pytest.fixture
def busy(office: Office) -> Office:
    """An office with hours of two clients, money, a budget, days that lack hours, and an entry that is too long."""
    office.client["name"] = "Nordwind"
    office.project["timeEstimate"] = estimate("PT20H")
    other = office.account.add_client(office.place, HOSTILE)
    hostile = office.account.add_project(office.place, HOSTILE, other)
    for back in (9, 8, 7, 3):
        office.work(back, 9, 3, **office.billable(10000, cost=4000))
        office.work(back, 13, 1.5, projectId=hostile["id"], description=TOLD_TO_NOBODY)
    office.work(2, 8, 13, user=office.account.add_user(office.place, "田中 美咲"))
    office.work(2, 23, 2, user=office.account.add_user(office.place, "ليلى"), **office.billable(8000, "EUR"))
    return office


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the busy office is kept, once it is loaded."""
    return tmp_path_factory.mktemp("kept") / "busy.duckdb"


@pytest.fixture
def loaded(busy: Office, load: Load, kept: Path) -> Database:
    """The busy office as it was loaded; it is loaded once for all tests, which read it alone."""
    if not kept.exists():
        shutil.copy(load(busy).database, kept)
    return Database(kept)
