"""Tables that are not in the contract: what users put on top. Runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import duckdb
import pandas as pd

from clockify_dagster.days import Span
from clockify_dagster.errors import SettingsError
from clockify_dagster.warehouse.ddl import columns_of, quoted

_SOURCE = "given_frame"
PartitionValues = Span | tuple[str, ...]
"""The values that a column has in some partitions: within a span of time, or one of these."""
PartitionRows = tuple[tuple[str, PartitionValues], ...]
"""The rows of some partitions: columns and their values, all of which must hold."""


def replace_frame(
    connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame, partition: PartitionRows | None
) -> int:
    """Put a frame in place of a table or, with `partition`, of those partitions' rows. Gives the frame's rows.

    A table with partitions gains the columns that it lacks; columns go by name. A column without any value, of which
    pandas does not know a type, is text.
    """
    connection.register(_SOURCE, frame)
    try:
        types = connection.execute(f"DESCRIBE SELECT * FROM {_SOURCE}").fetchall()
        # some DuckDB take columns of which pandas knows no type, and that have no value, for integers
        untyped = {str(name) for name, column in frame.items() if column.dtype == object and column.isna().all()}
        columns = {str(column): "VARCHAR" if column in untyped else str(kind) for column, kind, *_ in types}
        chosen = ", ".join(f"CAST({quoted(column)} AS {kind}) AS {quoted(column)}" for column, kind in columns.items())
        if partition is None:
            connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} AS SELECT {chosen} FROM {_SOURCE}")
        else:
            held = columns_of(connection, name)
            if held is None:
                connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT {chosen} FROM {_SOURCE} LIMIT 0")
            for column in columns.keys() - (held or columns).keys():
                connection.execute(f"ALTER TABLE {quoted(name)} ADD COLUMN {quoted(column)} {columns[column]}")
            condition, bounds = partition_condition(connection, name, partition)
            connection.execute(f"DELETE FROM {quoted(name)} WHERE {condition}", bounds)
            connection.execute(f"INSERT INTO {quoted(name)} BY NAME SELECT {chosen} FROM {_SOURCE}")
    finally:
        with suppress(duckdb.Error):  # which a transaction that has failed raises, in place of why it failed
            connection.unregister(_SOURCE)
    return len(frame)


def partition_condition(
    connection: duckdb.DuckDBPyConnection, table: str, partition: PartitionRows
) -> tuple[str, list[object]]:
    """The condition that a row is in the partitions, and its parameters.

    Days and clock times without a zone, text too, are compared with the span's own clock: a day in Lima begins in Lima.
    Raises `SettingsError` where the table has no such column, and it is no expression in SQL of its columns either.
    """
    held, conditions, parameters = columns_of(connection, table) or {}, list[str](), list[object]()
    for column, values in partition:
        value, kind = _value_of(connection, table, held, column)
        if isinstance(values, Span):
            is_instant = kind == "TIMESTAMP WITH TIME ZONE"
            bounds = (values.start, values.end)
            parameters += bounds if is_instant else (moment.replace(tzinfo=None) for moment in bounds)
            value = f"CAST({value} AS TIMESTAMP)" if kind == "VARCHAR" else value
            conditions.append(f"{value} >= ? AND {value} < ?")
        else:
            parameters.append(list(values))
            conditions.append(f"CAST({value} AS VARCHAR) IN (SELECT unnest(?::VARCHAR[]))")
    return " AND ".join(conditions), parameters


def _value_of(
    connection: duckdb.DuckDBPyConnection, table: str, held: Mapping[str, str], given: str
) -> tuple[str, str]:
    """SQL for what holds the partitions, a column of those held or an expression, and its type."""
    if given in held:
        return quoted(given), held[given]
    try:
        found = connection.execute(f"DESCRIBE SELECT ({given}) FROM {quoted(table)}").fetchall()
    except (duckdb.BinderException, duckdb.ParserException) as error:
        raise SettingsError(
            f"{table} has no column {given}, which should hold its partitions (partition_expr). As an expression of "
            f"its columns it is wrong: {str(error).splitlines()[0]}"
        ) from None
    return f"({given})", str(found[0][1])
