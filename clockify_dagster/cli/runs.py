"""Runs started from code: a job of ours, executed here and now, kept in Dagster's history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dagster import (
    AssetsDefinition,
    DagsterEvent,
    DagsterExecutionInterruptedError,
    DagsterInstance,
    Definitions,
    JobDefinition,
    JobExecutionResult,
    execute_job,
    reconstructable,
)

from clockify_dagster.contract import CONTRACT
from clockify_dagster.defs.metadata import ROWS
from clockify_dagster.settings import Settings

QUIET: dict[str, Any] = {"loggers": {"progress": {}}}


@dataclass
class Outcome:
    """What a run did.

    Attributes:
        rows: rows written, by table.
        requests: requests made.
        faults: why steps failed, by step, the message of each.
        missing: tables that were not written, by step: of those that failed, and of those never tried because of them.
        findings: checks that did not pass: table, check, severity, what is told.
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
    """Execute a job in this process. Raises nothing for steps that fail; the outcome tells."""
    jobs = {job.__name__: job for job in (clockify_daily, clockify_everything, clockify_time_entries)}
    try:
        with execute_job(reconstructable(jobs[name]), instance, run_config=QUIET, tags=dict(tags)) as result:
            return _outcome(result)
    except DagsterExecutionInterruptedError:
        return Outcome(success=False, run_id="", interrupted=True)


def clockify_daily() -> JobDefinition:
    """The job of that name; a function, since Dagster records from where a run's job can be made again."""
    return _job("clockify_daily")


def clockify_everything() -> JobDefinition:
    """The job of that name."""
    return _job("clockify_everything")


def clockify_time_entries() -> JobDefinition:
    """The job of that name."""
    return _job("clockify_time_entries")


def _job(name: str) -> JobDefinition:
    return _definitions(Settings.forgiving()).resolve_job_def(name)


@lru_cache(maxsize=1)
def _definitions(settings: Settings) -> Definitions:
    """The definitions by what the environment says now; a run asks for them several times."""
    from clockify_dagster.definitions import build_definitions

    return build_definitions(settings)


def _outcome(result: JobExecutionResult) -> Outcome:
    outcome = Outcome(result.success, result.run_id)
    requests: dict[str, int] = {}
    for event in result.get_asset_materialization_events():
        materialization = event.step_materialization_data.materialization
        outcome.rows[materialization.asset_key.path[-1]] = _number(materialization.metadata, ROWS)
        requests[str(event.step_key)] = _number(materialization.metadata, "requests")
    for event in result.get_step_failure_events():
        step, told = str(event.step_key), event.step_failure_data.user_failure_data
        outcome.faults[step] = (told.description if told else None) or _unexpected(event, result.run_id)
        requests[step] = _number(told.metadata if told else {}, "requests") or requests.get(step, 0)
        outcome.interrupted |= _is_interruption(event)
    outcome.requests = sum(requests.values())
    for step, tables in _tables_of(result.job_def):
        # a stop between the two leaves a child's event out, whose rows came in with its parent's
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
    """An error that nobody foresaw, in two lines; its traceback is in the run's log."""
    if _is_interruption(event):
        return "It was stopped."
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    said = "" if error is None else error.message.strip().splitlines()[0].rstrip(".") + "."
    return (
        f"It failed by a mistake in the program, not in your account or settings: {said} "
        f"The whole of it is in Dagster's log of run {run_id}; `make dev` shows it."
    )


def _tables_of(job: JobDefinition) -> Iterator[tuple[str, list[str]]]:
    """The steps of a job that load tables, and the tables of each."""
    nodes = set(job.graph.node_names())
    for assets in _definitions(Settings.forgiving()).assets or ():
        if isinstance(assets, AssetsDefinition) and assets.op.name in nodes:
            yield assets.op.name, [key.path[-1] for key in assets.keys]
