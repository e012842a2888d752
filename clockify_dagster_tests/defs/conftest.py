"""A project with a small account, of which every day is in the range of its partitions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(small_account(), start_date=days_before_today(10)[0])
