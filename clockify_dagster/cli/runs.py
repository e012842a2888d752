"""Runs started from code: a job of ours, executed in this process, recorded in Dagster's history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from dagster import (
    AssetMaterialization,
    AssetObservation,
    AssetsDefinition,
    DagsterEvent,
    DagsterEventType,
    DagsterExecutionInterruptedError,
    DagsterInstance,
    JobDefinition,
    JobExecutionResult,
    build_reconstructable_job,
)

from clockify_dagster.cli.signals import kept_from_steps, take_held_back
from clockify_dagster.contract import CONTRACT
from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.dagster_internals import execute_filed_run
from clockify_dagster.defs.executors import LAUNCHED_BY
from clockify_dagster.defs.table_specs import ROWS
from clockify_dagster.settings import Settings

_definitions = lru_cache(maxsize=1)(project_definitions)  # a run asks for its job ten times


@dataclass
class Outcome:
    """What the runs of a command did.

    Attributes:
        launched_by: what started the command; a tag of the runs says it.
        rows: rows written, by table; none for a mart.
        faults: why steps failed: the message of each, by step.
        missing: tables and marts that were not written, by step: of steps that failed, and of those skipped because of
            them.
        passed: how many checks passed.
        findings: checks that did not pass, by asset and check: asset, check, severity, description.
    """

    launched_by: str = "sync"
    success: bool = True
    rows: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=dict)
    passed: int = 0
    findings: dict[tuple[str, str], tuple[str, str, str, str]] = field(default_factory=dict)
    interrupted: bool = False


def run_job(
    outcome: Outcome,
    name: str,
    instance: DagsterInstance,
    tags: Mapping[str, str],
    steps: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Execute a job in this process, with these tags. Steps that fail raise nothing; they are in the outcome.

    `steps` is the configuration of steps, by name.
    """
    # Dagster records how the job is built, for the processes that an executor may start for steps
    folder = str(Path.cwd())
    job = build_reconstructable_job(__name__, job_named.__name__, (name,), reconstructor_working_directory=folder)
    config: dict[str, Any] = {
        "loggers": {"progress": {}},
        "ops": {step: {"config": given} for step, given in (steps or {}).items()},
    }
    in_processes = Settings.forgiving().executor == "multiprocess"
    try:
        with (
            kept_from_steps() if in_processes else nullcontext(),
            execute_filed_run(job, instance, config, {**tags, LAUNCHED_BY: outcome.launched_by}) as result,
        ):
            _add(outcome, result)
    except (KeyboardInterrupt, DagsterExecutionInterruptedError):
        outcome.success, outcome.interrupted = False, True


def job_named(name: str) -> JobDefinition:
    """The job, as the settings of the environment make it. A step's process asks for it before the step begins."""
    take_held_back()
    return _definitions(Settings.forgiving()).resolve_job_def(name)


def _add(outcome: Outcome, result: JobExecutionResult) -> None:
    names = Account.of(Settings.forgiving()).names
    rows: dict[str, int] = {}
    requests: dict[str, int] = {}
    # each day of a table has a materialization; what is about all of them together is an observation
    for event in result.filter_events(lambda event: event.is_step_materialization or event.is_asset_observation):
        about = _about(event)
        table, step = names[about.asset_key], str(event.step_key)
        rows[table] = _number(about.metadata, ROWS) or rows.get(table, 0)
        requests[step] = _number(about.metadata, "requests") or requests.get(step, 0)
    failures = result.get_step_failure_events()
    for event in failures:
        step, failure = str(event.step_key), event.step_failure_data.user_failure_data
        outcome.faults[step] = (failure.description if failure else None) or _unexpected(event, result.run_id)
        requests[step] = _number(failure.metadata if failure else {}, "requests") or requests.get(step, 0)
        outcome.interrupted |= _is_interruption(event)
    outcome.success &= result.success
    if not result.success and not failures:
        ends = [each for each in result.all_events if each.event_type is DagsterEventType.RUN_FAILURE]
        if any(_error_of(end) and not _is_interruption(end) for end in ends):  # before any step, in the executor say
            outcome.faults["the run"] = _unexpected(ends[0], result.run_id)
        else:
            outcome.interrupted = True
    outcome.rows.update(rows)
    outcome.requests += sum(requests.values())
    steps = set(result.job_def.graph.node_names())
    for assets in _definitions(Settings.forgiving()).assets or ():
        if isinstance(assets, AssetsDefinition) and assets.op.name in steps:
            filled = [names[key] for key in assets.keys]
            # a stop between the two leaves out the event of a child, whose rows came in with its parent's
            if missing := [name for name in filled if not {name, _parent(name)} & rows.keys()]:
                outcome.missing[assets.op.name] = missing
    for check in result.get_asset_check_evaluations():
        outcome.passed += check.passed
        if not check.passed:
            place = (check.asset_key.to_user_string(), check.check_name)
            outcome.findings[place] = (*place, check.severity.value, check.description or "")


def _parent(name: str) -> str | None:
    """The table with which this one is written; None for others, and for a mart."""
    return CONTRACT[name].parent if name in CONTRACT else None


def _about(event: DagsterEvent) -> AssetMaterialization | AssetObservation:
    if event.is_asset_observation:
        return event.asset_observation_data.asset_observation
    return event.step_materialization_data.materialization


def _number(metadata: Mapping[str, Any], name: str) -> int:
    return int(metadata[name].value) if name in metadata else 0


def _error_of(event: DagsterEvent) -> Any:
    """What made a step or a run fail; None where Dagster does not say."""
    return (event.step_failure_data if event.is_step_failure else event.job_failure_data).error


def _is_interruption(event: DagsterEvent) -> bool:
    error = _error_of(event)
    return error is not None and error.cls_name in (DagsterExecutionInterruptedError.__name__, "KeyboardInterrupt")


def _unexpected(event: DagsterEvent, run_id: str) -> str:
    """An error that is none of ours, in two lines; its traceback is in the run's log."""
    if _is_interruption(event):
        return "It was stopped."
    error = _error_of(event)
    while error is not None and error.cause is not None:
        error = error.cause
    first_line = "" if error is None else error.message.strip().splitlines()[0].rstrip(".") + "."
    return (
        f"This is a bug in clockify_dagster, not a fault of your account or settings: {first_line} "
        f"The full error is in Dagster's log of run {run_id}; `make dev` shows it."
    )
