"""What a load changes in rows that were there: `clockify_change_log`, written in the load's own transaction.

Clockify has no history to read. So a row that comes with other values, is new, or is gone is noted here, with its
values before and after. The first load of a table is no change.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from clockify_dagster.contract.change_log import CHANGE_LOG, ChangeColumn
from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.ddl import columns_of, key_of, literal, quoted
from clockify_dagster.warehouse.state_tables import state_schema

_DIFFERING = "differing_rows"


def ensure_change_log(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table where it is missing."""
    if columns_of(connection, CHANGE_LOG) is not None:
        return
    name = quoted(CHANGE_LOG)
    connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column.value} {column.sql}' for column in ChangeColumn)})")
    for column in ChangeColumn:
        connection.execute(f"COMMENT ON COLUMN {name}.{column.value} IS {literal(column.description)}")


def log_changes(
    connection: duckdb.DuckDBPyConnection, table: Table, before: str, after: str, seen_at: datetime
) -> None:
    """Note how rows of a table change: from those that `before` gives to those that `after` gives, both SQL.

    Of a row that is new there is one line; of one that has changed, a line for each column with another value; of one
    that is gone, a line for each value that it had. An entry that begins at another instant has moved.
    """
    if not table.is_logged:
        return
    ensure_change_log(connection)
    _find_differing(connection, table, before, after)
    is_differing, key = f"{_key(table)} IN (SELECT key FROM {_DIFFERING})", f"{_key(table)} AS key, *"
    old, new = (f"(SELECT {key} FROM ({side}) AS side WHERE {is_differing})" for side in (before, after))
    start, of = quoted(str(table.partition_column)), table.workspace_column
    moved = f"old.{start} <> new.{start}" if table.is_by_day else "false"
    what = (
        "CASE WHEN old.key IS NULL THEN 'added' WHEN new.key IS NULL THEN 'deleted' "
        f"WHEN {moved} THEN 'moved' ELSE 'changed' END"
    )
    workspace = f"coalesce(new.{quoted(of)}, old.{quoted(of)})" if of else "NULL::VARCHAR"
    connection.execute(
        f"INSERT INTO {quoted(CHANGE_LOG)} BY NAME "
        f"SELECT $seen_at::TIMESTAMPTZ AS seen_at, {literal(table.name)} AS table_name, id, workspaceid, what, value.* "
        f"FROM (SELECT coalesce(old.key, new.key) AS id, {workspace} AS workspaceid, {what} AS what, "
        f"unnest({_values(table)}) AS value FROM {old} AS old FULL JOIN {new} AS new ON old.key = new.key "
        f"WHERE old.key IS NOT NULL OR NOT {_is_no_news(connection, table)}) "
        "WHERE value.column_name IS NULL OR value.old_value IS DISTINCT FROM value.new_value",
        {"seen_at": seen_at},
    )


def trim_change_log(connection: duckdb.DuckDBPyConnection, days: int, now: datetime) -> None:
    """Delete what was seen more than so many days ago."""
    if columns_of(connection, CHANGE_LOG) is not None:
        sql = f"DELETE FROM {quoted(CHANGE_LOG)} WHERE seen_at < $now::TIMESTAMPTZ - to_days($days::INTEGER)"
        connection.execute(sql, {"now": now, "days": days})


def _find_differing(connection: duckdb.DuckDBPyConnection, table: Table, before: str, after: str) -> None:
    """The keys of rows that are not the same on both sides. Whole rows are looked at only for those: they are few."""
    content = f"hash({', '.join(map(quoted, _logged(table)))})"
    old, new = (
        f"(SELECT {_key(table)} AS key, {content} AS content FROM ({side}) AS side)" for side in (before, after)
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_DIFFERING} AS SELECT coalesce(old.key, new.key) AS key "
        f"FROM {old} AS old FULL JOIN {new} AS new ON old.key = new.key "
        "WHERE old.content IS DISTINCT FROM new.content"
    )


def _values(table: Table) -> str:
    """SQL for a list of each column's value before and after; of a row that is new, of one line without any."""
    each = (
        f"{{'column_name': {literal(name)}, 'old_value': CAST(old.{quoted(name)} AS VARCHAR), "
        f"'new_value': CAST(new.{quoted(name)} AS VARCHAR)}}"
        for name in _logged(table)
    )
    none = "{'column_name': NULL::VARCHAR, 'old_value': NULL::VARCHAR, 'new_value': NULL::VARCHAR}"
    return f"CASE WHEN old.key IS NULL THEN [{none}] ELSE [{', '.join(each)}] END"


def _is_no_news(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """The condition that a new row was never looked for before: the table was empty, or its day was never loaded."""
    if not connection.execute(f"SELECT 1 FROM {quoted(table.name)} LIMIT 1").fetchall():
        return "true"
    if not table.is_by_day or table.workspace_column is None:
        return "false"
    start = f"new.{quoted(str(table.partition_column))}"
    return (
        f"NOT EXISTS (SELECT 1 FROM {state_schema(connection)}.loaded_ranges AS loaded "
        f"WHERE loaded.workspaceid = new.{quoted(table.workspace_column)} "
        f"AND {start} >= loaded.range_start AND {start} < loaded.range_end)"
    )


def _logged(table: Table) -> list[str]:
    return [column.name for column in table.document_columns if column.name not in table.not_logged]


def _key(table: Table) -> str:
    """SQL for what names a row in one value, of a child too."""
    return f"concat_ws('/', {', '.join(map(quoted, table.primary_key))})" if table.parent else key_of(table)
