"""The command `clockify-dagster`: thin over the Dagster definitions; every load is a Dagster run that the UI shows.

The commands import what they need when they run, so that `--help` and `sandbox` do not wait for Dagster.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import re
import sys
from datetime import date

import click

from clockify_dagster.cli.signals import watched_signals
from clockify_dagster.errors import ClockifyDagsterError, SettingsError
from clockify_dagster.version import __version__

INCOMPLETE, UNUSABLE, INTERRUPTED = 1, 2, 130
_USUAL, _SELDOM = gc.get_threshold(), 100_000  # objects that are made before Python looks for garbage


def _day(context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    """A day written as in 2026-01-31."""
    if value is None:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise click.BadParameter(f"{value!r} is no day; write it as in 2026-01-31", context, parameter)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clockify-dagster")
def commands() -> None:
    """Clockify in your warehouse: every hour, every day, complete and right.

    Settings come from CLOCKIFY_ variables in the environment or in a file .env in this folder; the README lists them.

    Example: CLOCKIFY_API_KEY=... clockify-dagster sync
    """


@commands.command()
@click.option("--from", "first", callback=_day, metavar="DAY", help="The first day to load, as in 2026-01-31.")
@click.option("--to", "last", callback=_day, metavar="DAY", help="The last day to load; it is loaded too.")
@click.option("--integral", is_flag=True, help="Load the integral tables too: all entries there are, future ones too.")
def sync(first: date | None, last: date | None, integral: bool) -> None:
    """Load the reference tables, then time entries.

    Without days: the update window, and all days since the start date that were never loaded.

    Example: clockify-dagster sync --from 2026-01-01 --to 2026-01-31
    """
    from clockify_dagster.cli.sync import run_sync

    _imports_are_done()
    sys.exit(run_sync(first, last, integral=integral))


@commands.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects, and nothing else.")
def check(as_json: bool) -> None:
    """Check all that is loaded, and compare the hours with Clockify's own totals.

    The exit code is 1 when a check fails as an error, 0 otherwise.

    Example: clockify-dagster check --json
    """
    from clockify_dagster.cli.check import run_check

    _imports_are_done()
    sys.exit(run_check(as_json=as_json))


@commands.command()
def doctor() -> None:
    """Look whether a sync can work: key, rights, database.

    Says what the key sees, how many requests a sync will take, where the data goes, and what to do where that fails.

    Example: clockify-dagster doctor
    """
    from clockify_dagster.cli.doctor import run_doctor

    _imports_are_done()
    sys.exit(run_doctor())


@commands.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="The port to serve on.")
def sandbox(port: int) -> None:
    """Serve a made-up account here, to try it all on.

    Example: clockify-dagster sandbox --port 8765
    """
    from clockify_dagster.sandbox.__main__ import serve

    sys.exit(serve(port))


def main() -> None:
    """Run the command; what goes wrong is one message and an exit code, never a traceback.

    0 when all is well, 1 when something could not be done, 2 when the command or a setting is wrong, and 128 and the
    signal's number when one ended it.
    """
    sys.exit(_exit_code())


def program() -> None:
    """`main`, in a process that is there for nothing else: begun and ended without what only costs time.

    Nearly all that is made while Dagster is imported stays. Looking through it for garbage again and again takes a
    sixth of the imports' time and more of the run's; taking it apart in the end takes longer than the checks of a
    small account.
    """
    gc.set_threshold(_SELDOM)
    _leave(_exit_code())


def _exit_code() -> int:
    with watched_signals() as signals:
        code = _run()
        return signals.exit_code() or code


def _imports_are_done() -> None:
    """Look for garbage as often as ever from now on, but not among what was imported, in a process that is ours."""
    if gc.get_threshold()[0] == _SELDOM:
        gc.freeze()
        gc.set_threshold(*_USUAL)


def _leave(code: int) -> None:
    """End the process: what was to be done at the end of it is done, what it holds is left to the system."""
    atexit._run_exitfuncs()  # the public way is to end the interpreter
    logging.shutdown()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # nobody reads any more
        os._exit(code or INCOMPLETE)
    os._exit(code)


def _run() -> int:
    try:
        commands(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What is loaded is whole.", err=True)
        return INTERRUPTED
    except SettingsError as error:
        click.echo(f"Error: {error}", err=True)
        return UNUSABLE
    except ClockifyDagsterError as error:
        click.echo(f"Error: {error}", err=True)
        return INCOMPLETE
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except OSError as error:  # what has a better message has raised it; this is the output, more often than not
        what = f"{error.filename} cannot be used" if error.filename else "The output cannot be written"
        click.echo(f"Error: {what}: {error.strerror or error}.", err=True)
        return INCOMPLETE
    return 0
