"""`clockify-dagster sync`: which days, which runs, and what is said in the end."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import click
from dagster import DagsterInstance
from tabulate import tabulate

from clockify_dagster.cli.home import ensure_home
from clockify_dagster.cli.runs import Outcome, run_job
from clockify_dagster.contract import CONTRACT
from clockify_dagster.defs.partitions import Days, never_loaded_days, pending_days
from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings, missing_key
from clockify_dagster.warehouse import Warehouse
from clockify_dagster.warehouse.connection import Database

_MOST_RUNS = 20


def run_sync(first: date | None, last: date | None, *, integral: bool) -> int:
    """Load, print, and give the exit code: 0 when all is loaded, 1 when something is missing."""
    settings = Settings.load()
    if settings.api_key is None:
        raise missing_key()
    warehouse = Warehouse(Database(Path(settings.database), settings.lock_timeout_seconds))
    asked = _asked(settings, first, last)
    ensure_home()
    began = time.monotonic()
    with DagsterInstance.get() as instance:
        outcomes = _load(settings, warehouse, instance, asked, integral=integral)
    _print(outcomes, time.monotonic() - began, settings, warehouse)
    return 0 if all(outcome.success for outcome in outcomes) else 1


def _asked(settings: Settings, first: date | None, last: date | None) -> Days | None:
    """The days that the command names; a missing end is the start date's or today's. None where it names none."""
    if first is None and last is None:
        return None
    days = Days(first or settings.start_date, last or settings.today)
    if days.first < settings.start_date:
        raise SettingsError(
            f"--from {days.first} is before the first day there is, {settings.start_date} (CLOCKIFY_START_DATE). "
            f"Write a later day, or set CLOCKIFY_START_DATE={days.first}."
        )
    if days.last > settings.today:
        raise SettingsError(
            f"--to {days.last} is in the future; the last day is today, {settings.today} in {settings.timezone}. "
            "Entries of later days come in with their day."
        )
    return days


def _load(
    settings: Settings, warehouse: Warehouse, instance: DagsterInstance, asked: Days | None, *, integral: bool
) -> list[Outcome]:
    """The first run takes the reference tables along; never loaded days that lie apart get runs of their own."""
    todo = [asked] if asked else pending_days(settings, warehouse)
    outcomes: list[Outcome] = []
    while todo:
        first = not outcomes
        name = "clockify_time_entries" if not first else ("clockify_everything" if integral else "clockify_daily")
        click.echo(f"Loading {'reference tables and ' if first else ''}time entries of {todo[0]}.", err=True)
        outcomes.append(run_job(name, instance, todo[0].tags))
        if not outcomes[-1].success or len(outcomes) > _MOST_RUNS:
            break
        # the first run may have found a workspace of which no day was ever loaded
        todo = [] if asked else never_loaded_days(settings, warehouse)
    return outcomes


def _print(outcomes: list[Outcome], seconds: float, settings: Settings, warehouse: Warehouse) -> None:
    written = {table: rows for outcome in outcomes for table, rows in outcome.rows.items()}
    held = warehouse.row_counts() if warehouse.database.path.exists() else {}
    rows = [[table.name, written.get(table.name), held.get(table.name)] for table in CONTRACT if table.name in written]
    click.echo(tabulate(rows, ["table", "rows loaded", "rows in all"], intfmt=","))
    requests = sum(outcome.requests for outcome in outcomes)
    click.echo(f"\n{requests} requests, {seconds:.1f} seconds, into {settings.database}")
    for outcome in outcomes:
        _print_faults(outcome)


def _print_faults(outcome: Outcome) -> None:
    if outcome.success:
        return
    click.echo("\nNot everything could be loaded; what is missing stands as it did before:", err=True)
    for message in dict.fromkeys(outcome.faults.values()):
        steps = [step for step, said in outcome.faults.items() if said == message]
        click.echo(f"- {', '.join(steps)}: {message}", err=True)
    if outcome.skipped:
        click.echo(f"- not tried because of that: {', '.join(outcome.skipped)}", err=True)
