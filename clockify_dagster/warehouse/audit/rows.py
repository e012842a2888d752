"""Checks of rows: SQL that says of a row whether it is at fault. They are counted in one pass over a table, but for
those that have to sort it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.audit.context import AuditContext
from clockify_dagster.warehouse.audit.model import SAMPLE, Check, Finding, Severity, found, not_checked
from clockify_dagster.warehouse.ddl import qualified, quoted

Sql = Callable[[AuditContext], str]


@dataclass(frozen=True)
class RowCheck:
    """A check that rows pass or fail one by one. In its SQL the row is `held`.

    Attributes:
        faults: by name, what can be wrong with a row, each a condition; the check fails when one holds of any row.
        on_failure: what is to be said with the counts of the faults, in a format's places by name, when it fails.
        on_success: what is to be said when it passes; `{rows}` is how many rows it concerns.
        concerns: which rows it is about, a condition.
        uses: the columns, besides the key, that the SQL takes from the table.
        looks_up: another table and the column of it that the SQL looks into.
        unable: why the check cannot be made in this context, or None.
        shows: what is shown of rows at fault besides their key, by name.
        severity: how bad these counts are, where that is not always the same.
        sorts: whether the SQL has a window, so that in one pass with others their columns would be sorted along.
    """

    check: Check
    faults: Mapping[str, Sql]
    on_failure: str
    on_success: str
    concerns: str = "true"
    uses: tuple[str, ...] = ()
    looks_up: tuple[str, str] | None = None
    unable: Callable[[AuditContext], str | None] = lambda _: None
    shows: Mapping[str, str] = field(default_factory=dict)
    severity: Callable[[Mapping[str, int]], Severity] | None = None
    sorts: bool = False

    def why_not(self, table: Table, context: AuditContext) -> str | None:
        """Why it cannot be made; None where it can."""
        fault = context.why_not(table.name, (*table.primary_key, *self.uses))
        if fault is None and self.looks_up is not None:
            fault = context.why_not(self.looks_up[0], [self.looks_up[1]])
        return fault or self.unable(context)


def audit_rows(context: AuditContext, table: Table, checks: Sequence[RowCheck]) -> list[Finding]:
    """What these checks of a table find, in their order."""
    reasons = {each.check.name: each.why_not(table, context) for each in checks}
    possible = [each for each in checks if reasons[each.check.name] is None]
    counts: dict[str, dict[str, Any]] = {}
    for together in ([each for each in possible if not each.sorts], *([each] for each in possible if each.sorts)):
        counts |= _count(context, table, together) if together else {}
    return [
        _judged(context, table, each, counts[each.check.name])
        if reasons[each.check.name] is None
        else not_checked(each.check, str(reasons[each.check.name]))
        for each in checks
    ]


def _count(context: AuditContext, table: Table, checks: Sequence[RowCheck]) -> dict[str, dict[str, Any]]:
    """By check, the rows that it concerns, those at fault by each fault and by any. One pass."""
    aggregates: list[str] = []
    places: list[tuple[str, str]] = []
    # windows and look-ups become flags of the row first, since an aggregate cannot hold them
    flags: list[str] = []
    for number, each in enumerate(checks):
        flags += [f"({sql(context)}) AS f{number}_{n}" for n, sql in enumerate(each.faults.values())]
        at_fault = " OR ".join(f"coalesce(f{number}_{n}, false)" for n in range(len(each.faults)))
        asked = {
            "rows": f"count(*) FILTER (WHERE {each.concerns})",
            "at fault": f"count(*) FILTER (WHERE {at_fault})",
            **{name: f"count(*) FILTER (WHERE f{number}_{n})" for n, name in enumerate(each.faults)},
        }
        aggregates += asked.values()
        places += [(each.check.name, name) for name in asked]
    source = f"(SELECT *, {', '.join(flags)} FROM {qualified(table.name)} AS held) AS held"
    row = context.connection.execute(f"SELECT {', '.join(aggregates)} FROM {source}").fetchone() or ()
    counted: dict[str, dict[str, Any]] = {}
    for (check, name), value in zip(places, row, strict=True):
        counted.setdefault(check, {})[name] = int(value)
    return counted


def _judged(context: AuditContext, table: Table, each: RowCheck, counts: Mapping[str, Any]) -> Finding:
    rows, at_fault = counts["rows"], counts["at fault"]
    numbers = {name: value for name, value in counts.items() if name != "at fault"}
    numbers["share"] = round(at_fault / rows, 6) if rows else 0.0
    if not at_fault:
        return found(each.check, True, each.on_success.format(rows=rows), **numbers)
    samples = _samples(context, table, each)
    severity = each.severity(counts) if each.severity else None
    shown = {name.replace(" ", "_"): ", ".join(ids[:3]) for name, ids in samples.items()}
    message = each.on_failure.format(**{name.replace(" ", "_"): value for name, value in counts.items()}, **shown)
    return found(each.check, False, message, severity, **numbers, **samples)


def _samples(context: AuditContext, table: Table, each: RowCheck) -> dict[str, list[str]]:
    """The keys of up to ten rows at fault, and what else is shown of them, each value once."""
    at_fault = " OR ".join(f"coalesce({sql(context)}, false)" for sql in each.faults.values())
    source = f"(SELECT *, ({at_fault}) AS at_fault FROM {qualified(table.name)} AS held) AS held WHERE at_fault"
    key = " || ' / ' || ".join(f"coalesce(held.{quoted(name)}, 'null')" for name in table.primary_key)
    samples = {}
    for name, sql in {"ids": key, **each.shows}.items():
        rows = context.connection.execute(
            f"SELECT DISTINCT {sql} AS shown FROM {source} ORDER BY 1 LIMIT {SAMPLE}"
        ).fetchall()
        samples[name] = [str(row[0]) for row in rows]
    return samples
