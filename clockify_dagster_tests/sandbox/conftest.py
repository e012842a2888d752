"""An account with one workspace and one person, served over a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account, Sandbox, make_agency

TODAY = date(2026, 3, 31)


@pytest.fixture
def account() -> Account:
    return Account(now=lambda: datetime(2026, 3, 31, 15, tzinfo=timezone.utc))


@pytest.fixture
def workspace(account: Account) -> dict[str, Any]:
    return account.add_workspace("Agency")


@pytest.fixture
def user(account: Account, workspace: dict[str, Any]) -> dict[str, Any]:
    return account.add_user(workspace, "Ana", email="ana@agency.example")


@pytest.fixture
def sandbox(account: Account) -> Iterator[Sandbox]:
    with Sandbox(account) as sandbox:
        yield sandbox


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def get(sandbox: Sandbox, session: requests.Session, workspace: dict[str, Any]) -> Callable[..., requests.Response]:
    """Ask for a path, within the workspace unless it starts with a slash."""

    def ask(path: str, query: dict[str, Any] | None = None, key: str = sandbox.api_key) -> requests.Response:
        url = sandbox.api_url + (path if path.startswith("/") else f"/workspaces/{workspace['id']}/{path}")
        return session.get(url, params=query, headers={"X-Api-Key": key}, timeout=5)

    return ask


@pytest.fixture
def report(sandbox: Sandbox, session: requests.Session, workspace: dict[str, Any]) -> Callable[..., requests.Response]:
    """Ask for March's detailed report; keywords change the body."""

    def ask(**changes: Any) -> requests.Response:
        body = {
            "dateRangeStart": "2026-03-01T00:00:00.000",
            "dateRangeEnd": "2026-03-31T23:59:59.999",
            "timeZone": "UTC",
            "detailedFilter": {"page": 1, "pageSize": 1000, "options": {"totals": "CALCULATE"}},
        }
        url = f"{sandbox.reports_url}/workspaces/{workspace['id']}/reports/detailed"
        return session.post(url, json={**body, **changes}, headers={"X-Api-Key": sandbox.api_key}, timeout=5)

    return ask


@pytest.fixture(scope="module")
def agency() -> Account:
    return make_agency(today=TODAY)


@pytest.fixture(scope="module")
def entries(agency: Account) -> list[dict[str, Any]]:
    return list(next(iter(agency.workspaces.values())).entries.by_id.values())
