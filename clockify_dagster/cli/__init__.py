"""The command `clockify-dagster`. Every load is a run of a Dagster job, which the UI shows as well.

The commands import what they need when they run, so that `--help` and `sandbox` do not wait for Dagster.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from datetime import date
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clockify_dagster.cli.importing import importing
from clockify_dagster.cli.signals import watched_signals
from clockify_dagster.errors import ClockifyDagsterError, SettingsError
from clockify_dagster.version import __version__

if TYPE_CHECKING:
    from clockify_dagster.settings import Settings

__all__ = ["commands", "main"]

INCOMPLETE, UNUSABLE, INTERRUPTED = 1, 2, 130
_FILE = click.Path(dir_okay=False, path_type=Path)


def _day(context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    """The option's date, or None where it is not given. Raises `click.BadParameter`."""
    if value is None:
        return None
    with suppress(ValueError):
        day = date.fromisoformat(value)
        if day.isoformat() == value:  # Python 3.11 and later take other forms as well
            return day
    raise click.BadParameter(f"{value!r} is not a date; write it like 2026-01-31", context, parameter)


def _settings() -> Settings:
    """The settings; warns of variables that look like ours and have no effect. Raises `SettingsError`."""
    from clockify_dagster.settings import Settings, variable

    ours = [variable(name) for name in Settings.model_fields]
    for unknown in Settings.unknown_variables():
        similar = get_close_matches(unknown, ours, n=1, cutoff=0.75)
        hint = f" Did you mean {similar[0]}?" if similar else ""
        click.echo(f"Warning: there is no setting {unknown}, so it has no effect.{hint}", err=True)
    return Settings.load()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clockify-dagster")
def commands() -> None:
    """Load Clockify into your warehouse, every hour of every day.

    Settings are CLOCKIFY_ variables in the environment or in the file .env of this folder; the README lists them.

    Example: CLOCKIFY_API_KEY=... clockify-dagster sync
    """


@commands.command()
@click.option("--from", "first", callback=_day, metavar="DAY", help="The first day to load, like 2026-01-31.")
@click.option("--to", "last", callback=_day, metavar="DAY", help="The last day to load, included.")
@click.option("--workspace", "workspaces", multiple=True, metavar="ID", help="Load only this one; may come twice.")
@click.option("--integral", is_flag=True, help="Load the integral tables too: all entries, also future ones.")
@click.option(
    "--drop-unseen",
    is_flag=True,
    help="Remove all rows of loaded workspaces that this key does not see, or CLOCKIFY_WORKSPACES leaves out.",
)
@click.option(
    "--launched-by",
    metavar="NAME",
    default="sync",
    help="What starts the sync, cron for example: the tag clockify/launched_by of its runs in Dagster's UI.",
)
def sync(
    first: date | None,
    last: date | None,
    *,
    workspaces: tuple[str, ...],
    integral: bool,
    drop_unseen: bool,
    launched_by: str,
) -> None:
    """Load the reference tables, then time entries.

    Without days it loads the update window and all days since the start date that were never loaded.

    Example: clockify-dagster sync --from 2026-01-01 --to 2026-01-31
    """
    with importing():
        from clockify_dagster.cli.sync import run_sync

    asked = partial(run_sync, integral=integral, drop_unseen=drop_unseen, launched_by=launched_by)
    sys.exit(asked(_settings(), first, last, workspaces=workspaces))


@commands.command()
@click.option("--all", "all_of_them", is_flag=True, help="List the checks that pass too.")
@click.option("--json", "as_json", is_flag=True, help="Print only a JSON list of objects, one for each check.")
def check(all_of_them: bool, as_json: bool) -> None:
    """Check the loaded tables, and compare the hours with Clockify's own totals.

    Checks that pass are counted, all others are listed. The exit code is 1 when a check fails with severity ERROR, 0
    otherwise.

    Example: clockify-dagster check --json
    """
    with importing():
        from clockify_dagster.cli.check import run_check

    sys.exit(run_check(_settings(), as_json=as_json, all_of_them=all_of_them))


@commands.command()
def doctor() -> None:
    """Check that a sync can work: the key, its rights, the database.

    Prints what the key can see, how many requests a sync takes, where the data goes, and what to do about problems.

    Example: clockify-dagster doctor
    """
    with importing():
        from clockify_dagster.cli.doctor import run_doctor

    sys.exit(run_doctor(_settings()))


@commands.command()
@click.option("--out", type=_FILE, metavar="PATH", help="Where. Default: clockify_report.html beside the database.")
def report(out: Path | None) -> None:
    """Write one HTML file with charts of hours, budgets and money, which opens without network or server.

    Example: clockify-dagster report --out report.html
    """
    with importing():
        from clockify_dagster.cli.report import run_report

    sys.exit(run_report(_settings(), out))


@commands.command()
@click.option("--out", type=_FILE, metavar="PATH", help="The file to write.")
def dbt_sources(out: Path | None) -> None:
    """Print the loaded tables and marts as dbt's sources, with descriptions, tests and freshness.

    Example: clockify-dagster dbt-sources --out models/sources.yml
    """
    with importing():
        from clockify_dagster.cli.dbt_sources import run_dbt_sources

    sys.exit(run_dbt_sources(_settings(), out))


@commands.command()
@click.option(
    "--edit", type=_FILE, metavar="PATH", help="Copy the notebook there, unless it is, and open it to change."
)
@click.option("--port", type=click.IntRange(1, 65535), help="The port to serve on. Default: one that is free.")
@click.option("--no-browser", is_flag=True, help="Print the address alone.")
def explore(edit: Path | None, port: int | None, *, no_browser: bool) -> None:
    """Open a notebook over the marts in the browser, with filters. It loads nothing and changes nothing.

    Example: clockify-dagster explore --edit hours.py
    """
    from clockify_dagster.cli.explore import run_explore

    run_explore(_settings(), edit, port, no_browser=no_browser)


@commands.command()
@click.option("--to", metavar="DATABASE", required=True, help="A file's path, or ducklake:postgres:dbname=...")
@click.option("--lake-path", metavar="PLACE", help="Where a lake has its data. Default: CLOCKIFY_LAKE_PATH.")
def move(to: str, lake_path: str | None) -> None:
    """Copy all tables into another database, with their descriptions, and make the marts there.

    What CLOCKIFY_DATABASE names stays as it is. The other database must not have such tables yet.

    Example: clockify-dagster move --to "ducklake:postgres:dbname=lake host=..." --lake-path s3://bucket/clockify
    """
    with importing():
        from clockify_dagster.cli.move import run_move

    sys.exit(run_move(_settings(), to, lake_path))


@commands.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="The port to serve on.")
def sandbox(port: int) -> None:
    """Serve a made-up Clockify account on this machine, to try everything with.

    Example: clockify-dagster sandbox --port 8765
    """
    from clockify_dagster.sandbox.__main__ import serve

    sys.exit(serve(port))


def main() -> None:
    """Run the command. An error is one message and an exit code, never a traceback.

    The exit code is 0 for success, 1 where something could not be done, 2 where the command or a setting is wrong, and
    128 plus the signal's number where a signal ended it.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names are in any alphabet, the locale may know one
    with watched_signals() as exit_code_of_signal:
        try:
            code = _run_command()
            sys.stdout.flush()
        except OSError as error:  # errors about other files have been given a message by now
            what = f"{error.filename} cannot be used" if error.filename else "The output cannot be written"
            with suppress(OSError):  # nobody may read that either
                click.echo(f"Error: {what}: {error.strerror or error}.", err=True)
            # what the output still holds goes nowhere, so that Python does not fail on it again as it ends
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except OSError:  # noqa: PERF203 - each of the two
                    with Path(os.devnull).open("wb") as nowhere:
                        os.dup2(nowhere.fileno(), stream.fileno())
            code = INCOMPLETE
        code = exit_code_of_signal() or code
    sys.exit(code)


def _run_command() -> int:
    try:
        return int(commands(standalone_mode=False) or 0)
    except SystemExit as ended:
        return int(ended.code or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. The loaded data is intact.", err=True)
        return INTERRUPTED
    except ClockifyDagsterError as error:
        click.echo(f"Error: {error}", err=True)
        return UNUSABLE if isinstance(error, SettingsError) else INCOMPLETE
