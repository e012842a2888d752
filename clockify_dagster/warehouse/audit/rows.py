"""Checks of rows: SQL says of a row whether it is at fault; the rows at fault are counted, and some of them named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.audit.context import AuditContext
from clockify_dagster.warehouse.audit.model import Check, Finding, found, not_checked
from clockify_dagster.warehouse.audit.workspaces import in_words, workspace_of
from clockify_dagster.warehouse.ddl import quoted

SAMPLE = 10  # how many ids are shown of rows at fault


def find_rows(
    context: AuditContext,
    table: Table,
    check: Check,
    *,
    faults: Mapping[str, str],
    on_failure: str,
    on_success: str,
    concerns: str = "true",
    uses: tuple[str, ...] = (),
    looks_up: tuple[str, str] | None = None,
    shows: Mapping[str, str] | None = None,
) -> Finding:
    """Which rows of the table are at fault. In the SQL given here a row is `held`.

    Args:
        faults: by name, what can be wrong with a row, each a condition; the check fails when one holds of any row.
        on_failure: what is to be said with the counts of the faults, in a format's places by name, when it fails.
        on_success: what is to be said when it passes; `{rows}` is how many rows it concerns.
        concerns: which rows it is about, a condition.
        uses: the columns, besides the key, that the SQL takes from the table.
        looks_up: another table and the column of it that the SQL looks into.
        shows: what is shown of rows at fault besides their key, by name.
    """
    why = context.why_not(table.name, (*table.primary_key, *uses))
    why = why or (context.why_not(looks_up[0], [looks_up[1]]) if looks_up else None)
    if why:
        return not_checked(check, why)
    # windows and look-ups become flags of the row first, since an aggregate cannot hold them
    flags = ", ".join(f"coalesce({sql}, false) AS fault_{n}" for n, sql in enumerate(faults.values()))
    source = f"(SELECT *, {flags} FROM {quoted(table.name)} AS held) AS held"
    at_fault = " OR ".join(f"fault_{n}" for n in range(len(faults)))
    conditions = [concerns, at_fault, *(f"fault_{n}" for n in range(len(faults)))]
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)
    rows, wrong, *each_wrong = context.connection.execute(f"SELECT {counts} FROM {source}").fetchall()[0]
    counted = {"rows": rows, **dict(zip(faults, each_wrong, strict=True))}
    numbers: dict[str, Any] = {**counted, "share": round(wrong / rows, 6) if rows else 0.0}
    if not wrong:
        return found(check, True, on_success.format(rows=rows), **numbers)
    key = " || ' / ' || ".join(f"coalesce(CAST(held.{quoted(name)} AS VARCHAR), 'null')" for name in table.primary_key)
    samples: dict[str, list[str]] = {}
    for name, sql in {"ids": key, **(shows or {})}.items():
        values = context.connection.execute(
            f"SELECT DISTINCT {sql} FROM {source} WHERE {at_fault} ORDER BY 1 LIMIT {SAMPLE}"
        )
        samples[name] = [str(value) for (value,) in values.fetchall()]
    said = {**counted, **{name: ", ".join(values[:3]) for name, values in samples.items()}}
    message = on_failure.format(**{name.replace(" ", "_"): value for name, value in said.items()})
    owner = workspace_of(context.contract, table, context.columns)
    if owner and len(context.workspaces) > 1:
        sql = f"SELECT coalesce({owner}, 'unknown'), count(*) FROM {source} WHERE {at_fault} GROUP BY 1"
        numbers["by workspace"] = dict(context.connection.execute(sql).fetchall())
        message += f" By workspace: {in_words(numbers['by workspace'], context.workspaces)}."
    return found(check, False, message, **{**numbers, **samples})
