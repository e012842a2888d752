"""How Dagster knows a table: an asset spec, made from the contract."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from dagster import (
    AssetKey,
    AssetSpec,
    MetadataValue,
    TableColumn,
    TableColumnConstraints,
    TableConstraints,
    TableSchema,
)

from clockify_dagster.contract import Column, Contract, Table
from clockify_dagster.contract.chart import neighbours, relationships
from clockify_dagster.warehouse import Load
from clockify_dagster.warehouse.day_numbers import DayNumbers

TABLE = "clockify_table"
"""The name of the metadata that says which table an asset is, whatever its key."""

ROWS = "rows loaded"
"""The name of the metadata that says how many rows a run wrote, of all its days together."""

SAMPLE = "sample rows"
"""The name of the metadata with a few rows of the table, without anything personal."""

LONGEST_CELL = 60
"""Of a longer value in them, so many characters are shown."""

PARTITION_ROWS = "dagster/partition_row_count"
"""Dagster's name for the rows of one partition."""


def table_spec(table: Table, contract: Contract, schema: str, owners: Sequence[str], app_url: str) -> AssetSpec:
    """The spec of a table's asset, before key, group and translation: what it is, its columns, where it is.

    `app_url` is the address of Clockify's pages for people.
    """
    other = [f"primary key: {', '.join(table.primary_key)}"]
    if table.parent:
        other.append(f"rows belong to {table.parent}, by {table.columns[0].name}")
    columns = [_column(table, column) for column in table.columns]
    metadata = {
        "dagster/column_schema": TableSchema(columns, constraints=TableConstraints(other=other)),
        "dagster/table_name": f"{schema}.{table.name}",
        TABLE: table.name,
        "pipeline": table.pipeline,
        "in Clockify": MetadataValue.url(f"{app_url}/{contract[table.parent or table.name].page}"),
        "Clockify's API": MetadataValue.url("https://docs.clockify.me"),
        "relationships": MetadataValue.md(_picture(contract, table)),
    }
    return AssetSpec(
        AssetKey(table.name),
        description=table.description,
        tags={"source": "clockify", "clockify/pipeline": re.sub(r"\W+", "_", table.pipeline.lower())},
        kinds={"clockify", "duckdb", "pandas"},
        owners=owners,
        metadata=metadata | ({"partition_expr": table.partition_column} if table.partition_column else {}),
    )


def _picture(contract: Contract, table: Table) -> str:
    """The table with what it refers to and what refers to it, as Markdown: Dagster's graph shows what it waits for."""
    picture = b64encode(relationships(contract, neighbours(contract, table.name)).encode()).decode()
    return f"![What {table.name} refers to, and what refers to it](data:image/svg+xml;base64,{picture})"


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


def table_metadata(load: Load, table: str, schema: str) -> dict[str, Any]:
    """What is known of a table once the load is written: the rows that came in, those that it has in all, and some."""
    sample = load.samples.get(table)
    return {
        ROWS: (load.written or {}).get(table, 0),
        "dagster/row_count": load.held.get(table),
        **place_of(table, schema),
        **({SAMPLE: MetadataValue.md(_as_markdown(sample))} if sample else {}),
    }


def _as_markdown(rows: Sequence[Mapping[str, str | None]]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0])]
    lines += [[_cell(value) for value in row.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: str | None) -> str:
    """A value within a table of Markdown, where it must not end its cell or its line."""
    return " ".join((value or "")[:LONGEST_CELL].replace("|", "\\|").split())


def place_of(table: str, schema: str) -> dict[str, str]:
    """Where a table is, by the names that Dagster knows."""
    return {"dagster/table_name": f"{schema}.{table}", "dagster/storage_kind": "duckdb"}


def day_metadata(numbers: DayNumbers) -> dict[str, Any]:
    """The numbers of a day, by the names that Dagster knows."""
    return {PARTITION_ROWS if name == "rows" else name: number for name, number in numbers.items()}
