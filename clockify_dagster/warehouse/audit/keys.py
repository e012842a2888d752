"""Keys: what names a row names one row, and what a row refers to is there."""

from __future__ import annotations

from functools import partial

from clockify_dagster.contract.column import Orphans, Reference
from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.audit.model import Check, Find, Severity
from clockify_dagster.warehouse.audit.rows import find_rows
from clockify_dagster.warehouse.ddl import quoted


def checks(table: Table) -> dict[Check, Find]:
    """One of the key, and one of each reference of the table, its parent's first."""
    references = [_reference(table, column, reference) for column, reference in table.references.items()]
    return dict([_key(table), *references])


def _key(table: Table) -> tuple[Check, Find]:
    # besides what the contract requires, the items that a child's rows are made of
    items = [column.name for column in table.columns if column.list_path is not None and not column.steps]
    never_null = tuple(dict.fromkeys([*table.never_null, *items]))
    key = ", ".join(f"held.{quoted(name)}" for name in table.primary_key)
    has_null = " OR ".join(f"held.{quoted(name)} IS NULL" for name in never_null)
    repeats = f"row_number() OVER (PARTITION BY {key}) > 1"
    sentence = f"No two rows have the same {' and '.join(table.primary_key)}, and none lacks {', '.join(never_null)}."
    return Check(table.name, "key_is_unique", sentence), partial(
        find_rows,
        faults={"duplicates": f"NOT ({has_null}) AND {repeats}", "nulls": has_null},
        uses=never_null,
        on_failure="{duplicates} rows repeat the key of another one and {nulls} lack a part of it, for example "
        "{ids}. Whatever is added up from this table is wrong.",
        on_success="{rows} rows, each with a key of its own.",
    )


def _reference(table: Table, column: str, reference: Reference) -> tuple[Check, Find]:
    """An error where Clockify cannot cause an orphan, else a warning."""
    place = f"held.{quoted(column)}"
    is_impossible = reference.orphans is Orphans.IMPOSSIBLE
    if table.parent == reference.table and column == table.columns[0].name:
        sentence = f"Every row belongs to a row of {reference.table}."
    else:
        rule = "can never be missing" if is_impossible else "may have been deleted since"
        sentence = f"Every {column} is the {reference.column} of a row of {reference.table}; in Clockify it {rule}."
    severity: Severity = "ERROR" if is_impossible else "WARN"
    others = () if reference.table == table.name else (reference.table,)
    return Check(table.name, f"{column}_is_in_{reference.table}", sentence, severity, others), partial(
        find_rows,
        faults={
            "orphans": f"{place} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {quoted(reference.table)} AS target "
            f"WHERE target.{quoted(reference.column)} = {place})"
        },
        concerns=f"{place} IS NOT NULL",
        uses=(column,),
        looks_up=(reference.table, reference.column),
        on_failure=f"{{orphans}} of {{rows}} rows with a {column} have one that is not in {reference.table}, for "
        "example {missing_ids}.",
        on_success="All {rows} references lead to a row.",
        shows={"missing ids": place},
    )
