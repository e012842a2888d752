"""What SQL can tell about the tables' soundness. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from clockify_dagster.contract.model import Orphans, Reference, Table
from clockify_dagster.warehouse.ddl import columns_of, qualified, quoted

SAMPLE = 10


@dataclass(frozen=True)
class OrphanCount:
    """How many rows of a table point to a row that is not there.

    Attributes:
        orphans: rows whose reference leads nowhere.
        rows: rows that have a reference at all.
        sample: keys of up to ten orphans.
        missing: up to ten of the ids to which they point.
        not_loaded: tables that do not exist yet, so that nothing could be counted.
    """

    column: str
    reference: Reference
    orphans: int = 0
    rows: int = 0
    sample: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    not_loaded: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether an orphan here means that our data is wrong."""
        return self.reference.orphans is Orphans.IMPOSSIBLE


def count_orphans(connection: duckdb.DuckDBPyConnection, table: Table) -> list[OrphanCount]:
    """Orphans by each reference of a table, its parent's first."""
    return [_count(connection, table, column, reference) for column, reference in table.references.items()]


def _count(connection: duckdb.DuckDBPyConnection, table: Table, column: str, reference: Reference) -> OrphanCount:
    absent = tuple(name for name in (table.name, reference.table) if columns_of(connection, name) is None)
    if absent:
        return OrphanCount(column, reference, not_loaded=absent)
    place, key = quoted(column), ", ".join(quoted(name) for name in table.primary_key)
    orphans = (
        f"FROM {qualified(table.name)} AS held ANTI JOIN {qualified(reference.table)} AS target "
        f"ON held.{place} = target.{quoted(reference.column)} WHERE held.{place} IS NOT NULL"
    )
    count = _number(connection, f"SELECT count(*) {orphans}")
    rows = _number(connection, f"SELECT count({place}) FROM {qualified(table.name)}")
    if not count:
        return OrphanCount(column, reference, rows=rows)
    sample = connection.execute(f"SELECT {key} {orphans} ORDER BY ALL LIMIT {SAMPLE}").fetchall()
    missing = connection.execute(f"SELECT DISTINCT held.{place} {orphans} ORDER BY 1 LIMIT {SAMPLE}").fetchall()
    return OrphanCount(
        column,
        reference,
        orphans=count,
        rows=rows,
        sample=tuple(" / ".join(map(str, row)) for row in sample),
        missing=tuple(str(row[0]) for row in missing),
    )


def row_counts(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> dict[str, int | None]:
    """Rows by table; None where the table does not exist."""
    return {
        table.name: None
        if columns_of(connection, table.name) is None
        else _number(connection, f"SELECT count(*) FROM {qualified(table.name)}")
        for table in tables
    }


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
