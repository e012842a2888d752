"""`clockify-dagster report`: the report of what is loaded, here and now, without a Dagster run."""

from __future__ import annotations

from pathlib import Path

import click

from clockify_dagster.cli.terminal import folded, shown
from clockify_dagster.defs.account_definitions import warehouse_of
from clockify_dagster.report import report_path, write_report
from clockify_dagster.settings import Settings


def run_report(settings: Settings, out: Path | None) -> int:
    """Write the report to `out`, or beside the database, and say where it is. Gives the exit code.

    Raises what `write_report` raises.
    """
    database = warehouse_of(settings).warehouse(settings.contract).database
    path = out or report_path(database)
    with shown("Drawing"):
        written = write_report(database, path, settings.timezone)
    if written.is_empty:
        click.echo(folded("There are no time entries with hours yet, and the report says so."), err=True)
    click.echo(f"The report is {written.path} ({written.size / 1e6:.1f} MB). Open it in a browser.")
    return 0
