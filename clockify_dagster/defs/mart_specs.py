"""How Dagster knows a mart: an asset spec, made from the header of its SQL file."""

from __future__ import annotations

from collections.abc import Sequence

from dagster import (
    AssetKey,
    AssetSpec,
    MetadataValue,
    TableColumn,
    TableColumnConstraints,
    TableConstraints,
    TableSchema,
)

from clockify_dagster.defs.table_specs import TABLE, place_of
from clockify_dagster.marts import Mart, marts_schema

MARTS = "clockify_marts"
"""Stands before the name of a mart in its asset key, after the account's prefix."""


def mart_spec(mart: Mart, schema: str, owners: Sequence[str]) -> AssetSpec:
    """The spec of a mart's asset, before key, group and translation: what it is, its columns, where it is, its SQL.

    `schema` is that of the tables.
    """
    place = marts_schema(schema)
    columns = [
        TableColumn(
            column.name,
            type=column.type,
            description=column.description,
            constraints=TableColumnConstraints(
                nullable=column.name not in mart.key or column.name in mart.optional,
                unique=mart.key == (column.name,),
            ),
        )
        for column in mart.columns
    ]
    key = TableConstraints(other=[f"key: {', '.join(mart.key)}"])
    return AssetSpec(
        AssetKey(mart.name),
        description=mart.description,
        tags={"source": "clockify", "clockify/pipeline": "marts"},
        kinds={"clockify", "duckdb", "view"},
        owners=owners,
        metadata={
            "dagster/column_schema": TableSchema(columns, constraints=key),
            **place_of(mart.name, place),
            TABLE: mart.name,
            "schema": place,  # where the IO manager reads it for an asset of one's own
            "SQL": MetadataValue.md(f"```sql\n{mart.sql}\n```"),
        },
    )
