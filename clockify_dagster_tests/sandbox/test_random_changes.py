"""An account that changes at random is served as ever."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox import Account
from clockify_dagster.sandbox.random_changes import ACTS, change_something
from clockify_dagster.sandbox.routes import LISTINGS

Get = Callable[..., requests.Response]
Document = dict[str, Any]


@pytest.fixture
def office(account: Account, workspace: Document, user: Document) -> Document:
    account.add_group(workspace, users=[user])
    account.add_project(workspace, "Website", account.add_client(workspace))
    account.add_entry(workspace, user, "2026-03-02T08:00:00Z")
    return workspace


def changes(account: Account, workspace: Document, times: int) -> list[str]:
    chance = random.Random(7)  # noqa: S311
    return [change_something(account, workspace, chance) for _ in range(times)]


def test_everything_that_can_happen_happens_and_every_list_is_served_after_it(
    account: Account, office: Document, get: Get
) -> None:
    assert set(changes(account, office, 800)) == set(ACTS)
    invoice = account.add_invoice(next(iter(account.workspace(office).clients.values())))
    some = {"invoice": invoice["id"], "policy": account.add_policy(office)["id"]}
    for path in LISTINGS:
        query = dict.fromkeys(LISTINGS[path].found_by, "2026-03-01T00:00:00Z")
        assert get(path.format(**some), query).status_code == 200, path


@pytest.mark.usefixtures("office")
def test_the_same_happens_with_the_same_seed(workspace: Document, account: Account) -> None:
    other = Account(now=lambda: datetime(2026, 3, 31, 15, tzinfo=timezone.utc))
    place = other.add_workspace("Agency")
    user = other.add_user(place, "Ana", email="ana@agency.example")
    other.add_group(place, users=[user])
    other.add_project(place, "Website", other.add_client(place))
    other.add_entry(place, user, "2026-03-02T08:00:00Z")
    assert changes(account, workspace, 60) == changes(other, place, 60)
    assert account.documents(workspace, "invoices") == other.documents(place, "invoices")
