"""A project with a small account, of which every day is in the range of its partitions; and accounts by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clockify_dagster.sandbox import Sandbox
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.places import DAYS, Place


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(small_account(), start_date=days_before_today(10)[0])


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Place]]:
    """Make an account with a sandbox of its own, `places("acme")`; all of them go into one database."""
    running: list[Sandbox] = []

    def start(name: str) -> Place:
        account = small_account(len(DAYS), key=f"{name}-key")
        sandbox = Sandbox(account)
        sandbox.start()
        running.append(sandbox)
        monkeypatch.setenv(f"{name.upper()}_KEY", sandbox.api_key)
        return Place(account, sandbox, tmp_path / "both.duckdb")

    yield start
    for sandbox in running:
        sandbox.stop()
