"""Documents to flatten, and the rows of frames."""

from __future__ import annotations

from typing import Any

import pandas as pd

from clockify_dagster.contract import CONTRACT, Flattened, flatten


def flat(root: str, *documents: dict[str, Any]) -> Flattened:
    return flatten(CONTRACT.family(root), documents)


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of some columns, with None for null."""
    found = frame[list(columns)].itertuples(index=False, name=None)
    return [tuple(None if pd.isna(value) else value for value in row) for row in found]


def entry(identity: str = "e1", **fields: Any) -> dict[str, Any]:
    interval = {"start": "2024-03-01T08:00:00Z", "end": "2024-03-01T09:30:00Z", "duration": "PT1H30M"}
    return {"id": identity, "timeInterval": interval, "tagIds": None, **fields}
