"""What each day of a table of days holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TypeAlias
from zoneinfo import ZoneInfo

import duckdb

from clockify_dagster.contract import Table
from clockify_dagster.days import Days
from clockify_dagster.warehouse.ddl import WORKSPACE, of_workspaces, quoted

DayNumbers: TypeAlias = Mapping[str, "int | float"]
"""By name: `rows`, and of entries the `hours` and `billable hours` of the finished ones, whatever their type."""

_END, _BILLABLE = "timeinterval_end", "billable"


def day_numbers(
    connection: duckdb.DuckDBPyConnection,
    family: Sequence[Table],
    days: Days,
    zone: ZoneInfo,
    among: Collection[str] | None = None,
) -> dict[str, dict[date, DayNumbers]]:
    """By table, the numbers of each of the days; of these workspaces, of all where None are given.

    A row of a child is on its parent's day.
    """
    root, *children = family
    start, held = f"held.{quoted(str(root.partition_column))}", f"{quoted(root.name)} AS held"
    sources = {root.name: held}
    for child in children:
        link = f"child.{quoted(child.columns[0].name)} = held.{quoted(root.primary_key[0])}"
        link += f" AND {of_workspaces(f'child.{WORKSPACE}', among)}"
        sources[child.name] = f"{held} JOIN {quoted(child.name)} AS child ON {link}"
    counted = {name: {"rows": "count(*)"} for name in sources}
    if {_END, _BILLABLE} <= {column.name for column in root.columns}:
        lasted = f"sum(epoch_us(held.{_END}) - epoch_us({start}))"
        counted[root.name] |= {"hours": _hours(lasted), "billable hours": _hours(f"{lasted} FILTER (held.{_BILLABLE})")}
    span, found = days.span(zone), dict[str, dict[date, DayNumbers]]()
    for name, source in sources.items():
        sql = f"{', '.join(counted[name].values())} FROM {source} WHERE {of_workspaces(f'held.{WORKSPACE}', among)} AND"
        if root.has_days_as_text:
            day = f"TRY_CAST(left({start}, 10) AS DATE)"
            rows = connection.execute(
                f"SELECT {day}, {sql} {day} BETWEEN ? AND ? GROUP BY 1", [days.first, days.last]
            ).fetchall()
        else:
            rows = connection.execute(
                f"SELECT CAST(timezone($zone, {start}) AS DATE), {sql} {start} >= $start AND {start} < $end GROUP BY 1",
                {"zone": zone.key, "start": span.start, "end": span.end},
            ).fetchall()
        by_day = {day: dict(zip(counted[name], numbers, strict=True)) for day, *numbers in rows}
        nothing = {each: 0 if each == "rows" else 0.0 for each in counted[name]}
        found[name] = {day: by_day.get(day, nothing) for day in days}
    return found


def _hours(microseconds: str) -> str:
    return f"round(coalesce({microseconds}, 0) / 3.6e9, 4)"
