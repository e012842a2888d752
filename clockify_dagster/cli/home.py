"""Where Dagster keeps its history: `DAGSTER_HOME`, or else a folder beside the data, with our `dagster.yaml` in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from filelock import FileLock, Timeout
from sqlalchemy.exc import OperationalError

from clockify_dagster.defs.account import Account
from clockify_dagster.defs.jobs import all_jobs
from clockify_dagster.errors import HistoryUnusableError, SettingsError
from clockify_dagster.settings import Settings, env_file

DEFAULT = ".dagster"
LONGEST_WAIT_SECONDS = 60


def ensure_home() -> Path:
    """The folder, by `DAGSTER_HOME` or the default, made where it is missing; sets `DAGSTER_HOME` to its whole path.

    An existing `dagster.yaml` stays as it is. Raises `SettingsError` where the folder cannot be made.
    """
    named = os.environ.get("DAGSTER_HOME") or env_file().get("DAGSTER_HOME") or DEFAULT
    try:
        home = Path(named.strip()).expanduser().absolute()
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "dagster.yaml").exists():
            # never half a file under its name: Dagster would read half a configuration without complaint
            written = home / f"dagster.yaml.{os.getpid()}.new"
            written.write_bytes(resources.files("clockify_dagster").joinpath("dagster.yaml").read_bytes())
            written.replace(home / "dagster.yaml")
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingsError(
            f"Dagster's history cannot be kept in {named}: {getattr(error, 'strerror', None) or error}. Set "
            f"DAGSTER_HOME to a folder where you may write, for example DAGSTER_HOME={Path.home() / '.dagster'}"
        ) from None
    os.environ["DAGSTER_HOME"] = str(home)
    return home


@contextmanager
def history() -> Iterator[DagsterInstance]:
    """Dagster's history, with the runs of killed processes marked as failed.

    One process at a time creates its files, since Dagster fails where two do so at once.
    Raises `HistoryUnusableError` when they cannot be written, then or later.
    """
    home = ensure_home()
    try:
        with FileLock(home / "clockify_dagster.lock", timeout=LONGEST_WAIT_SECONDS):
            instance = DagsterInstance.get()
            end_dead_runs(instance)
        with instance:  # writes the last events when it ends
            yield instance
    except Timeout:
        raise HistoryUnusableError(
            f"Another process has been opening Dagster's history in {home} (DAGSTER_HOME) for {LONGEST_WAIT_SECONDS} "
            "s. That normally takes a second, so the process hangs or was suspended. End it, and start again."
        ) from None
    except (OperationalError, OSError) as error:
        if isinstance(error, OSError) and not str(error.filename).startswith(str(home)):
            raise  # it is about something else
        raise HistoryUnusableError(
            f"Dagster's history in {home} (DAGSTER_HOME) cannot be used: {getattr(error, 'orig', None) or error}. Free "
            "space on its disk, or let this user write there; if dagster.yaml names a database server, check that it "
            "answers. Then start again. The loaded data is intact."
        ) from error


def end_dead_runs(instance: DagsterInstance) -> list[str]:
    """Mark runs of ours as failed whose process has ended; gives their ids.

    Dagster does not notice when a run is killed (`kill -9`, a power cut), and would keep its place in the queue for it.
    """
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])):
        pid = _pid_of(run, instance) if _is_ours(run) else None
        if pid is not None and not _is_alive(pid):
            instance.report_run_failed(run, f"Process {pid}, which executed this run, has ended: it was killed.")
            ended.append(run.run_id)
    return ended


def _is_ours(run: DagsterRun) -> bool:
    """Whether it is a run of a job of ours, or, by Dagster's UI, of tables of ours alone: others share the history."""
    account = Account.of(Settings.forgiving())
    if run.job_name in {job.name for job in all_jobs(account)}:
        return True
    chosen = {*(run.asset_selection or ()), *(check.asset_key for check in run.asset_check_selection or ())}
    return bool(chosen) and chosen <= account.tables.keys()


def _pid_of(run: DagsterRun, instance: DagsterInstance) -> int | None:
    """The process that executes the run, by the event that it logs at the run's start; None before that.

    Events of steps name other processes where the executor gives each step one of its own.
    """
    starts = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.RUN_START, limit=1, ascending=False)
    events = [record.event_log_entry.dagster_event for record in starts.records]
    return events[0].pid if events and events[0] else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)  # it belongs to another user
    return True


if __name__ == "__main__":  # makes the folder ready for `dagster dev`
    with history():
        pass
