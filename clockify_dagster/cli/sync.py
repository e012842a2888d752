"""`clockify-dagster sync`: which days it loads, its runs, and its summary."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import click
from dagster import DagsterInstance

from clockify_dagster.cli.check import listed
from clockify_dagster.cli.home import history
from clockify_dagster.cli.runs import Outcome, run_job
from clockify_dagster.cli.terminal import shown, table
from clockify_dagster.contract import CONTRACT, WORKSPACES
from clockify_dagster.days import Days, Span
from clockify_dagster.defs import jobs
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.account_definitions import warehouse_of
from clockify_dagster.defs.assets import ENTRIES
from clockify_dagster.defs.partitions import days_to_load, missing_days, tags_of
from clockify_dagster.defs.run_workspaces import tags_of_workspaces, workspaces_of_run
from clockify_dagster.errors import WarehouseError
from clockify_dagster.progress import Stage, report
from clockify_dagster.settings import Settings
from clockify_dagster.settings_rules import missing_key
from clockify_dagster.warehouse import Warehouse
from clockify_dagster.warehouse.audit import WorkspaceRows


def run_sync(
    settings: Settings,
    first: date | None,
    last: date | None,
    *,
    workspaces: tuple[str, ...] = (),
    integral: bool = False,
    drop_unseen: bool = False,
    launched_by: str = "sync",
) -> int:
    """Load, print, and give the exit code: 0 when all is loaded, 1 when something is missing.

    With `workspaces`, these alone are loaded, and the rows of all others stay. With `drop_unseen`, the rows of those
    that the key does not see, or the setting leaves out, are removed. The runs' tag `clockify/launched_by` says by what
    they were launched.
    """
    if settings.api_key is None:
        raise missing_key(settings.named("api_key"))
    workspaces = tuple(sorted(workspaces_of_run(tags_of_workspaces(workspaces)) or ()))  # which looks at the ids
    account = Account.of(settings)
    calendar = account.calendar
    warehouse = warehouse_of(settings).warehouse(settings.contract)
    warehouse.database.check_writable()
    if is_asked_for := bool(first or last):
        days = calendar.checked(first or settings.start_date, last or calendar.today)
    else:
        with shown("Looking at what is loaded"):
            days = days_to_load(calendar, warehouse, workspaces or settings.workspaces)
    began, outcome = time.monotonic(), Outcome(launched_by)
    # steps in processes of their own print plain lines, which a bar would be mixed with
    with shown("Opening Dagster's history", is_bar_wanted=settings.executor == "in_process"), history() as instance:
        options: dict[str, Any] = {"tags": tags_of_workspaces(workspaces)}
        options |= {"steps": {account.step(WORKSPACES): {"drop_unseen": True}}} if drop_unseen else {}
        _load(outcome, instance, account.named(jobs.EVERYTHING if integral else jobs.DAILY), days, **options)
        missing = [] if is_asked_for else missing_days(calendar, warehouse, workspaces or settings.workspaces)
        if missing and ENTRIES in outcome.rows and ENTRIES not in outcome.faults and not outcome.interrupted:
            # the run has found a workspace of which no day was ever loaded
            days = Days(missing[0].first, calendar.today)
            _load(outcome, instance, account.named(jobs.TIME_ENTRIES), days, tags=options["tags"])
            missing = missing_days(calendar, warehouse, workspaces or settings.workspaces)
    _print(outcome, warehouse, days.span(calendar.zone), workspaces)
    click.echo(f"{outcome.requests} requests, {time.monotonic() - began:.1f} seconds, into {settings.database}")
    if outcome.passed or outcome.findings:
        click.echo(
            f"\nChecks: {outcome.passed} passed, {len(outcome.findings)} did not{':' if outcome.findings else '.'}"
        )
    if outcome.findings:
        click.echo(listed(outcome.findings.values()))
    if not outcome.success:
        _print_faults(outcome)
    if missing and outcome.success:
        click.echo(f"\nDays that are not loaded: {', '.join(map(str, missing))}. Start the sync again.", err=True)
    return 0 if outcome.success and not missing else 1


def _load(
    outcome: Outcome,
    instance: DagsterInstance,
    job: str,
    days: Days,
    steps: Mapping[str, Mapping[str, bool]] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    what = "time entries" if job.endswith(jobs.TIME_ENTRIES) else "reference tables and time entries"
    click.echo(f"Loading {what} of {days}.", file=sys.stderr)  # with err=True click would write into the bar
    report(Stage("Starting the run"))
    run_job(outcome, job, instance, {**tags_of(days), **(tags or {})}, steps)


def _print(outcome: Outcome, warehouse: Warehouse, span: Span, among: tuple[str, ...]) -> None:
    if not outcome.rows:
        click.echo("Nothing was loaded.\n")
        return
    held, workspaces = dict[str, int | None](), list[WorkspaceRows]()
    with suppress(WarehouseError):  # somebody else has the file just now, which is no fault of the sync
        held, workspaces = warehouse.row_counts(), warehouse.rows_by_workspace(span, among or None)
    rows = [[each.name, outcome.rows[each.name], held.get(each.name)] for each in CONTRACT if each.name in outcome.rows]
    click.echo(table(rows, ["table", "rows loaded", "rows in all"]) + "\n")
    if len(workspaces) > 1 or among:
        by_workspace = [[each.name, each.entries_within, each.entries, each.others] for each in workspaces]
        head = ["workspace", "entries of these days", "entries in all", "other rows in all"]
        click.echo(table(by_workspace, head) + "\n")


def _print_faults(outcome: Outcome) -> None:
    if outcome.interrupted:
        stopped = _named(outcome.missing.values()) or "nothing"
        click.echo(f"\nStopped. Not loaded, and as before: {stopped}.", err=True)
        return
    click.echo("\nNot everything could be loaded; what is missing stands as it did before:", err=True)
    for message in dict.fromkeys(outcome.faults.values()):
        steps = [step for step, said in outcome.faults.items() if said == message]
        failed = _named(outcome.missing.get(step, []) for step in steps) or ", ".join(steps)
        click.echo(f"- {failed}: {message}", err=True)
    if untried := _named(tables for step, tables in outcome.missing.items() if step not in outcome.faults):
        click.echo(f"- not tried because of that: {untried}", err=True)


def _named(groups: Iterable[list[str]]) -> str:
    tables = {table for group in groups for table in group}
    return ", ".join(table.name for table in CONTRACT if table.name in tables)
