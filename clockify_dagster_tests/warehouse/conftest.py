"""Spools beside a database that is not there, closed in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from clockify_dagster.warehouse.spool import Spool
from clockify_dagster_tests.warehouse.pages import FAMILY


@pytest.fixture
def make_spool(tmp_path: Path) -> Iterator[Callable[..., Spool]]:
    made: list[Spool] = []

    def make(start: datetime | None = None, end: datetime | None = None) -> Spool:
        made.append(Spool(FAMILY, tmp_path / "clockify.duckdb", start, end))
        return made[-1]

    yield make
    for spool in made:
        spool.close()
