"""How a job's steps are executed: by Dagster's own executors. Ours is around them, in the process of the run.

It records which process executes the run, so that a killed one can be found, and lets a command that is stopped count
as canceled. It does so however the run was started: by the command, by Dagster's UI, a schedule or `dagster job`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from dagster import (
    DagsterEvent,
    DagsterExecutionInterruptedError,
    DagsterInstance,
    DagsterRun,
    Executor,
    ExecutorDefinition,
)

from clockify_dagster.defs.run_process import RunProcess

LAUNCHED_BY = "clockify/launched_by"
"""The tag of a run that says which command started it."""

PROCESS = ".dagster/clockify_process"
"""The tag with the run's process. Dagster's UI does not show tags whose names begin so."""

LIMIT, LIMIT_SECONDS = "dagster/max_runtime", 24 * 60 * 60
"""Dagster's daemon ends a run that takes longer, such as a killed one of whose process nothing is known."""


class RunExecutor(Executor):
    """Another executor, around which the run's process is recorded and its interruption is reported."""

    def __init__(self, inner: Executor) -> None:
        """Let `inner` execute the steps."""
        self._inner = inner

    @property
    def retries(self) -> Any:
        """As the other executor has it."""
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        """As the other executor has it."""
        return self._inner.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[DagsterEvent]:
        """Execute the steps of a run, which Dagster has just reported as started."""
        instance: DagsterInstance = plan_context.instance
        run: DagsterRun = plan_context.dagster_run
        process = RunProcess.current(run.run_id)
        recorded = {PROCESS: process.model_dump_json()} if process else {}
        instance.add_run_tags(run.run_id, recorded | {LIMIT: run.tags.get(LIMIT, str(LIMIT_SECONDS))})
        try:
            yield from self._inner.execute(plan_context, execution_plan)
        except (KeyboardInterrupt, DagsterExecutionInterruptedError):
            # Dagster takes an interruption for a failure, unless it is asked for in the UI. A run that the UI starts
            # again has the same tag, and a parent.
            if LAUNCHED_BY in run.tags and run.parent_run_id is None:
                instance.report_run_canceling(run, "The command that executes this run was stopped.")
            raise


def recording(inner: ExecutorDefinition) -> ExecutorDefinition:
    """An executor by the same name and configuration, whose runs record their process."""
    create, schema = cast("Any", inner.executor_creation_fn), cast("Any", inner.config_schema)
    return ExecutorDefinition(
        inner.name,
        config_schema=schema,
        requirements=inner.get_requirements,
        executor_creation_fn=lambda context: RunExecutor(create(context)),
        description=inner.description,
    )
