"""Freshness: whether what should be loaded by now is there. One check for each family of tables.

A table that is replaced whole is as fresh as its last load. Time entries are judged by their days: a backfill of one
month is a recent load, and says nothing about the days of any other. Tables that come from reports are judged by both:
of their days it is known whether they were loaded, not whether they were over then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from clockify_dagster.contract.model import Table
from clockify_dagster.days import Span, first_few, gaps, ranges_of
from clockify_dagster.errors import NotAllowedError
from clockify_dagster.warehouse.audit.context import AuditContext
from clockify_dagster.warehouse.audit.model import Check, Find, Finding, found, not_checked
from clockify_dagster.warehouse.report_state import report_spans
from clockify_dagster.warehouse.workspace_state import LEFT_OUT, without_days, workspace_states

_LISTED, _SHOWN = 100, 3  # how many ranges or workspaces are in the numbers, and in the message
_WHAT_TO_DO = "`clockify-dagster sync` loads what is missing; CLOCKIFY_START_DATE says from which day on."


def checks(table: Table) -> dict[Check, Find]:
    """That of a table without parent; a child is written together with its parent."""
    if table.parent is not None:
        return {}
    age = _in_words(longest_age(table))
    old = f"The last load is no more than {age} old"
    if not table.is_by_day:
        return {Check(table.name, "is_fresh", f"{old}.", "WARN"): _find_age}
    if table.listing is not None:
        there = f"{old}, and every day from the start date to today was loaded; of the last {age} some may lack."
        return {Check(table.name, "is_fresh", there, "WARN"): _find_age_and_days}
    there = (
        f"Every day from the start date to today is loaded, and was over when it was; of the last {age} some may lack."
    )
    return {Check(table.name, "is_fresh", there, "WARN"): _find_days}


def longest_age(table: Table) -> timedelta:
    """How old a table may become. Whole readings of all entries are for once a week, everything else for every day."""
    return timedelta(days=8) if table.group == "time_entries_integral" else timedelta(hours=36)


def _find_age(context: AuditContext, table: Table, check: Check) -> Finding:
    loads = context.loads.get(table.name)
    if not loads:
        return not_checked(check, "nothing is known of its last load.")
    age, longest = context.now - loads[0].loaded_at, longest_age(table)
    message = f"Last loaded at {loads[0].loaded_at:%Y-%m-%d %H:%M} UTC, {_in_words(age)} ago."
    if context.is_on_no_plan(table):
        return found(check, True, f"Not on this plan any more. {message}", hours=_hours(age), workspaces=[])
    # what is left out, or the plan does not have, is not read
    states, excused = workspace_states(context.connection, table.name), {None, *LEFT_OUT, NotAllowedError.__name__}
    unread = {each: state.read_at for each, state in states.items() if state.unread not in excused}
    late = [each for each, read_at in unread.items() if read_at and context.now - read_at > longest]
    if late:
        message += f" That did not read {_some(context, late)}, nor did any load of the last {_in_words(longest)}."
    return found(check, age <= longest and not late, message, hours=_hours(age), workspaces=late[:_LISTED])


def _find_age_and_days(context: AuditContext, table: Table, check: Check) -> Finding:
    """How old the last load is, and which days of a report were never loaded of a workspace that has it."""
    finding, spans = _find_age(context, table, check), report_spans(context.connection, table.name)
    if finding.passed is None or not spans:  # a file of an older version does not remember the days
        return finding
    workspaces = _with_report(context, table)
    missing = {each: gaps(spans.get(each, []), context.limits) for each in workspaces}
    due = context.now - longest_age(table)
    late = {each: lacking for each, lacking in missing.items() if lacking and lacking[0].start < due}
    never = _days(context, (span for lacking in late.values() for span in lacking))
    numbers: dict[str, Any] = {**finding.numbers, "days": len(context.days), "days never loaded": len(never)}
    if not late:
        return found(check, finding.passed is True, finding.message, **numbers)
    numbers["never loaded"] = [str(days) for days in ranges_of(never)][:_LISTED]
    numbers["workspaces"] = sorted({*finding.numbers["workspaces"], *late})[:_LISTED]
    parts = [finding.message, _never_loaded(context, never), *_concerned(context, workspaces, late), _WHAT_TO_DO]
    return found(check, False, " ".join(parts), **numbers)


def _with_report(context: AuditContext, table: Table) -> list[str]:
    """The loaded workspaces whose days of a report are expected: not those without it on their plan, or left out."""
    apart = without_days(context.connection)
    for each, state in workspace_states(context.connection, table.name).items():
        never = state.unread is not None and state.read_at is None
        if never or state.unread == NotAllowedError.__name__ or state.unread in LEFT_OUT:
            apart.add(each)
    return sorted(context.workspaces.keys() - apart)


def _find_days(context: AuditContext, table: Table, check: Check) -> Finding:
    """Which days are not there, of any loaded workspace.

    It fails when something that began longer ago than the longest age is missing. Then it names all that is.
    """
    if not context.loaded_spans:
        return not_checked(check, "no day is known to be loaded.")
    read = context.workspaces.keys() - without_days(context.connection)
    workspaces = sorted(read) or list(context.loaded_spans)
    missing = {each: gaps(context.settled_spans.get(each, []), context.limits) for each in workspaces}
    due = context.now - longest_age(table)
    late = {each: spans for each, spans in missing.items() if spans and spans[0].start < due}
    numbers: dict[str, Any] = {"days": len(context.days)}
    if not late:
        up_to = min([context.now, *(span.start for spans in missing.values() for span in spans)])
        age = context.now - up_to
        message = (
            f"Loaded without a gap from {context.days.first} up to {_clock(context, up_to)}, {_in_words(age)} ago."
        )
        return found(check, True, message, **numbers, hours=_hours(age))
    never = _days(context, (span for each in late for span in gaps(context.loaded_spans.get(each, []), context.limits)))
    unfinished = _days(context, (span for spans in late.values() for span in spans)) - never - {context.days.last}
    numbers |= {"days never loaded": len(never), "days loaded before they were over": len(unfinished)}
    parts = []
    if never:
        numbers["never loaded"] = [str(days) for days in ranges_of(never)][:_LISTED]
        parts.append(_never_loaded(context, never))
    if unfinished:
        numbers["loaded before they were over"] = [str(days) for days in ranges_of(unfinished)][:_LISTED]
        parts.append(f"Days last loaded before they were over: {len(unfinished)} ({first_few(ranges_of(unfinished))}).")
    newest = min((spans[-1].start for spans in late.values() if spans[-1].end == context.limits.end), default=due)
    if newest < due:
        parts.append(f"Nothing after {_clock(context, newest)} is loaded: does the schedule run?")
    if len(workspaces) > 1:
        numbers["workspaces"] = sorted(late)[:_LISTED]
    parts += [*_concerned(context, workspaces, late), _WHAT_TO_DO]
    return found(check, False, " ".join(parts), **numbers)


def _never_loaded(context: AuditContext, days: Collection[date]) -> str:
    return f"Days never loaded: {len(days)} of {len(context.days)} ({first_few(ranges_of(days))})."


def _concerned(context: AuditContext, workspaces: Sequence[str], late: Collection[str]) -> list[str]:
    """Which of several workspaces it concerns, in a sentence; none where there is only one."""
    if len(workspaces) < 2:
        return []
    return [f"This concerns {len(late)} of {len(workspaces)} workspaces: {_some(context, sorted(late))}."]


def _days(context: AuditContext, spans: Iterable[Span]) -> set[date]:
    return {day for span in spans for day in span.days(context.zone)}


def _some(context: AuditContext, workspaces: Sequence[str]) -> str:
    """The names of the first of them."""
    more = f" and {len(workspaces) - _SHOWN} more" if len(workspaces) > _SHOWN else ""
    return ", ".join(context.workspaces.get(each, each) for each in workspaces[:_SHOWN]) + more


def _clock(context: AuditContext, moment: datetime) -> str:
    return f"{moment.astimezone(context.zone):%Y-%m-%d %H:%M} ({context.zone.key})"


def _hours(age: timedelta) -> float:
    return round(age.total_seconds() / 3600, 1)


def _in_words(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"
