"""Where Dagster keeps its history: `DAGSTER_HOME`, or else a folder beside the data, with our `dagster.yaml` in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from clockify_dagster.errors import HistoryUnusableError, SettingsError
from clockify_dagster.settings import ENV_FILE
from clockify_dagster.warehouse.connection import alone_in

if TYPE_CHECKING:
    from dagster import DagsterInstance

DEFAULT = ".dagster"
_LATEST = 50


def ensure_home() -> Path:
    """The folder, made where it is missing; sets `DAGSTER_HOME` for this process, to the whole path.

    It is named by the environment, or the `.env` in the working directory. An existing `dagster.yaml` stays as it is.
    Raises `SettingsError` where it cannot be made.
    """
    named = os.environ.get("DAGSTER_HOME") or _in_env_file() or DEFAULT
    try:
        home = Path(named.strip()).expanduser().absolute()
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "dagster.yaml").exists():
            _put_whole(resources.files("clockify_dagster").joinpath("dagster.yaml").read_bytes(), home / "dagster.yaml")
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingsError(
            f"Dagster's history cannot be kept in {named}: {getattr(error, 'strerror', None) or error}. Set "
            f"DAGSTER_HOME to a folder that can be written, for example DAGSTER_HOME={Path.home() / '.dagster'}"
        ) from None
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def _put_whole(content: bytes, path: Path) -> None:
    """Make a file that is never there in part: half of ours would stay for good, and mean other things."""
    unborn = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        unborn.write_bytes(content)
        unborn.replace(path)
    finally:
        unborn.unlink(missing_ok=True)


@contextmanager
def history() -> Iterator[DagsterInstance]:
    """Dagster's history, with the runs of killed processes marked as failed.

    Its files are made by one process at a time: two that Dagster lets make them at once get in each other's way.
    Raises `HistoryUnusableError` when they cannot be written, then or later.
    """
    from dagster import DagsterInstance
    from sqlalchemy.exc import OperationalError

    home = ensure_home()
    try:
        with alone_in(home):
            instance = DagsterInstance.get()
            end_dead_runs(instance)
    except (OperationalError, OSError) as error:
        raise _unusable(home, error) from error
    try:
        with instance:  # in the end of which the last events are written
            yield instance
    except OperationalError as error:
        raise _unusable(home, error) from error
    except OSError as error:
        if not str(error.filename).startswith(str(home)):
            raise
        raise _unusable(home, error) from error


def _unusable(home: Path, error: Exception) -> HistoryUnusableError:
    return HistoryUnusableError(
        f"Dagster's history in {home} (DAGSTER_HOME) cannot be used: {getattr(error, 'orig', None) or error}. Make "
        f"room on its disk, or let this user write there, and start again. The data is whole."
    )


def end_dead_runs(instance: DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is no more; gives their ids.

    Dagster does not notice when a run is killed (`kill -9`, a power cut), and would keep its place in the queue for it.
    """
    from dagster import DagsterRunStatus, RunsFilter

    under_way = [DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=under_way)):
        latest = instance.get_records_for_run(run.run_id, limit=_LATEST, ascending=False).records
        events = [record.event_log_entry.dagster_event for record in latest]
        pid = next((event.pid for event in events if event and event.pid), None)
        if pid and not _is_alive(pid):
            instance.report_run_failed(run, f"Process {pid}, which did this run, is no more; it was killed.")
            ended.append(run.run_id)
    return ended


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def _in_env_file() -> str | None:
    try:
        return dotenv_values(ENV_FILE, encoding="utf-8").get("DAGSTER_HOME")
    except (OSError, UnicodeDecodeError):
        return None


def main() -> None:
    """Make the folder ready for `dagster dev`."""
    with history():
        pass


if __name__ == "__main__":
    main()
