"""A sandbox's account and how a project of somebody's has it, by `build_definitions`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster import Definitions, EnvVar

from clockify_dagster import build_definitions
from clockify_dagster.sandbox import Account, Sandbox
from clockify_dagster_tests.defs.accounts import days_before_today
from clockify_dagster_tests.faults.expected import assert_schema_holds

DAYS = days_before_today(5)


@dataclass
class Place:
    """A sandbox's account and how definitions reach it."""

    account: Account
    sandbox: Sandbox
    database: Path

    def definitions(self, name: str, **given: Any) -> Definitions:
        return build_definitions(
            **{
                "name": name,
                "api_key": EnvVar(f"{name.upper()}_KEY"),
                "api_url": self.sandbox.api_url,
                "reports_url": self.sandbox.reports_url,
                "database": self.database,
                "key_prefix": name,
                "start_date": DAYS[0],
                "requests_per_second": 1000,
                **given,
            }
        )

    def assert_loaded(self, schema: str) -> None:
        assert_schema_holds(self.database, schema, self.account)
