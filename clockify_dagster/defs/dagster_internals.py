"""What this project uses of Dagster that Dagster does not promise to keep. It is used nowhere else.

- The class `SqliteEventLogStorage` in `dagster._core.storage.event_log`; `BatchingEventLogStorage` (`event_log.py`) is
  a subclass of it.
- Its methods in `METHODS`, with these parameters.
- The folder `history/runs` in `DAGSTER_HOME`, where Dagster keeps the event log unless it is configured otherwise.
- Where a run comes from, `RemoteJobOrigin`, by which the UI files it under its job, and `execute_run`, which executes a
  run that has been created (`execute_filed_run`).

The class and its methods are checked before they are used. Where this Dagster differs in any of it, `differences()`
says how, and Dagster's own storage is used in place of ours. Where it has no such origin, runs are created without.
"""

from __future__ import annotations

import inspect
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import DagsterExecutionInterruptedError, DagsterInstance, JobExecutionResult, execute_job

from clockify_dagster.errors import SettingsError

METHODS = {
    "__init__": ["self", "base_dir", "inst_data"],
    "_store_asset_event": ["self", "conn", "event", "event_id"],
    "dispose": ["self"],
    "from_config_value": ["inst_data", "config_value"],
    "has_table": ["self", "table_name"],
    "index_connection": ["self"],
    "run_connection": ["self", "run_id"],
    "store_event": ["self", "event"],
}
"""The methods that our storage calls or overrides, and their parameters."""

_MODULE, _CLASS = "dagster._core.storage.event_log", "SqliteEventLogStorage"


def _default_storage() -> type[Any]:
    """The class of the event log that Dagster uses where nothing is configured, found without importing it by name."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "dagster.yaml").touch()  # else Dagster warns that there is none
        with DagsterInstance.local_temp(folder) as instance:
            return type(instance.event_log_storage)


_import_error = ""
if TYPE_CHECKING:
    from dagster._core.storage.event_log import SqliteEventLogStorage as SqliteEventLogStorage
else:
    try:
        from dagster._core.storage.event_log import SqliteEventLogStorage
    except ImportError:
        _import_error = f"there is no {_CLASS} in {_MODULE}"
        SqliteEventLogStorage = _default_storage()


@cache
def differences() -> tuple[str, ...]:
    """How this Dagster differs from what this file lists; empty where it does not."""
    if _import_error:
        return (_import_error,)
    return tuple(filter(None, (_difference(name, expected) for name, expected in METHODS.items())))


def _difference(name: str, expected: list[str]) -> str:
    method = getattr(SqliteEventLogStorage, name, None)
    if method is None:
        return f"{_CLASS} has no {name}"
    found = list(inspect.signature(method).parameters)
    return "" if found == expected else f"{_CLASS}.{name} takes ({', '.join(found)}), not ({', '.join(expected)})"


def default_base_dir() -> str:
    """The folder in which Dagster keeps the event log unless it is configured otherwise. Raises `SettingsError`."""
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        raise SettingsError(
            "DAGSTER_HOME is not set, so there is no folder for Dagster's history. Set DAGSTER_HOME to the folder that "
            "dagster.yaml is in, or give event_log_storage in dagster.yaml a base_dir."
        )
    return str(Path(home).expanduser() / "history" / "runs")


CODE_LOCATION, REPOSITORY = "clockify_dagster.definitions", "__repository__"
"""The names by which Dagster's UI knows our definitions where `workspace.yaml` names the module, as ours does."""


def execute_filed_run(
    job: Any, instance: DagsterInstance, run_config: Mapping[str, Any], tags: Mapping[str, str]
) -> JobExecutionResult:
    """`dagster.execute_job`, for a run that Dagster's UI files under its job.

    A run that is interrupted before its first event is canceled as well.
    """
    repository = _repository_origin()
    if repository is None:
        return execute_job(job, instance, run_config, tags)
    from dagster._core.execution.api import execute_run

    definition = job.get_definition()
    run = instance.create_run_for_job(
        job_def=definition,
        run_config=run_config,
        tags=tags,
        job_code_origin=job.get_python_origin(),
        remote_job_origin=repository.get_job_origin(definition.name),
    )
    try:
        return execute_run(job, run, instance)
    except (KeyboardInterrupt, DagsterExecutionInterruptedError):
        reached = instance.get_run_by_id(run.run_id)
        if reached and not reached.is_finished:
            instance.report_run_canceled(run)
        raise


@cache
def _repository_origin() -> Any:
    """Where Dagster's UI would say that our jobs come from; None where this Dagster is not as we expect."""
    try:
        from dagster._core.execution.api import execute_run
        from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

        origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(CODE_LOCATION), REPOSITORY)
        origin.get_job_origin("any")
    except Exception:  # whatever it is, runs go on without
        return None
    created = inspect.signature(DagsterInstance.create_run_for_job).parameters
    executed = inspect.signature(execute_run).parameters
    is_known = created.keys() >= {"job_def", "run_config", "tags", "job_code_origin", "remote_job_origin"}
    return origin if is_known and [*executed][:3] == ["job", "dagster_run", "instance"] else None
