"""What the report shows: sums over the marts, by workspace, client and month. No row of it is a whole time entry."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from clockify_dagster.marts import marts_schema, require_marts
from clockify_dagster.marts.model import ENTRIES
from clockify_dagster.marts.views import filled
from clockify_dagster.warehouse.ddl import current_schema, literal, quoted


def text_of(name: str) -> str:
    """A file of the package, as `charts/gaps.sql`."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def all_charts() -> tuple[dict[str, Any], ...]:
    """The charts in their order, as charts.json has them."""
    return tuple(json.loads(text_of("charts.json")))


def sources() -> dict[str, str]:
    """By name, the SQL of what the charts show; two charts may show the same."""
    names = [chart.get("data", chart["name"]) for chart in all_charts()]
    return {name: text_of(f"charts/{name}.sql") for name in names}


def marts_read() -> tuple[str, ...]:
    """The marts that the report reads, sorted."""
    texts = [*sources().values(), text_of("people.sql"), "{marts}.dim_workspace"]
    return tuple(sorted({name for text in texts for name in re.findall(r"\{marts\}\.(\w+)", text)}))


def report_data(connection: duckdb.DuckDBPyConnection, zone: str) -> dict[str, Any]:
    """Everything that the page is given, for `json.dumps`. The connection has entered the schema of the tables.

    `zone` is the account's: when the report was made, and what today is.

    Raises `NotLoadedError` where the marts were not made yet.
    """
    schema = current_schema(connection)
    place = quoted(marts_schema(schema))
    require_marts(connection, marts_read(), "the report")
    now = datetime.now(ZoneInfo(zone))
    values = {"marts": place, "today": literal(now.date().isoformat())}
    values["people"] = f"({filled(text_of('people.sql'), {}, values)})"
    data = {name: _table(connection, filled(sql, {}, values)) for name, sql in sources().items()}
    ((loaded,),) = connection.execute(
        f"SELECT strftime(timezone(?, max(_loaded_at)), '%Y-%m-%d %H:%M') FROM {quoted(ENTRIES)}", [zone]
    ).fetchall()
    months = {month for table in data.values() if "month" in table for month in table["month"]["texts"]}
    workspaces = connection.execute(
        f"SELECT workspace_id, workspace_name FROM {place}.dim_workspace ORDER BY workspace_name, workspace_id"
    ).fetchall()
    return {
        "made": f"{now:%Y-%m-%d %H:%M}",
        "loaded": loaded,
        "zone": zone,
        "is_empty": not data["hours_by_week"],
        "months": sorted(months),
        "workspaces": dict(workspaces),
        "charts": all_charts(),
        "data": data,
    }


def _table(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, dict[str, list[Any]]]:
    """By column its `values`; of a column of texts they are places in its `texts`.

    So each text is in the file once: names and days repeat a lot where there are many people.
    """
    found = connection.execute(sql)
    names = [column[0] for column in found.description or []]
    columns = zip(*found.fetchall(), strict=True)
    return dict(zip(names, map(_column, columns), strict=False))  # without rows there are no columns


def _column(values: Sequence[Any]) -> dict[str, list[Any]]:
    if not any(isinstance(value, str) for value in values):
        return {"values": list(values)}
    texts = list(dict.fromkeys(values))
    places = {text: place for place, text in enumerate(texts)}
    return {"texts": texts, "values": [places[value] for value in values]}
