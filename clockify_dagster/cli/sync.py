"""`clockify-dagster sync`: which days, which runs, and what is said in the end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click
from dagster import DagsterInstance
from tabulate import tabulate

from clockify_dagster.cli.check import print_findings
from clockify_dagster.cli.environment import read_settings
from clockify_dagster.cli.home import history
from clockify_dagster.cli.runs import Outcome, run_job
from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster.defs import jobs
from clockify_dagster.defs.assets import ENTRIES
from clockify_dagster.defs.partitions import Calendar, days_to_load, missing_days, tags_of
from clockify_dagster.errors import WarehouseError
from clockify_dagster.settings import Settings, missing_key
from clockify_dagster.warehouse import Database, Warehouse


def run_sync(first: date | None, last: date | None, *, integral: bool) -> int:
    """Load, print, and give the exit code: 0 when all is loaded, 1 when something is missing."""
    settings = read_settings()
    if settings.api_key is None:
        raise missing_key()
    calendar = Calendar.of(settings)
    warehouse = Warehouse(Database(Path(settings.database), settings.lock_timeout_seconds))
    is_asked_for = bool(first or last)
    if is_asked_for:
        days = calendar.checked(first or settings.start_date, last or calendar.today)
    else:
        days = days_to_load(calendar, warehouse, settings.workspaces)
    began = time.monotonic()
    with history() as instance:
        outcomes = [_load(instance, jobs.EVERYTHING if integral else jobs.DAILY, days)]
        missing = [] if is_asked_for else missing_days(calendar, warehouse, settings.workspaces)
        if missing and ENTRIES in outcomes[0].rows and not outcomes[0].interrupted:
            # the first run has found a workspace of which no day was ever loaded
            days = Days(missing[0].first, calendar.today)
            outcomes.append(_load(instance, jobs.TIME_ENTRIES, days))
            missing = missing_days(calendar, warehouse, settings.workspaces)
    _print(outcomes, time.monotonic() - began, settings, warehouse)
    if missing and all(outcome.success for outcome in outcomes):
        click.echo(f"\nDays that are not loaded: {', '.join(map(str, missing))}. Start the sync again.", err=True)
    return 0 if all(outcome.success for outcome in outcomes) and not missing else 1


def _load(instance: DagsterInstance, job: str, days: Days) -> Outcome:
    what = "time entries" if job == jobs.TIME_ENTRIES else "reference tables and time entries"
    click.echo(f"Loading {what} of {days}.", err=True)
    return run_job(job, instance, tags_of(days))


def _print(outcomes: list[Outcome], seconds: float, settings: Settings, warehouse: Warehouse) -> None:
    written: dict[str, int] = {}
    for outcome in outcomes:
        for table, count in outcome.rows.items():
            written[table] = written.get(table, 0) + count
    if written:
        held = _rows_in_all(warehouse)
        rows = [[table.name, written[table.name], held.get(table.name)] for table in CONTRACT if table.name in written]
        click.echo(tabulate(rows, ["table", "rows loaded", "rows in all"], intfmt=",") + "\n")
    else:
        click.echo("Nothing was loaded.\n")
    requests = sum(outcome.requests for outcome in outcomes)
    click.echo(f"{requests} requests, {seconds:.1f} seconds, into {settings.database}")
    findings = {finding[:2]: finding for outcome in outcomes for finding in outcome.findings}
    if findings:
        click.echo("\nChecks that fail:")
        print_findings(findings.values())
    for outcome in outcomes:
        _print_faults(outcome)


def _rows_in_all(warehouse: Warehouse) -> dict[str, int | None]:
    """Rows by table; nothing where somebody else has the file just now, since that is no fault of the sync."""
    try:
        return warehouse.row_counts()
    except WarehouseError:
        return {}


def _print_faults(outcome: Outcome) -> None:
    if outcome.success:
        return
    if outcome.interrupted:
        stopped = _named(outcome.missing.values()) or "nothing"
        click.echo(f"\nStopped. Not loaded, and as before: {stopped}.", err=True)
        return
    click.echo("\nNot everything could be loaded; what is missing stands as it did before:", err=True)
    for message in dict.fromkeys(outcome.faults.values()):
        steps = [step for step, said in outcome.faults.items() if said == message]
        failed = _named(outcome.missing.get(step, []) for step in steps) or ", ".join(steps)
        click.echo(f"- {failed}: {message}", err=True)
    untried = _named(tables for step, tables in outcome.missing.items() if step not in outcome.faults)
    if untried:
        click.echo(f"- not tried because of that: {untried}", err=True)


def _named(groups: Iterable[list[str]]) -> str:
    tables = {table for group in groups for table in group}
    return ", ".join(table.name for table in CONTRACT if table.name in tables)
