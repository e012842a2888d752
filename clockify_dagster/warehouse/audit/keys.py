"""Keys: what names a row names one row."""

from __future__ import annotations

from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.audit.model import Check
from clockify_dagster.warehouse.audit.rows import RowCheck
from clockify_dagster.warehouse.ddl import quoted


def row_checks(table: Table) -> list[RowCheck]:
    """One for each table."""
    key = ", ".join(f"held.{quoted(name)}" for name in table.primary_key)
    has_null = " OR ".join(f"held.{quoted(name)} IS NULL" for name in _never_null(table))
    return [
        RowCheck(
            Check(
                table.name,
                "key_is_unique",
                f"No two rows have the same {' and '.join(table.primary_key)}, and none lacks "
                f"{', '.join(_never_null(table))}.",
            ),
            faults={
                "duplicates": lambda _: f"NOT ({has_null}) AND row_number() OVER (PARTITION BY {key}) > 1",
                "nulls": lambda _: has_null,
            },
            uses=_never_null(table),
            on_failure="{duplicates} rows repeat the key of another one and {nulls} lack a part of it, for example "
            "{ids}. Whatever is added up from this table is wrong.",
            on_success="{rows} rows, each with a key of its own.",
            sorts=True,
        )
    ]


def _never_null(table: Table) -> tuple[str, ...]:
    """What no row may lack: besides what the contract requires, the items that a child's rows are made of."""
    items = [column.name for column in table.columns if column.list_path is not None and not column.steps]
    return tuple(dict.fromkeys([*table.never_null, *items]))
