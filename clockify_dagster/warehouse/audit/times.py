"""Time: what holds of every entry, in each table of entries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.audit.context import AuditContext, moment
from clockify_dagster.warehouse.audit.model import Check, Severity
from clockify_dagster.warehouse.audit.rows import RowCheck
from clockify_dagster.warehouse.ddl import literal, quoted

START, END, DURATION, USER, WORKSPACE = (
    "timeinterval_start",
    "timeinterval_end",
    "timeinterval__duration",
    "userid",
    "workspaceid",
)
FARTHEST_AHEAD = timedelta(days=366)
LONGEST_TIMER = timedelta(days=1)

_LASTED = f"(epoch_us(held.{END}) - epoch_us(held.{START})) / 1e6"
_ISO_8601 = r"P(-?\d+D)?(T(-?\d+H)?(-?\d+M)?(-?\d+(\.\d+)?S)?)?"
_WRITTEN = " + ".join(
    f"coalesce(try_cast(regexp_extract(held.{DURATION}, '(-?[0-9.]+){unit}', 1) AS DOUBLE), 0) * {seconds}"
    for unit, seconds in {"D": 86400, "H": 3600, "M": 60, "S": 1}.items()
)
# of this user's entries that began before, the latest end: who begins earlier than that overlaps one of them
_ENDED = (
    f"max(held.{END}) OVER (PARTITION BY held.{USER} ORDER BY held.{START}, held.{END} NULLS LAST "
    "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
)


def holds_entries(table: Table) -> bool:
    """Whether the table's rows are time entries."""
    return {START, END, DURATION, USER, WORKSPACE} <= {column.name for column in table.columns}


def row_checks(table: Table) -> list[RowCheck]:
    """Those of a table of entries; none of any other."""
    if not holds_entries(table):
        return []
    where_it_stands = _days_are_loaded(table) if table.partition_column else _near_future(table)
    return [_ends_after_start(table), _duration(table), where_it_stands, _timers(table), _overlaps(table)]


def _ends_after_start(table: Table) -> RowCheck:
    return RowCheck(
        Check(table.name, "ends_after_start", "No entry ends before it starts."),
        faults={"ends before its start": lambda _: f"held.{END} < held.{START}"},
        concerns=f"held.{END} IS NOT NULL",
        uses=(START, END),
        on_failure="{ends_before_its_start} of {rows} finished entries end before they start, for example {ids}.",
        on_success="{rows} finished entries, each with an end after its start.",
    )


def _duration(table: Table) -> RowCheck:
    differs = f"NOT regexp_full_match(held.{DURATION}, '{_ISO_8601}') OR abs({_WRITTEN} - {_LASTED}) >= 1"
    return RowCheck(
        Check(
            table.name,
            "duration_is_end_minus_start",
            "The duration that Clockify wrote is the time from start to end, and a running timer has none.",
        ),
        # an entry that ends before its start is found by the other check
        faults={
            "other durations": lambda _: (
                f"(held.{END} >= held.{START} AND (held.{DURATION} IS NULL OR {differs})) "
                f"OR (held.{END} IS NULL AND held.{DURATION} <> '')"
            )
        },
        uses=(START, END, DURATION),
        on_failure="{other_durations} of {rows} entries are not as long as their duration says, for example {ids}.",
        on_success="{rows} entries, each as long as it says.",
    )


def _days_are_loaded(table: Table) -> RowCheck:
    """An entry on a day that no refresh replaces would stay for ever, whatever becomes of it in Clockify."""

    def within_ranges(context: AuditContext) -> str:
        ranges = [
            f"(held.{WORKSPACE} = {literal(workspace)} AND {_between(start, end)})"
            for workspace, spans in context.loaded_spans.items()
            for start, end in ((moment(span.start), moment(span.end)) for span in spans)
        ]
        return " OR ".join(ranges) or "false"

    def within_limits(context: AuditContext) -> str:
        return _between(moment(context.limits.start), moment(context.limits.end))

    def severity(counts: Mapping[str, int]) -> Severity:
        return "ERROR" if counts["outside"] else "WARN"

    return RowCheck(
        Check(
            table.name,
            "stands_on_a_loaded_day",
            "Every entry starts on a day from the start date to today, and on one that has been loaded whole.",
        ),
        faults={
            "outside": lambda context: f"NOT ({within_limits(context)}) AND NOT ({within_ranges(context)})",
            "on days not loaded": lambda context: f"{within_limits(context)} AND NOT ({within_ranges(context)})",
        },
        uses=(START, WORKSPACE),
        unable=lambda context: None if context.loaded_spans else "no day is known to be loaded.",
        on_failure="{outside} entries start before the start date or after today, where no refresh sees to them, and "
        "{on_days_not_loaded} on days that were never loaded and are incomplete, for example {ids}.",
        on_success="{rows} entries, each on a day that is loaded.",
        severity=severity,
    )


def _between(start: str, end: str) -> str:
    return f"(held.{START} >= {start} AND held.{START} < {end})"


def _near_future(table: Table) -> RowCheck:
    return RowCheck(
        Check(table.name, "is_not_far_ahead", "No entry starts more than a year from now.", "WARN"),
        faults={"far ahead": lambda context: f"held.{START} > {moment(context.now + FARTHEST_AHEAD)}"},
        uses=(START,),
        on_failure="{far_ahead} of {rows} entries start more than a year from now, for example {ids}: typing errors?",
        on_success="{rows} entries, none more than a year ahead.",
    )


def _timers(table: Table) -> RowCheck:
    return RowCheck(
        Check(table.name, "no_timer_runs_for_days", "No timer has been running for more than a day.", "WARN"),
        faults={
            "forgotten timers": lambda context: (
                f"held.{END} IS NULL AND held.{START} < {moment(context.now - LONGEST_TIMER)}"
            )
        },
        concerns=f"held.{END} IS NULL",
        uses=(START, END),
        on_failure="{forgotten_timers} of {rows} running timers began more than a day ago: {ids}. They have no hours "
        "until somebody stops them.",
        on_success="{rows} timers run, none for more than a day.",
    )


def _overlaps(table: Table) -> RowCheck:
    begins_too_early = f"held.{END} > held.{START} AND held.{START} < {_ENDED}"
    return RowCheck(
        Check(
            table.name,
            "does_not_overlap",
            "No two finished entries of one user are at the same time, in whatever workspaces; Clockify allows it.",
            "WARN",
        ),
        faults={"overlapping": lambda _: begins_too_early},
        concerns=f"held.{END} IS NOT NULL",
        uses=(START, END, USER),
        on_failure="{overlapping} of {rows} finished entries begin while another one of the same user lasts, for "
        "example {ids}: that time is counted twice.",
        on_success="{rows} finished entries, no two of one user at the same time.",
        shows={"users": f"held.{quoted(USER)}"},
        sorts=True,
    )
