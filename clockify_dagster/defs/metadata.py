"""What Dagster shows of a table, made from the contract: columns, constraints, where it is, how many rows came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dagster import MetadataValue, TableColumn, TableColumnConstraints, TableConstraints, TableSchema

from clockify_dagster.contract import Column, Table
from clockify_dagster.contract.values import CoercionFault
from clockify_dagster.warehouse.ddl import SCHEMA

ROWS = "rows loaded"
"""The name of the metadata that says how many rows a write brought, of all its days together."""


def table_metadata(table: Table) -> dict[str, Any]:
    """What is known of a table before any run."""
    known: dict[str, Any] = {
        "dagster/column_schema": column_schema(table),
        "dagster/table_name": f"{SCHEMA}.{table.name}",
        "pipeline": table.pipeline,
    }
    if table.partition_column:
        known["partition_expr"] = table.partition_column
    return known


def column_schema(table: Table) -> TableSchema:
    """The columns with types, descriptions and constraints."""
    parts = [f"primary key: {', '.join(table.primary_key)}"]
    if table.parent:
        parts.append(f"rows belong to {table.parent}, by {table.columns[0].name}")
    return TableSchema(
        columns=[_column(table, column) for column in table.columns],
        constraints=TableConstraints(other=parts),
    )


def _column(table: Table, column: Column) -> TableColumn:
    reference = table.references.get(column.name)
    other = [] if reference is None else [f"references {reference.table}.{reference.column}"]
    return TableColumn(
        column.name,
        type=column.type.sql,
        description=column.description,
        constraints=TableColumnConstraints(
            nullable=column.name not in table.never_null,
            unique=table.primary_key == (column.name,),
            other=other,
        ),
    )


def rows_metadata(table: str, rows: int, *, is_partitioned: bool) -> dict[str, Any]:
    """What is known of a table after a write of so many rows.

    They must not pass for the rows of a day: Dagster copies this to each day of a range, and a refresh of a day brings
    along what has changed in other days.
    """
    counts = {ROWS: rows} if is_partitioned else {ROWS: rows, "dagster/row_count": rows}
    return {**counts, "dagster/table_name": f"{SCHEMA}.{table}", "dagster/storage_kind": "duckdb"}


def faults_metadata(table: str, faults: Iterable[CoercionFault]) -> dict[str, Any]:
    """The values of a table that did not fit, where there are any."""
    lines = [f"- {each}" for each in faults if each.table == table]
    return {"values that did not fit": MetadataValue.md("\n".join(lines))} if lines else {}
