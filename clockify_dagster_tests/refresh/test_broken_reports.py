"""Reports that break in one of several workspaces: `test_report_tables.py` has what they give otherwise."""

from __future__ import annotations

import pytest

from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.refresh.conftest import Office
from clockify_dagster_tests.refresh.loading import assert_equal, load, rows
from clockify_dagster_tests.refresh.test_report_tables import TABLES, days, sync, worked

__all__ = ["worked"]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request is sent again at once."""
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)


def test_days_that_a_failure_has_cost_are_read_when_it_is_over(worked: Office) -> None:
    other = worked.account.add_workspace("Studio")
    worked.account.add_entry(other, worked.account.add_user(other), worked.day(20))
    worked.sandbox.faults.add(Fault(f"{other['id']}/reports", faults.Status(500), times=None))
    for table in TABLES:
        load(worked, table)
        assert worked.faults == [], "never loaded before"
        assert len(rows(worked, table)) == 80
    worked.sandbox.faults.clear()
    for table in TABLES:
        load(worked, table, days(worked, 2))
    assert_equal(worked, *TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_a_loaded_workspace_whose_report_breaks_keeps_its_rows_is_a_fault_and_leaves_the_others(
    worked: Office, table: str
) -> None:
    def held(workspace: str) -> list[tuple[object, ...]]:
        return [row for row in rows(worked, table) if workspace in row]

    other = worked.account.add_workspace("Studio")["id"]
    user = worked.account.add_user(worked.account.workspace(other).document)
    worked.account.add_entry(worked.account.workspace(other).document, user, worked.day(1))
    sync(worked)
    before = {place: held(place) for place in (worked.place, other)}
    assert before[other]
    worked.add(worked.account.add_user(worked.place, "Eva"), 1)
    worked.refresh(days(worked, 2))
    worked.sandbox.faults.add(Fault(f"{other}/reports", faults.Status(500), times=None))
    load(worked, table, days(worked, 2))
    assert ["Studio" in str(fault) for fault in worked.faults] == [True]
    assert held(other) == before[other]
    assert len(held(worked.place)) == len(before[worked.place]) + 1
