"""Where Dagster keeps its history: `DAGSTER_HOME`, or else a folder beside the data, with our `dagster.yaml` in it.

The folder may be one that other projects use as well. Their `dagster.yaml` and their runs are left alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from glob import escape
from importlib import resources
from pathlib import Path

from dagster import AssetKey, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from filelock import FileLock, Timeout
from pydantic import ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from clockify_dagster.defs.account import Account
from clockify_dagster.defs.executors import PROCESS
from clockify_dagster.defs.jobs import all_jobs
from clockify_dagster.defs.run_process import RunProcess
from clockify_dagster.env_file import env_file
from clockify_dagster.errors import ClockifyDagsterError, HistoryUnusableError, SettingsError
from clockify_dagster.settings import Settings
from clockify_dagster.settings_rules import unquoted
from clockify_dagster.warehouse.file_lock import require_file_locks

DEFAULT = ".dagster"
IN_USE = ("history", "schedules", "storage")
"""Folders in `DAGSTER_HOME` by which one sees that Dagster has worked there already."""
UNFINISHED = ("REQUESTED", "CANCELING", "FAILING")
"""The states of a backfill in which Dagster's daemon takes it up."""
LONGEST_WAIT_SECONDS = 60


def ensure_home() -> Path:
    """The folder, by `DAGSTER_HOME` or the default, made where it is missing; sets `DAGSTER_HOME` to its whole path.

    An existing `dagster.yaml` stays as it is, and so does a folder that Dagster uses without one: ours would change how
    other projects run. Raises `SettingsError` where the folder cannot be made.
    """
    named, home = _home()
    try:
        home.mkdir(parents=True, exist_ok=True)
        # a link counts even if it leads nowhere for the moment
        if not any(os.path.lexists(home / name) for name in ("dagster.yaml", *IN_USE)):
            # never half a file under its name: Dagster would read half a configuration without complaint
            written = home / f"dagster.yaml.{os.getpid()}.new"
            written.write_bytes(resources.files("clockify_dagster").joinpath("dagster.yaml").read_bytes())
            written.replace(home / "dagster.yaml")
    except OSError as error:
        raise _unusable(named, error.strerror) from None
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def _home() -> tuple[str, Path]:
    """The folder as it is named, and its whole path. Raises `SettingsError` where Dagster cannot use it."""
    named = (os.environ.get("DAGSTER_HOME") or env_file().get("DAGSTER_HOME") or DEFAULT).strip()
    try:
        home = Path(unquoted(named)).expanduser().absolute()
    except (OSError, RuntimeError, ValueError) as error:
        raise _unusable(named, error) from None
    # Dagster makes an address for SQLite of the path as it is, and looks for dagster.yaml by it as by a pattern.
    if make_url(f"sqlite:///{home}").database != str(home) or escape(str(home)) != str(home):
        raise _unusable(named, f"Dagster cannot use a path with %, ?, * or [ in it, and the whole path is {home}")
    return named, home


def _unusable(named: str, why: object) -> SettingsError:
    return SettingsError(
        f"Dagster's history cannot be kept in {named}: {str(why).rstrip('.')}. Set DAGSTER_HOME to a folder where you "
        "may write, for example DAGSTER_HOME=/srv/dagster"
    )


@contextmanager
def history() -> Iterator[DagsterInstance]:
    """Dagster's history, with the runs of killed processes marked as failed.

    One process at a time creates its files, since Dagster fails where two do so at once.
    Raises `HistoryUnusableError` when they cannot be written, then or later, `SettingsError` where there can be no
    such folder, and `DatabaseUnusableError` on a system without file locks.
    """
    require_file_locks()
    home = ensure_home()
    try:
        with FileLock(home / "clockify_dagster.lock", timeout=LONGEST_WAIT_SECONDS):
            instance = _open(home)
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


def _open(home: Path) -> DagsterInstance:
    """Dagster's history, as `dagster.yaml` says. Raises `HistoryUnusableError` where Dagster cannot use that file."""
    try:
        return DagsterInstance.get()
    except (OperationalError, OSError):
        raise  # it is about the history itself
    except Exception as error:  # Dagster has no class of its own for these
        said = " ".join(str(error).split())[:300].rstrip(".")
        raise HistoryUnusableError(
            f"Dagster cannot use {home / 'dagster.yaml'} (DAGSTER_HOME): {said}. Correct it; install what it names, "
            "dagster-postgres for example, where clockify-dagster is installed; check that a database server that it "
            "names answers; or set DAGSTER_HOME to another folder. The file is as it was."
        ) from error


def end_dead_runs(instance: DagsterInstance) -> list[str]:
    """End runs of ours whose process is known to have ended on this machine; gives their ids.

    They have failed, or are canceled where somebody had asked for that.

    Dagster does not notice when a run is killed (`kill -9`), and would keep its place in the queue for it. Runs of
    other projects are left alone, and so are those of which it is not certain.
    """
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])):
        process = _process_of(run)
        if process and process.has_ended() and _is_ours(run):
            was_stopped = run.status is DagsterRunStatus.CANCELING
            report = instance.report_run_canceled if was_stopped else instance.report_run_failed
            report(run, f"Process {process.pid}, which executed this run, was killed.")
            ended.append(run.run_id)
    return ended


def _is_ours(run: DagsterRun) -> bool:
    """Whether it is a run of a job of ours, or, by Dagster's UI, of tables of ours alone: others share the history."""
    jobs, tables = _ours(Settings.forgiving())
    chosen = {*(run.asset_selection or ()), *(check.asset_key for check in run.asset_check_selection or ())}
    return run.job_name in jobs or (bool(chosen) and chosen <= tables)


@lru_cache(maxsize=1)  # many runs may wait
def _ours(settings: Settings) -> tuple[frozenset[str], frozenset[AssetKey]]:
    """The names of our jobs, and the keys of our tables and marts."""
    account = Account.of(settings)
    return frozenset(job.name for job in all_jobs(account)), frozenset(account.names)


def _process_of(run: DagsterRun) -> RunProcess | None:
    """The process that executes the run, as it has recorded itself; None where it has not."""
    try:
        process = RunProcess.model_validate_json(run.tags.get(PROCESS, ""))
    except ValidationError:
        return None
    return process if process.run_id == run.run_id else None


def prepare_for_dev() -> Path:
    """Make the folder ready for `dagster dev`, and give it. Raises as `history`, and where others depend on it.

    Dagster's daemon takes all runs and backfills that wait in the history, and those fail whose code it does not know.
    """
    home = _home()[1]
    _check_for_dagsters_programs(home)
    with history() as instance:
        waiting = instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.QUEUED]))
        runs = {run.job_name for run in waiting if not _is_ours(run)}
        backfills = _backfills_of_others(instance)
    found = [f"runs of another project wait to be started: {', '.join(sorted(runs))}"] * bool(runs)
    found += [f"backfills of another project are under way: {', '.join(sorted(backfills))}"] * bool(backfills)
    if found:
        raise HistoryUnusableError(
            f"In {os.environ['DAGSTER_HOME']} (DAGSTER_HOME) {', and '.join(found)}. The daemon of `make dev` would "
            "take them, and they would fail. Set DAGSTER_HOME to another folder, or load the module "
            "clockify_dagster.definitions from the workspace.yaml of that project."
        )
    return home


def _backfills_of_others(instance: DagsterInstance) -> set[str]:
    """What backfills that the daemon would go on with are of and is not ours: assets, or jobs."""
    jobs, tables = _ours(Settings.forgiving())
    found = set[str]()
    for backfill in instance.get_backfills():
        if backfill.status.value in UNFINISHED:
            found |= {key.to_user_string() for key in {*(backfill.asset_selection or ())} - tables}
            found |= {backfill.job_name} - jobs if backfill.job_name else set()
    return found


def _check_for_dagsters_programs(home: Path) -> None:
    """Raise `SettingsError` where they would use another home, or find no folder for temporary files.

    They read the `.env` as well, before the environment, and take what is written there as it is.
    """
    written = env_file().get("DAGSTER_HOME")
    if written and written != str(home):
        raise SettingsError(
            f"Dagster's history is kept in {home}, but Dagster's own programs would go by the .env of this folder, "
            f"which says DAGSTER_HOME={written}. Write DAGSTER_HOME={home} there, or take it out."
        )
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise SettingsError(
            "Dagster's own programs need a folder for temporary files, and there is none that can be written. Set "
            "TMPDIR to a folder that this user may write."
        ) from None


if __name__ == "__main__":
    try:
        sys.stdout.buffer.write(os.fsencode(prepare_for_dev()))
    except ClockifyDagsterError as error:
        sys.exit(f"Error: {error}")
