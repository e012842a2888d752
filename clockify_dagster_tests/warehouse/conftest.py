"""Stagings beside a database that is not there, closed in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from clockify_dagster.contract import Table
from clockify_dagster.days import Span
from clockify_dagster.warehouse import Database, PageStaging
from clockify_dagster_tests.warehouse.pages import FAMILY


@pytest.fixture
def make_staging(tmp_path: Path) -> Iterator[Callable[..., PageStaging]]:
    made: list[PageStaging] = []

    def make(span: Span | None = None, family: Sequence[Table] = FAMILY) -> PageStaging:
        made.append(PageStaging(family, Database(tmp_path / "clockify.duckdb"), span))
        return made[-1]

    yield make
    for staging in made:
        staging.close()
