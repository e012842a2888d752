"""`clockify-dagster check`: every check of what is loaded, here and now, without a Dagster run."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence

import click
from tabulate import tabulate

from clockify_dagster.contract import CONTRACT
from clockify_dagster.defs.checks import audit_context, reconciled
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.reconcile import CHECK as RECONCILIATION
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Database, Warehouse
from clockify_dagster.warehouse.audit import Finding, audit

_PASSED = {True: "yes", False: "NO", None: "not checked"}


def run_check(settings: Settings, *, as_json: bool) -> int:
    """Print what the checks find; 1 when one fails as an error, else 0.

    Raises `NotLoadedError` where there is no database yet.
    """
    database = Database(settings.database, settings.lock_timeout_seconds)
    findings, absent = all_findings(settings, Warehouse(database))
    if as_json:
        objects = [
            {
                "asset": finding.check.table,
                "check": finding.check.name,
                "passed": finding.passed,
                "severity": finding.severity,
                "metadata": {**finding.metadata, "description": finding.message},
            }
            for finding in findings
        ]
        click.echo(json.dumps(objects, indent=2, ensure_ascii=False))
    else:
        _print(findings)
    if absent:
        click.echo(f"Never loaded, so not checked: {', '.join(absent)}.", err=True)
    return 1 if any(finding.is_error for finding in findings) else 0


def all_findings(settings: Settings, warehouse: Warehouse) -> tuple[list[Finding], list[str]]:
    """What all checks find, and the tables that were never loaded."""
    calendar = Calendar.of(settings)
    with warehouse.database.reading() as connection:
        context = audit_context(connection, calendar, CONTRACT)
        findings = [finding for table in CONTRACT for finding in audit(context, table)]
        absent = [table.name for table in CONTRACT if not context.was_loaded(table.name)]
    return [*findings, reconciled(settings, calendar, warehouse)], absent


def _print(findings: Sequence[Finding]) -> None:
    rows = []
    for f in findings:  # lists and texts are below the table or in the JSON
        numbers = ", ".join(f"{k} {v:,}" for k, v in f.numbers.items() if isinstance(v, int | float))
        rows.append([f.check.table, f.check.name, _PASSED[f.passed], f.severity, numbers])
    click.echo(tabulate(rows, ["asset", "check", "passed", "severity", "numbers"]))
    failed, unknown = ([each for each in findings if each.passed is passed] for passed in (False, None))
    click.echo("\n" if failed or unknown else "", nl=False)
    print_findings((f.check.table, f.check.name, f.severity, f.message) for f in (*failed, *unknown))
    for f in findings:
        if f.check == RECONCILIATION and f.passed:  # equal totals say nothing about days that were not compared
            click.echo("\n" + textwrap.fill(f.message, 110))
    errors = sum(finding.is_error for finding in failed)
    click.echo(
        f"\n{len(findings)} checks: {len(findings) - len(failed) - len(unknown)} passed, {errors} failed as errors, "
        f"{len(failed) - errors} as warnings, {len(unknown)} could not be made."
    )


def print_findings(findings: Iterable[tuple[str, str, str, str]]) -> None:
    """Print of each the table, the check, the severity and the message, as a list to read."""
    for table, check, severity, message in findings:
        text = f"{severity} {table}, {check}: {message}"
        click.echo(textwrap.fill(text, 110, initial_indent="- ", subsequent_indent="  "))
