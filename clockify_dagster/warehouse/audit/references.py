"""References: what a row refers to is there. An error where Clockify cannot cause an orphan, else a warning."""

from __future__ import annotations

from clockify_dagster.contract.model import Orphans, Reference, Table
from clockify_dagster.warehouse.audit.model import Check
from clockify_dagster.warehouse.audit.rows import RowCheck
from clockify_dagster.warehouse.ddl import qualified, quoted


def row_checks(table: Table) -> list[RowCheck]:
    """One for each reference of the table, its parent's first."""
    return [_row_check(table, column, reference) for column, reference in table.references.items()]


def _row_check(table: Table, column: str, reference: Reference) -> RowCheck:
    place = f"held.{quoted(column)}"
    orphan = (
        f"{place} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {qualified(reference.table)} AS target "
        f"WHERE target.{quoted(reference.column)} = {place})"
    )
    return RowCheck(
        Check(
            table.name,
            f"{column}_is_in_{reference.table}",
            _description(table, column, reference),
            "ERROR" if reference.orphans is Orphans.IMPOSSIBLE else "WARN",
            others=() if reference.table == table.name else (reference.table,),
        ),
        faults={"orphans": lambda _: orphan},
        concerns=f"{place} IS NOT NULL",
        uses=(column,),
        looks_up=(reference.table, reference.column),
        on_failure=f"{{orphans}} of {{rows}} rows with a {column} have one that is not in {reference.table}, for "
        "example {missing_ids}.",
        on_success="All {rows} references lead to a row.",
        shows={"missing ids": place},
    )


def _description(table: Table, column: str, reference: Reference) -> str:
    if table.parent == reference.table and column == table.columns[0].name:
        return f"Every row belongs to a row of {reference.table}."
    rule = "can never be missing" if reference.orphans is Orphans.IMPOSSIBLE else "may have been deleted since"
    return f"Every {column} is the {reference.column} of a row of {reference.table}; in Clockify it {rule}."
