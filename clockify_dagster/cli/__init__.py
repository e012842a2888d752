"""The command `clockify-dagster`: thin over the Dagster definitions; every load is a Dagster run that the UI shows.

The commands import what they need when they run, so that `--help` and `sandbox` do not wait for Dagster.
"""

from __future__ import annotations

import sys
from datetime import date

import click

from clockify_dagster.errors import ClockifyDagsterError, SettingsError
from clockify_dagster.version import __version__

INCOMPLETE, UNUSABLE = 1, 2


class _Day(click.ParamType[date]):
    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """A day written as in 2026-01-31."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value)) if len(str(value)) == 10 else self._refuse(value, param, ctx)
        except ValueError:
            return self._refuse(value, param, ctx)

    def _refuse(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        self.fail(f"{value!r} is no day; write it as in 2026-01-31", param, ctx)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clockify-dagster")
def commands() -> None:
    """Clockify in your warehouse: every hour, every day, complete and right.

    Settings come from CLOCKIFY_ variables in the environment or in a file .env in this folder; the README lists them.

    Example: CLOCKIFY_API_KEY=... clockify-dagster sync
    """


@commands.command()
@click.option("--from", "first", type=_Day(), metavar="DAY", help="The first day to load, as in 2026-01-31.")
@click.option("--to", "last", type=_Day(), metavar="DAY", help="The last day to load; it is loaded too.")
@click.option("--integral", is_flag=True, help="Load the integral tables too: all entries there are, future ones too.")
def sync(first: date | None, last: date | None, integral: bool) -> None:
    """Load the reference tables, then time entries.

    Without days: the update window, and all days since the start date that were never loaded.

    Example: clockify-dagster sync --from 2026-01-01 --to 2026-01-31
    """
    from clockify_dagster.cli.sync import run_sync

    sys.exit(run_sync(first, last, integral=integral))


@commands.command()
def doctor() -> None:
    """Say whether the key is accepted, what it sees, and where the data goes.

    Example: clockify-dagster doctor
    """
    from clockify_dagster.cli.doctor import run_doctor

    sys.exit(run_doctor())


@commands.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="The port to serve on.")
def sandbox(port: int) -> None:
    """Serve a made-up Clockify account on this machine, to try everything on.

    Example: clockify-dagster sandbox --port 8765
    """
    from clockify_dagster.sandbox.__main__ import serve

    sys.exit(serve(port))


def main() -> None:
    """Run the command; an error of ours is one message and an exit code, never a traceback."""
    try:
        commands()
    except SettingsError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(UNUSABLE)
    except ClockifyDagsterError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(INCOMPLETE)
