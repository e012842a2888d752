"""The comparison with Clockify's totals, of several workspaces: what one does not give concerns that one alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clockify_dagster.sandbox import Account, Fault
from clockify_dagster.sandbox.faults import Status
from clockify_dagster_tests.checks.conftest import ALL, clean_account, compared
from clockify_dagster_tests.conftest import Document, Project


def test_one_workspace_that_cannot_be_compared_is_named(make_loaded: Callable[..., Project]) -> None:
    account, _ = clean_account()
    second = account.add_workspace("Second", "PRO")
    account.add_user(second, "Somebody")
    project = make_loaded(account, ALL)
    project.sandbox.faults.add(Fault(f"{second['id']}/reports", Status(403), times=None))
    finding, _ = compared(project)
    assert finding.passed is None
    assert finding.message.startswith(f"Not checked: workspace Second ({second['id']}): POST")
    assert "The other workspaces were compared: Clockify counts" in finding.message
    project.execute("DELETE FROM clockify_timeentries WHERE id = ?", entries_of_first(account)[5]["id"])
    (differs, _) = compared(project)
    assert differs.passed is False
    assert f"Not compared: workspace Second ({second['id']}): POST" in differs.message


@pytest.mark.parametrize(
    ("kind", "most"),
    [(Status(401), 1), (Status(429, retry_after=3600), 1), (Status(500), 3 * 6)],
    ids=["the key", "the limit", "no report is given"],
)
def test_reports_that_nobody_will_get_are_not_asked_for_in_every_workspace(
    make_loaded: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, kind: Status, most: int
) -> None:
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)
    account, _ = clean_account()
    places = [account.add_workspace(f"Client {number}", "PRO") for number in range(6)]
    for place in places:
        account.add_user(place)
    project = make_loaded(account, ALL)
    project.sandbox.faults.add(Fault("/reports", kind, times=None))
    finding, asked = compared(project)
    assert finding.passed is None
    assert len(asked) <= most
    assert all(f"{place['name']} ({place['id']})" in finding.message for place in places)


def entries_of_first(account: Account) -> list[Document]:
    return list(next(iter(account.workspaces.values())).entries.by_id.values())
