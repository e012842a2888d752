"""Relationships: what a row refers to is there. An error where Clockify cannot cause an orphan, else a warning."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, AssetKey

from clockify_dagster.contract import Orphans, Reference, Table
from clockify_dagster.warehouse.audit import OrphanCount, count_orphans


def specs(table: Table) -> list[AssetCheckSpec]:
    """A check for each reference of the table, its parent's first."""
    return [
        AssetCheckSpec(
            _name(column, reference),
            asset=AssetKey(table.name),
            description=_description(table, column, reference),
            # what is referred to may be loaded by the same run: first that, then the check
            additional_deps=[] if reference.table == table.name else [AssetKey(reference.table)],
        )
        for column, reference in table.references.items()
    ]


def results(connection: duckdb.DuckDBPyConnection, table: Table) -> Iterator[AssetCheckResult]:
    """What each of them found."""
    for found in count_orphans(connection, table):
        yield AssetCheckResult(
            check_name=_name(found.column, found.reference),
            asset_key=AssetKey(table.name),
            passed=not found.orphans and not found.not_loaded,
            severity=_severity(found),
            description=_told(table, found),
            metadata={
                "orphans": found.orphans,
                "rows with a reference": found.rows,
                "share": round(found.orphans / found.rows, 6) if found.rows else 0.0,
                "orphan ids": list(found.sample),
                "missing ids": list(found.missing),
            },
        )


def _name(column: str, reference: Reference) -> str:
    return f"{column}_is_in_{reference.table}"


def _description(table: Table, column: str, reference: Reference) -> str:
    if table.parent == reference.table and column == table.columns[0].name:
        return f"Every row belongs to a row of {reference.table}."
    rule = "can never be missing" if reference.orphans is Orphans.IMPOSSIBLE else "may have been deleted since"
    return f"Every {column} is the {reference.column} of a row of {reference.table}; in Clockify it {rule}."


def _severity(found: OrphanCount) -> AssetCheckSeverity:
    if found.is_error and not found.not_loaded:
        return AssetCheckSeverity.ERROR
    return AssetCheckSeverity.WARN


def _told(table: Table, found: OrphanCount) -> str:
    if found.not_loaded:
        return f"Not checked: {', '.join(found.not_loaded)} is not loaded yet."
    if not found.orphans:
        return f"All {found.rows} references lead to a row."
    return (
        f"{found.orphans} of {found.rows} rows of {table.name} have a {found.column} that is not in "
        f"{found.reference.table}, for example {', '.join(found.missing[:3])}."
    )
