"""The tables and the marts as dbt knows them: a `sources.yml`, from the contract and the marts' headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import yaml

from clockify_dagster.contract import CORE, Contract, Table
from clockify_dagster.contract.change_log import CHANGE_LOG, DESCRIPTION, ChangeColumn
from clockify_dagster.contract.column import LOADED_AT, Column, Orphans, Reference
from clockify_dagster.marts import Mart, marts_schema
from clockify_dagster.warehouse.audit.freshness import longest_age

TABLES, MARTS = "clockify", "clockify_marts"
"""The names of the two sources: `source('clockify', 'clockify_projects')`."""


def sources_yaml(contract: Contract, marts: Iterable[Mart], schema: str, *, change_log: bool = True) -> str:
    """The text of a `sources.yml` for dbt 1.10.6 or later.

    `schema` is where the tables are, `change_log` whether the table of changes is among them.

    Tests are those that a load keeps: what names a row is not null and, where one column does it, unique; what a row
    refers to is there. Where Clockify itself lets a reference lead nowhere, dbt only warns.
    """
    tables = {
        "name": TABLES,
        "description": "Clockify, as clockify_dagster loads it.",
        "schema": schema,
        "tables": [_table(table) for table in contract] + [_change_log()] * change_log,
    }
    views = {
        "name": MARTS,
        "description": "Views over the tables, for those who ask questions.",
        "schema": marts_schema(schema),
        "tables": [_mart(mart) for mart in marts],
    }
    sources = [tables, views] if views["tables"] else [tables]
    head = "# Made by `clockify-dagster dbt-sources`. Make it anew after an update rather than to change it.\n"
    said = yaml.safe_dump({"version": 2, "sources": sources}, sort_keys=False, allow_unicode=True, width=120)
    return head + str(said)


def _table(table: Table) -> dict[str, Any]:
    described: dict[str, Any] = {"name": table.name, "description": table.description}
    # Others may well have no row, which dbt takes for stale. Of days, dbt would see the last load alone: any backfill.
    if table.name in CORE and table.parent is None and not table.is_by_day:
        described["config"] = {
            "loaded_at_field": LOADED_AT.name,
            "freshness": {"warn_after": {"count": longest_age(table) // timedelta(hours=1), "period": "hour"}},
        }
    described["columns"] = [_column(table, column) for column in table.columns]
    return described


def _change_log() -> dict[str, Any]:
    never_null = (ChangeColumn.SEEN_AT, ChangeColumn.TABLE_NAME, ChangeColumn.ID, ChangeColumn.WHAT)
    columns = [
        _with_tests(
            {"name": column.value, "description": column.description, "data_type": column.sql},
            ["not_null"] * (column in never_null),
        )
        for column in ChangeColumn
    ]
    return {"name": CHANGE_LOG, "description": DESCRIPTION, "columns": columns}


def _column(table: Table, column: Column) -> dict[str, Any]:
    described = {"name": column.name, "description": column.description, "data_type": column.type.sql}
    tests: list[Any] = _key_tests(column.name, table.never_null, table.primary_key)
    reference = table.references.get(column.name)
    return _with_tests(described, tests + ([_relationship(reference)] if reference else []))


def _mart(mart: Mart) -> dict[str, Any]:
    never_null = [name for name in mart.key if name not in mart.optional]
    columns = [
        _with_tests(
            {"name": column.name, "description": column.description, "data_type": column.type},
            _key_tests(column.name, never_null, mart.key),
        )
        for column in mart.columns
    ]
    return {"name": mart.name, "description": mart.description, "columns": columns}


def _key_tests(name: str, never_null: Iterable[str], key: tuple[str, ...]) -> list[Any]:
    return ["not_null"] * (name in never_null) + ["unique"] * (key == (name,))


def _relationship(reference: Reference) -> dict[str, Any]:
    leads: dict[str, Any] = {"arguments": {"to": f"source('{TABLES}', '{reference.table}')", "field": reference.column}}
    if reference.orphans is Orphans.ALLOWED:
        leads["config"] = {"severity": "warn"}
    return {"relationships": leads}


def _with_tests(described: Mapping[str, Any], tests: list[Any]) -> dict[str, Any]:
    return {**described, "data_tests": tests} if tests else dict(described)
