"""What the comparison of expenses and invoices with Clockify needs of the tables."""

from __future__ import annotations

from datetime import date

import duckdb

from clockify_dagster.contract.money import EXPENSES
from clockify_dagster.warehouse.ddl import columns_of, quoted


def rows_and_total(
    connection: duckdb.DuckDBPyConnection, table: str, workspace: str, amount: str | None
) -> tuple[int, float]:
    """How many rows a workspace has in a table, and the sum of the amounts in a column; 0 without one."""
    total = "0" if amount is None else f"coalesce(sum({quoted(amount)}), 0)"
    sql = f"SELECT count(*), {total}::DOUBLE FROM {quoted(table)} WHERE workspaceid = ?"
    ((rows, found),) = connection.execute(sql, [workspace]).fetchall()
    return int(rows), float(found)


def first_expense_day(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The day of the oldest expense; None where there is none."""
    if columns_of(connection, EXPENSES.name) is None:
        return None
    sql = f"SELECT min(TRY_CAST(left(date, 10) AS DATE)) FROM {quoted(EXPENSES.name)}"
    ((day,),) = connection.execute(sql).fetchall()
    return day if isinstance(day, date) else None
