"""The command `clockify-dagster`: thin over the Dagster definitions; every load is a Dagster run that the UI shows.

The commands import what they need when they run, so that `--help` and `sandbox` do not wait for Dagster.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import TextIO

import click

from clockify_dagster.cli.signals import watched_signals
from clockify_dagster.errors import ClockifyDagsterError, SettingsError
from clockify_dagster.version import __version__

INCOMPLETE, UNUSABLE, INTERRUPTED = 1, 2, 130


@contextmanager
def _importing() -> Iterator[None]:
    """Around a command's imports: garbage is neither looked for in there, nor later among what was imported.

    Nearly all of that lives as long as the process. Looking through it again and again, and once more when the process
    ends, takes a second of the 4.4 s of processor time of a daily sync of the sandbox.
    """
    if "dagster" in sys.modules:  # the process is not the command's alone
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


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
    with _importing():
        from clockify_dagster.cli.sync import run_sync

    sys.exit(run_sync(first, last, integral=integral))


@commands.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects, and nothing else.")
def check(as_json: bool) -> None:
    """Check all that is loaded, and compare the hours with Clockify's own totals.

    The exit code is 1 when a check fails as an error, 0 otherwise.

    Example: clockify-dagster check --json
    """
    with _importing():
        from clockify_dagster.cli.check import run_check

    sys.exit(run_check(as_json=as_json))


@commands.command()
def doctor() -> None:
    """Look whether a sync can work: key, rights, database.

    Says what the key sees, how many requests a sync will take, where the data goes, and what to do where that fails.

    Example: clockify-dagster doctor
    """
    with _importing():
        from clockify_dagster.cli.doctor import run_doctor

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
    with watched_signals() as signals:
        code = _run()
        code = signals.exit_code() or code
    sys.exit(code)


def _run() -> int:
    """Run the command and write out what it printed."""
    try:
        code = _run_command()
        sys.stdout.flush()
    except OSError as error:  # errors about other files have been given a message by now
        what = f"{error.filename} cannot be used" if error.filename else "The output cannot be written"
        with suppress(OSError):  # nobody may read that either
            click.echo(f"Error: {what}: {error.strerror or error}.", err=True)
        _discard_what_cannot_be_written(sys.stdout)
        _discard_what_cannot_be_written(sys.stderr)
        return INCOMPLETE
    return code


def _run_command() -> int:
    try:
        commands(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. The loaded data is intact.", err=True)
        return INTERRUPTED
    except SettingsError as error:
        click.echo(f"Error: {error}", err=True)
        return UNUSABLE
    except ClockifyDagsterError as error:
        click.echo(f"Error: {error}", err=True)
        return INCOMPLETE
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _discard_what_cannot_be_written(stream: TextIO) -> None:
    """Let what the stream still holds go nowhere, so that Python does not fail on it again as it ends."""
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
