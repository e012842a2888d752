"""Whatever happens in an account between refreshes, the tables in a lake equal it after each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings

from clockify_dagster.warehouse.lake import Lake
from clockify_dagster_tests.lake.servers import PASSWORD, Postgres
from clockify_dagster_tests.refresh.report_walk import ReportedWalk


class LakeWalk(ReportedWalk):
    """In a lake of its own."""

    new_catalog: ClassVar[Callable[[], str]]

    def destination(self) -> Lake:
        """A new one."""
        return Lake(type(self).new_catalog(), f"{self.folder}/lake/", lock_timeout=5)


def test_the_tables_equal_the_account_after_every_refresh(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    LakeWalk.new_catalog = staticmethod(lambda: postgres.conninfo(postgres.new_database()))
    LakeWalk.TestCase.settings = settings(
        max_examples=3,
        stateful_step_count=15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    LakeWalk.TestCase("runTest").runTest()
