"""Time: what holds of every entry, in each table of entries."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from clockify_dagster.contract.model import Table
from clockify_dagster.days import Span
from clockify_dagster.warehouse.audit.context import AuditContext
from clockify_dagster.warehouse.audit.model import Check, Find, Finding, not_checked
from clockify_dagster.warehouse.audit.rows import find_rows
from clockify_dagster.warehouse.ddl import literal

START, END, DURATION = "timeinterval_start", "timeinterval_end", "timeinterval__duration"
USER, WORKSPACE = "userid", "workspaceid"

_LASTED = f"(epoch_us(held.{END}) - epoch_us(held.{START})) / 1e6"
_ISO_8601 = r"P(-?\d+D)?(T(-?\d+H)?(-?\d+M)?(-?\d+(\.\d+)?S)?)?"
_WRITTEN = " + ".join(
    f"coalesce(try_cast(regexp_extract(held.{DURATION}, '(-?[0-9.]+){unit}', 1) AS DOUBLE), 0) * {seconds}"
    for unit, seconds in {"D": 86400, "H": 3600, "M": 60, "S": 1}.items()
)
_DIFFERS = f"(NOT regexp_full_match(held.{DURATION}, '{_ISO_8601}') OR abs({_WRITTEN} - {_LASTED}) >= 1)"
# of this user's entries that began before, the latest end: who begins earlier than that overlaps one of them
_ENDED = (
    f"max(held.{END}) OVER (PARTITION BY held.{USER} ORDER BY held.{START}, held.{END} NULLS LAST "
    "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
)
_FIND_ENDS = partial(
    find_rows,
    faults={"ends before its start": f"held.{END} < held.{START}"},
    concerns=f"held.{END} IS NOT NULL",
    uses=(START, END),
    on_failure="{ends_before_its_start} of {rows} finished entries end before they start, for example {ids}.",
    on_success="{rows} finished entries, each with an end after its start.",
)
_FIND_DURATIONS = partial(
    find_rows,
    # an entry that ends before its start is found by the other check
    faults={
        "other durations": f"(held.{END} >= held.{START} AND (held.{DURATION} IS NULL OR {_DIFFERS})) "
        f"OR (held.{END} IS NULL AND held.{DURATION} <> '')"
    },
    uses=(START, END, DURATION),
    on_failure="{other_durations} of {rows} entries are not as long as their duration says, for example {ids}.",
    on_success="{rows} entries, each as long as it says.",
)
_FIND_FAR_FUTURE = partial(
    find_rows,
    faults={"far ahead": f"held.{START} > now() + INTERVAL 366 DAY"},
    uses=(START,),
    on_failure="{far_ahead} of {rows} entries start more than a year from now, for example {ids}: typing errors?",
    on_success="{rows} entries, none more than a year ahead.",
)
_FIND_LONG = partial(
    find_rows,
    faults={"longer than a day": f"held.{END} > held.{START} + INTERVAL 24 HOUR"},
    concerns=f"held.{END} IS NOT NULL",
    uses=(START, END),
    on_failure="{longer_than_a_day} of {rows} finished entries last more than 24 hours, for example {ids}: timers that "
    "were stopped too late?",
    on_success="{rows} finished entries, none longer than 24 hours.",
)
_FIND_TIMERS = partial(
    find_rows,
    faults={"forgotten timers": f"held.{END} IS NULL AND held.{START} < now() - INTERVAL 24 HOUR"},
    concerns=f"held.{END} IS NULL",
    uses=(START, END),
    on_failure="{forgotten_timers} of {rows} running timers began more than a day ago: {ids}. They have no hours "
    "until somebody stops them.",
    on_success="{rows} timers run, none for more than a day.",
)
_FIND_OVERLAPS = partial(
    find_rows,
    faults={"overlapping": f"held.{END} > held.{START} AND held.{START} < {_ENDED}"},
    concerns=f"held.{END} IS NOT NULL",
    uses=(START, END, USER),
    on_failure="{overlapping} of {rows} finished entries begin while another one of the same user lasts, for "
    "example {ids}: that time is counted twice.",
    on_success="{rows} finished entries, no two of one user at the same time.",
    shows={"users": f"held.{USER}"},
)


def checks(table: Table) -> dict[Check, Find]:
    """Those of a table of entries; none of any other."""
    if not {START, END, DURATION, USER, WORKSPACE} <= {column.name for column in table.columns}:
        return {}
    ends = "No entry ends before it starts."
    lasts = "The duration that Clockify wrote is the time from start to end, and a running timer has none."
    stands = "Every entry starts on a day from the start date to today, and on one that has been loaded whole."
    description = "No entry starts more than a year from now."
    short = "No finished entry lasts more than 24 hours."
    timers = "No timer has been running for more than a day."
    overlap = "No two finished entries of one user are at the same time, in whatever workspaces; Clockify allows it."
    where_it_stands: dict[Check, Find] = {Check(table.name, "is_not_far_ahead", description, "WARN"): _FIND_FAR_FUTURE}
    if table.partition_column:
        where_it_stands = {Check(table.name, "stands_on_a_loaded_day", stands): _find_days}
    return {
        Check(table.name, "ends_after_start", ends): _FIND_ENDS,
        Check(table.name, "duration_is_end_minus_start", lasts): _FIND_DURATIONS,
        **where_it_stands,
        Check(table.name, "lasts_no_more_than_a_day", short, "WARN"): _FIND_LONG,
        Check(table.name, "no_timer_runs_for_days", timers, "WARN"): _FIND_TIMERS,
        Check(table.name, "does_not_overlap", overlap, "WARN"): _FIND_OVERLAPS,
    }


def _find_days(context: AuditContext, table: Table, check: Check) -> Finding:
    """An entry on a day that no refresh replaces would stay for ever, whatever becomes of it in Clockify."""
    if not context.loaded_spans:
        return not_checked(check, "no day is known to be loaded.")
    within_limits = _between(context.limits)
    is_loaded = " OR ".join(
        f"(held.{WORKSPACE} = {literal(workspace)} AND {_between(span)})"
        for workspace, spans in context.loaded_spans.items()
        for span in spans
    )
    finding = find_rows(
        *(context, table, check),
        faults={
            "outside": f"NOT {within_limits} AND NOT ({is_loaded})",
            "on days not loaded": f"{within_limits} AND NOT ({is_loaded})",
        },
        uses=(START, WORKSPACE),
        on_failure="{outside} entries start before the start date or after today, where no refresh sees to them, and "
        "{on_days_not_loaded} on days that were never loaded and are incomplete, for example {ids}.",
        on_success="{rows} entries, each on a day that is loaded.",
    )
    return finding if finding.passed or finding.numbers.get("outside") else replace(finding, severity="WARN")


def _between(span: Span) -> str:
    start, end = (f"TIMESTAMPTZ {literal(moment.isoformat())}" for moment in (span.start, span.end))
    return f"(held.{START} >= {start} AND held.{START} < {end})"
