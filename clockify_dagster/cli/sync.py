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
from clockify_dagster.defs.assets.timeentries import ENTRIES
from clockify_dagster.defs.partitions import Days, checked_days, never_loaded_days, pending_days
from clockify_dagster.errors import WarehouseError
from clockify_dagster.settings import Settings, missing_key
from clockify_dagster.warehouse import Warehouse
from clockify_dagster.warehouse.connection import Database

_MOST_RUNS = 20


def run_sync(first: date | None, last: date | None, *, integral: bool) -> int:
    """Load, print, and give the exit code: 0 when all is loaded, 1 when something is missing."""
    settings = read_settings()
    if settings.api_key is None:
        raise missing_key()
    warehouse = Warehouse(Database(Path(settings.database), settings.lock_timeout_seconds))
    asked = None
    if first or last:
        asked = checked_days(first or settings.start_date, last or settings.today, settings)
    todo = [asked] if asked else pending_days(settings, warehouse)
    began = time.monotonic()
    outcomes: list[Outcome] = []
    with history() as instance:
        while todo:
            outcomes.append(_load(instance, todo[0], reference=not outcomes, integral=integral))
            if not _may_go_on(outcomes):
                break
            # the first run may have found a workspace of which no day was ever loaded
            todo = [] if asked else [days for days in never_loaded_days(settings, warehouse) if days != todo[0]]
    _print(outcomes, time.monotonic() - began, settings, warehouse)
    return 0 if all(outcome.success for outcome in outcomes) else 1


def _load(instance: DagsterInstance, days: Days, *, reference: bool, integral: bool) -> Outcome:
    """One run. The first one takes the reference tables along; days that lie apart get runs of their own."""
    name = "clockify_time_entries"
    if reference:
        name = "clockify_everything" if integral else "clockify_daily"
    click.echo(f"Loading {'reference tables and ' if reference else ''}time entries of {days}.", err=True)
    return run_job(name, instance, days.tags)


def _may_go_on(outcomes: list[Outcome]) -> bool:
    """Whether other days can be loaded: a table that failed costs the others nothing, a stop ends all."""
    last = outcomes[-1]
    return ENTRIES in last.rows and not last.interrupted and len(outcomes) < _MOST_RUNS


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
