"""Whatever happens in an account between refreshes, the tables equal it after each of them, in every column.

Hypothesis makes up the changes; what fails is shown in as few steps as it takes.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from clockify_dagster_tests.refresh.report_walk import ReportedWalk
from clockify_dagster_tests.refresh.walks import LateFeed, NoFeed, PlainIds, Walk


@pytest.mark.parametrize(
    ("machine", "examples"), [(Walk, 12), (LateFeed, 4), (PlainIds, 4), (NoFeed, 5), (ReportedWalk, 3)]
)
def test_the_tables_equal_the_account_after_every_refresh(machine: type[Walk], examples: int) -> None:
    given = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    machine.TestCase.settings = given
    machine.TestCase("runTest").runTest()
