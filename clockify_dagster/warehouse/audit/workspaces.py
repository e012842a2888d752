"""To which workspace rows belong, so that where there are several, each has counts of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from clockify_dagster.contract import Contract, Table
from clockify_dagster.days import Span
from clockify_dagster.warehouse.ddl import columns_by_table, of_workspaces, quoted
from clockify_dagster.warehouse.workspace_state import workspace_names

_SHOWN = 5


@dataclass(frozen=True)
class WorkspaceRows:
    """How many rows of a workspace are loaded.

    Attributes:
        entries: its time entries.
        entries_within: those of them that start within the span that was asked for.
        others: the rows of the other tables that say to which workspace they belong.
    """

    name: str
    entries: int
    entries_within: int
    others: int


def workspace_of(contract: Contract, table: Table, held: Mapping[str, Collection[str]]) -> str | None:
    """SQL that gives the workspace of a row `held`; None where neither the row nor its parent can say it.

    `held` are, by table, the columns that are there.
    """
    owner = table if table.workspace_column or not table.parent else contract[table.parent]
    column = owner.workspace_column
    if column is None or column not in held.get(owner.name, ()):
        return None
    if owner is table:
        return f"held.{quoted(column)}"
    link = f"parent.{quoted(owner.primary_key[0])} = held.{quoted(table.columns[0].name)}"
    return f"(SELECT any_value(parent.{quoted(column)}) FROM {quoted(owner.name)} AS parent WHERE {link})"


def rows_by_workspace(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    span: Span | None = None,
    among: Collection[str] | None = None,
) -> list[WorkspaceRows]:
    """What is loaded of each of these workspaces, of all where None are given; none where no table says it.

    Without a span, no entry is within.
    """
    held, names = columns_by_table(connection), workspace_names(connection)
    names = {each: name for each, name in names.items() if among is None or each in among}
    entries, within, others = Counter(dict.fromkeys(names, 0)), Counter[str](), Counter[str]()
    for table in contract:
        column = workspace_of(contract, table, held)
        if not column or table.parent or table.group == "time_entries_integral" or (table.is_by_day and table.listing):
            continue
        is_within, bounds = "false", list[datetime]()
        if span and table.partition_column:
            start = f"held.{quoted(table.partition_column)}"
            is_within, bounds = f"{start} >= ? AND {start} < ?", [span.start, span.end]
        sql = (
            f"SELECT {column}, count(*), count(*) FILTER ({is_within}) FROM {quoted(table.name)} AS held "
            f"WHERE {column} <> '' AND {of_workspaces(column, among)} GROUP BY 1"
        )
        for workspace, rows, rows_within in connection.execute(sql, bounds).fetchall():
            (entries if table.partition_column else others)[workspace] += rows
            within[workspace] += rows_within
    return [
        WorkspaceRows(names.get(each, each), entries[each], within[each], others[each])
        for each in {**entries, **others}
    ]


def in_words(counts: Mapping[str, int], names: Mapping[str, str]) -> str:
    """The counts by workspace, the largest first."""
    ordered = sorted(counts, key=lambda each: (-counts[each], names.get(each, each)))
    others = f" and {len(ordered) - _SHOWN} more workspaces" if len(ordered) > _SHOWN else ""
    return ", ".join(f"{names.get(each, each)} {counts[each]:,}" for each in ordered[:_SHOWN]) + others
