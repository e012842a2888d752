"""How Dagster knows a table: an asset spec, made from the contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dagster import (
    AssetKey,
    AssetSpec,
    FreshnessPolicy,
    TableColumn,
    TableColumnConstraints,
    TableConstraints,
    TableSchema,
)

from clockify_dagster.contract import Column, Table
from clockify_dagster.warehouse.audit import longest_age

TABLE = "clockify_table"
"""The name of the metadata that says which table an asset is, whatever its key."""

ROWS = "rows loaded"
"""The name of the metadata that says how many rows a write brought, of all its days together."""


def table_spec(table: Table, schema: str, owners: Sequence[str]) -> AssetSpec:
    """The spec of a table's asset, before key, group and translation: what it is, its columns, where it is."""
    other = [f"primary key: {', '.join(table.primary_key)}"]
    if table.parent:
        other.append(f"rows belong to {table.parent}, by {table.columns[0].name}")
    columns = [_column(table, column) for column in table.columns]
    metadata = {
        "dagster/column_schema": TableSchema(columns, constraints=TableConstraints(other=other)),
        "dagster/table_name": f"{schema}.{table.name}",
        TABLE: table.name,
        "pipeline": table.pipeline,
    }
    return AssetSpec(
        AssetKey(table.name),
        description=table.description,
        kinds={"clockify", "duckdb", "pandas"},
        owners=owners,
        metadata=metadata | ({"partition_expr": table.partition_column} if table.partition_column else {}),
        freshness_policy=FreshnessPolicy.time_window(fail_window=longest_age(table)),
    )


def _column(table: Table, column: Column) -> TableColumn:
    reference = table.references.get(column.name)
    return TableColumn(
        column.name,
        type=column.type.sql,
        description=column.description,
        constraints=TableColumnConstraints(
            nullable=column.name not in table.never_null,
            unique=table.primary_key == (column.name,),
            other=[] if reference is None else [f"references {reference.table}.{reference.column}"],
        ),
    )


def rows_metadata(table: str, schema: str, rows: int, *, is_partitioned: bool) -> dict[str, Any]:
    """What is known of a table after a write of so many rows.

    They must not pass for the rows of a day: Dagster copies this to each day of a range, and a refresh of a day brings
    along what has changed in other days.
    """
    counts = {ROWS: rows} if is_partitioned else {ROWS: rows, "dagster/row_count": rows}
    return {**counts, "dagster/table_name": f"{schema}.{table}", "dagster/storage_kind": "duckdb"}
