"""Runs started from code: a job of ours, executed here and now, kept in Dagster's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from dagster import DagsterInstance, JobDefinition, JobExecutionResult, execute_job, reconstructable

QUIET: dict[str, Any] = {"loggers": {"progress": {}}}


@dataclass
class Outcome:
    """What a run did.

    Attributes:
        rows: rows written, by table.
        requests: requests made.
        faults: why steps failed, by step, the message of each.
        skipped: steps that were not tried since others had failed.
    """

    success: bool
    run_id: str
    rows: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def run_job(name: str, instance: DagsterInstance, tags: Mapping[str, str]) -> Outcome:
    """Execute a job in this process. Raises nothing for steps that fail; the outcome tells."""
    jobs = {
        "clockify_daily": reconstructable(clockify_daily),
        "clockify_everything": reconstructable(clockify_everything),
        "clockify_time_entries": reconstructable(clockify_time_entries),
    }
    with execute_job(jobs[name], instance, run_config=QUIET, tags=dict(tags)) as result:
        return _outcome(result)


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
    from clockify_dagster.definitions import defs

    return defs.resolve_job_def(name)


def _outcome(result: JobExecutionResult) -> Outcome:
    outcome = Outcome(result.success, result.run_id)
    counted: dict[str, int] = {}
    for event in result.get_asset_materialization_events():
        materialization = event.step_materialization_data.materialization
        values = {name: value.value for name, value in materialization.metadata.items()}
        table = materialization.asset_key.path[-1]
        rows = values.get("dagster/row_count", values.get("dagster/partition_row_count"))
        outcome.rows[table] = int(cast("Any", rows))
        counted[str(event.step_key)] = int(cast("Any", values.get("requests", 0)))
    outcome.requests = sum(counted.values())
    for event in result.get_step_failure_events():
        data = event.step_failure_data
        said = data.user_failure_data.description if data.user_failure_data else None
        outcome.faults[str(event.step_key)] = said or (data.error.to_string() if data.error else "it failed")
    outcome.skipped = [str(event.step_key) for event in result.get_step_skipped_events()]
    return outcome
