"""How our errors become failed Dagster steps: in this one place, so that the message is the first thing one sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dagster import Failure, MetadataValue

from clockify_dagster.errors import ClockifyDagsterError
from clockify_dagster.warehouse.file_errors import interruptible


@contextmanager
def error_boundary(numbers: Mapping[str, int] | None = None) -> Iterator[None]:
    """Turn an error of ours into Dagster's `Failure`: its text the description, its facts the metadata.

    Dagster may retry the step only where the same attempt, made later, can succeed. `numbers` are what is known of the
    step by then, such as its requests; they go into the metadata as well.
    """
    try:
        with interruptible():
            yield
    except ClockifyDagsterError as error:
        raise failure_of(error, numbers or {}) from None


def failure_of(error: ClockifyDagsterError, numbers: Mapping[str, int]) -> Failure:
    """The Dagster failure that an error of ours stands for."""
    facts = {"error": type(error).__name__, **error.facts()}
    return Failure(
        description=str(error),
        metadata={**{name: MetadataValue.text(value) for name, value in facts.items()}, **numbers},
        allow_retries=error.can_retry,
    )
