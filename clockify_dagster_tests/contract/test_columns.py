"""Whole columns are converted at once; what comes out is what each value would give alone."""

from __future__ import annotations

import random
from typing import Any

import pytest

from clockify_dagster.contract import CONTRACT, Column
from clockify_dagster.contract.values import CoercionError, coerce, reader
from clockify_dagster_tests.contract.flattening import entry, flat, rows

MISFIT = object()
USUAL: dict[str, list[Any]] = {
    "description": ["", "work", "Žluť 🦊", None],
    "billable": [True, False, None],
    "isLocked": [None],
    "hourlyRate": [None, {"amount": 10500, "currency": "USD"}, {"amount": 0.5}, {}],
    "projectId": ["p1", "", None],
    "timeInterval": [
        {"start": "2024-03-01T08:00:00Z", "end": end}
        for end in (None, "", "2024-12-31T23:59:59Z", "9999-12-31T00:00:00Z")
    ],
    "customFieldValues": [None, [], [{"value": "ä"}]],
}
AWKWARD: list[Any] = [
    0, 2**70, 10**400, 1.5, float("inf"), "12", "true", "x" * 20, "\ud83d", "2024-02-30T00:00:00Z",
    "0000-01-01T00:00:00Z", "2024-03-01T08:00:00+0200", [], ["a"], {}, {"amount": True, "currency": 5},
]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_whole_columns_are_converted_as_their_values_would_be_one_by_one(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    awkward = chance.choice([0, 0, 0.02, 0.3])
    documents = []
    for number in range(40):
        document: dict[str, Any] = entry(str(number))
        for key, values in USUAL.items():
            if chance.random() < 0.9:
                unusual = chance.random() < awkward and key != "timeInterval"
                document[key] = chance.choice(AWKWARD if unusual else values)
        if chance.random() < awkward:
            document["timeInterval"] = {"start": "2024-03-01T08:00:00Z", "end": chance.choice(AWKWARD)}
        documents.append(document)

    flattened = flat("clockify_timeentries", *documents)

    misfits = 0
    for column in CONTRACT["clockify_timeentries"].document_columns:
        one_by_one = [_converted(column, document) for document in documents]
        misfits += one_by_one.count(MISFIT)
        expected = [(None if value is MISFIT else value,) for value in one_by_one]
        assert rows(flattened.frames["clockify_timeentries"], column.name) == expected, column.name
    told = [misfit for misfit in flattened.misfits if misfit.table == "clockify_timeentries"]
    assert sum(misfit.count for misfit in told) == misfits


def _converted(column: Column, document: dict[str, Any]) -> Any:
    try:
        return convert(column.type, reader(column.steps)(document))
    except MisfitError:
        return MISFIT
