"""Runs started from code: a job of ours, executed in this process, recorded in Dagster's history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from dagster import (
    AssetsDefinition,
    DagsterEvent,
    DagsterExecutionInterruptedError,
    DagsterInstance,
    Definitions,
    JobDefinition,
    JobExecutionResult,
    build_reconstructable_job,
    execute_job,
)

from clockify_dagster.contract import CONTRACT
from clockify_dagster.definitions import build_definitions
from clockify_dagster.defs.table_outputs import ROWS
from clockify_dagster.settings import Settings

QUIET: dict[str, Any] = {"loggers": {"progress": {}}}


@dataclass
class Outcome:
    """What a run did.

    Attributes:
        rows: rows written, by table.
        requests: requests made.
        faults: why steps failed: the message of each, by step.
        missing: tables that were not written, by step: of steps that failed, and of those skipped because of them.
        findings: checks that did not pass: table, check, severity, description.
        interrupted: whether the run was stopped from outside.
    """

    success: bool
    run_id: str
    rows: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=dict)
    findings: list[tuple[str, str, str, str]] = field(default_factory=list)
    interrupted: bool = False


def run_job(name: str, instance: DagsterInstance, tags: Mapping[str, str]) -> Outcome:
    """Execute a job in this process, with these tags. Steps that fail raise nothing; they are in the outcome."""
    # Dagster records how the job is built, for the processes that an executor may start for steps
    job = build_reconstructable_job(
        __name__, job_named.__name__, (name,), reconstructor_working_directory=str(Path.cwd())
    )
    try:
        with execute_job(job, instance, run_config=QUIET, tags=dict(tags)) as result:
            return _outcome(result)
    except DagsterExecutionInterruptedError:
        return Outcome(success=False, run_id="", interrupted=True)


def job_named(name: str) -> JobDefinition:
    """The job, as the settings of the environment make it."""
    return _definitions().resolve_job_def(name)


def _definitions() -> Definitions:
    return _built(Settings.forgiving())


@lru_cache(maxsize=1)  # a run asks for its job ten times
def _built(settings: Settings) -> Definitions:
    return build_definitions(settings)


def _outcome(result: JobExecutionResult) -> Outcome:
    outcome = Outcome(result.success, result.run_id)
    requests: dict[str, int] = {}
    for event in result.get_asset_materialization_events():
        materialization = event.step_materialization_data.materialization
        outcome.rows[materialization.asset_key.path[-1]] = _number(materialization.metadata, ROWS)
        requests[str(event.step_key)] = _number(materialization.metadata, "requests")
    for event in result.get_step_failure_events():
        step, failure = str(event.step_key), event.step_failure_data.user_failure_data
        outcome.faults[step] = (failure.description if failure else None) or _unexpected(event, result.run_id)
        requests[step] = _number(failure.metadata if failure else {}, "requests") or requests.get(step, 0)
        outcome.interrupted |= _is_interruption(event)
    outcome.requests = sum(requests.values())
    for step, tables in _tables_of(result.job_def):
        # a stop between the two leaves out the event of a child, whose rows came in with its parent's
        missing = [table for table in tables if not {table, CONTRACT[table].parent} & outcome.rows.keys()]
        if missing:
            outcome.missing[step] = missing
    outcome.interrupted |= not result.success and not outcome.faults
    outcome.findings = [
        (check.asset_key.path[-1], check.check_name, check.severity.value, check.description or "")
        for check in result.get_asset_check_evaluations()
        if not check.passed
    ]
    return outcome


def _number(metadata: Mapping[str, Any], name: str) -> int:
    return int(metadata[name].value) if name in metadata else 0


def _is_interruption(event: DagsterEvent) -> bool:
    error = event.step_failure_data.error
    return error is not None and error.cls_name in (DagsterExecutionInterruptedError.__name__, "KeyboardInterrupt")


def _unexpected(event: DagsterEvent, run_id: str) -> str:
    """An error that is none of ours, in two lines; its traceback is in the run's log."""
    if _is_interruption(event):
        return "It was stopped."
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    first_line = "" if error is None else error.message.strip().splitlines()[0].rstrip(".") + "."
    return (
        f"This is a bug in clockify_dagster, not a fault of your account or settings: {first_line} "
        f"The full error is in Dagster's log of run {run_id}; `make dev` shows it."
    )


def _tables_of(job: JobDefinition) -> Iterator[tuple[str, list[str]]]:
    """The steps of a job that load tables, and the tables of each."""
    steps = set(job.graph.node_names())
    for assets in _definitions().assets or ():
        if isinstance(assets, AssetsDefinition) and assets.op.name in steps:
            yield assets.op.name, [key.path[-1] for key in assets.keys]
