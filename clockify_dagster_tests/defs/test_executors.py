"""What is around Dagster's executors: an interrupted run is canceled or has failed, and a run has a time limit.

That every run records its process is in `test_dev.py` and `cli/`, where processes are killed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    JobDefinition,
    execute_job,
    in_process_executor,
    job,
    multiprocess_executor,
    op,
    reconstructable,
)

from clockify_dagster.defs.executors import LAUNCHED_BY, recording


@op
def interrupted() -> None:
    raise KeyboardInterrupt


@op
def nothing() -> None:
    pass


def stopped_job() -> JobDefinition:
    @job(executor_def=recording(in_process_executor))
    def stopped() -> None:
        interrupted()

    return stopped


def finished_job() -> JobDefinition:
    @job(executor_def=recording(in_process_executor))
    def finished() -> None:
        nothing()

    return finished


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.mark.parametrize(
    ("tags", "status"),
    [({LAUNCHED_BY: "sync"}, DagsterRunStatus.CANCELED), ({}, DagsterRunStatus.FAILURE)],
    ids=["of the command", "of Dagster's own launcher"],
)
def test_an_interrupted_run_is_canceled_where_a_person_stopped_the_command_and_else_as_dagster_has_it(
    instance: DagsterInstance, tags: dict[str, str], status: DagsterRunStatus
) -> None:
    with execute_job(reconstructable(stopped_job), instance, tags=tags):
        pass
    assert [run.status for run in instance.get_runs()] == [status]


@pytest.mark.parametrize(("tags", "limit"), [({}, "86400"), ({"dagster/max_runtime": "60"}, "60")])
def test_a_run_has_a_day_unless_it_is_given_another_limit(
    instance: DagsterInstance, tags: dict[str, str], limit: str
) -> None:
    with execute_job(reconstructable(finished_job), instance, tags=tags) as result:
        assert result.success
    (run,) = instance.get_runs()
    assert run.tags["dagster/max_runtime"] == limit


def test_an_executor_is_known_by_the_same_name_and_takes_the_same_configuration() -> None:
    for inner in (in_process_executor, multiprocess_executor):
        ours = recording(inner)
        assert (ours.name, ours.description) == (inner.name, inner.description)
        assert ours.config_schema.as_field() is inner.config_schema.as_field()
        assert ours.get_requirements({}) == inner.get_requirements({})
