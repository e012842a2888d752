"""`clockify-dagster check`: every check of what is loaded, here and now, without a Dagster run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from clockify_dagster.cli.terminal import folded, shown, table
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.account_definitions import warehouse_of
from clockify_dagster.defs.checks import audit_context, reconciled
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.marts import audit_marts, available
from clockify_dagster.progress import counted
from clockify_dagster.reconcile import CHECK as RECONCILIATION
from clockify_dagster.reconcile import RECONCILIATIONS
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Warehouse
from clockify_dagster.warehouse.audit import Finding, audit

_PASSED = {True: "yes", False: "NO", None: "not checked"}


def run_check(settings: Settings, *, as_json: bool, all_of_them: bool) -> int:
    """Print what the checks find, of those that pass only how many they are; 1 when one fails as an error, else 0.

    Raises `NotLoadedError` where there is no database yet.
    """
    assets = {name: key.to_user_string() for key, name in Account.of(settings).names.items()}
    with shown("Checking"):
        findings, unchecked = all_findings(settings, warehouse_of(settings).warehouse(settings.contract))
    if as_json:
        objects = [
            {
                "asset": assets[finding.check.table],
                "check": finding.check.name,
                "passed": finding.passed,
                "severity": finding.severity,
                "metadata": {**finding.metadata, "description": finding.message},
            }
            for finding in findings
        ]
        is_any_alphabet_written = (sys.stdout.encoding or "").lower().startswith("utf")
        click.echo(json.dumps(objects, indent=2, ensure_ascii=not is_any_alphabet_written))
    else:
        _print(findings, assets, all_of_them=all_of_them)
    for why, tables in unchecked.items():
        if tables:
            click.echo(folded(f"{why}, so not checked: {', '.join(tables)}."), err=True)
    return 1 if any(finding.is_error for finding in findings) else 0


def all_findings(settings: Settings, warehouse: Warehouse) -> tuple[list[Finding], dict[str, list[str]]]:
    """What all checks find, and by the reason the tables that have nothing to check."""
    calendar = Calendar.of(settings)
    with warehouse.database.reading() as connection:
        context = audit_context(connection, calendar, settings.contract)
        absent = [table.name for table in settings.contract if context.is_absent(table)]
        never = [
            each.name for each in settings.contract if not context.was_loaded(each.name) and each.name not in absent
        ]
        tables = [table for table in settings.contract if table.name not in absent]
        findings = [
            finding for each in counted(tables, "Checking", "tables", len(tables)) for finding in audit(context, each)
        ]
        findings += audit_marts(connection, available(settings.contract).values())
    there = [check for check in RECONCILIATIONS if check.table in settings.contract]
    asked = [check for check in there if check is RECONCILIATION or check.table not in (*never, *absent)]
    return [*findings, *reconciled(settings, calendar, warehouse, asked)], {
        "Never loaded": never,
        "On no workspace's plan": absent,
    }


def _print(findings: Sequence[Finding], assets: Mapping[str, str], *, all_of_them: bool) -> None:
    passed, failed, unknown = ([each for each in findings if each.passed is passed] for passed in (True, False, None))
    blocks = []
    if all_of_them:
        rows = []
        for f in findings:  # lists and texts are below the table or in the JSON
            numbers = ", ".join(f"{k} {v:,}" for k, v in f.numbers.items() if isinstance(v, int | float))
            rows.append([assets[f.check.table], f.check.name, _PASSED[f.passed], f.severity, numbers])
        blocks.append(table(rows, ["asset", "check", "passed", "severity", "numbers"]))
    if failed or unknown:
        named: list[tuple[str, str, str, str]] = [
            (assets[f.check.table], f.check.name, f.severity, f.message) for f in failed
        ]
        named += [(assets[f.check.table], f.check.name, _PASSED[None], f.message.partition(": ")[2]) for f in unknown]
        blocks.append(listed(named))
    compared: list[dict[str, Any]] = next(
        (f.numbers.get("workspaces", []) for f in findings if f.check is RECONCILIATION), []
    )
    if len(compared) > 1:
        blocks.append(table([list(each.values()) for each in compared], list(compared[0])))
    # equal totals say nothing about days that were not compared
    blocks += [folded(f.message) for f in passed if f.check == RECONCILIATION]
    errors = sum(finding.is_error for finding in failed)
    hint = "" if all_of_them else " (--all lists them)"
    total = f"{len(findings)} checks: {len(passed)} passed{hint}, {errors} failed as errors, "
    blocks.append(folded(f"{total}{len(failed) - errors} as warnings, {len(unknown)} could not be made."))
    click.echo("\n\n".join(blocks))


def listed(findings: Iterable[tuple[str, str, str, str]]) -> str:
    """Of each the asset, the check, the severity and the message, as a list to read."""
    return "\n".join(
        folded(f"{severity} {of_asset}, {check}: {message}", "- ") for of_asset, check, severity, message in findings
    )
