"""The comparison of all workspaces as one check of the table of entries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from clockify_dagster.api import ClockifyClient
from clockify_dagster.contract import CONTRACT
from clockify_dagster.reconcile.asker import Budget
from clockify_dagster.reconcile.compare import Comparer, Comparison, Facts
from clockify_dagster.warehouse import Warehouse, state
from clockify_dagster.warehouse.audit import Check, Finding, found, not_checked
from clockify_dagster.warehouse.audit.sums import Plan, plans, user_ids
from clockify_dagster.warehouse.ddl import columns_of

MOST_REQUESTS = 20
_SHOWN = 5

RECONCILED = next(table for table in CONTRACT if table.partition_column)
CHECK = Check(
    RECONCILED.name,
    "adds_up_to_clockifys_totals",
    "Clockify's reports count as many finished entries and as many seconds on the loaded days as the table.",
)


@dataclass(frozen=True)
class Surroundings:
    """Where and when it is compared.

    Attributes:
        workspaces: only these; all that are loaded where none is named.
        zone: the zone in which reports are asked for and days are counted.
    """

    warehouse: Warehouse
    workspaces: Collection[str]
    zone: str
    today: date
    now: datetime


def reconcile(client: ClockifyClient, around: Surroundings) -> Finding:
    """Compare the loaded days with Clockify's reports: one request a workspace, more only where they differ."""
    facts = _facts(around)
    if not facts:
        return not_checked(CHECK, "no days of any workspace are loaded yet.")
    budget = Budget(client, MOST_REQUESTS)
    comparer = Comparer(client, around.warehouse, RECONCILED.name, around.zone, around.today, around.now, budget)
    results = [comparer.compare(each) for each in facts]
    numbers = {**_numbers(results), "requests": budget.spent}
    if facts[0].loaded_at:
        numbers["loaded at"] = facts[0].loaded_at.isoformat(timespec="seconds")
    if any(result.passed is False for result in results):
        severity = "ERROR" if any(result.is_error for result in results) else "WARN"
        return Finding(CHECK, False, _told(results), "ERROR" if severity == "ERROR" else "WARN", numbers)
    if all(result.passed is None for result in results):
        return not_checked(CHECK, f"{results[0].why_not}", **numbers)
    if any(result.passed is None for result in results):
        whom = ", ".join(result.workspace for result in results if result.passed is None)
        return not_checked(CHECK, f"workspace {whom} could not be compared; the others add up.", **numbers)
    told = f"{numbers['entries']} entries and {numbers['seconds']} seconds on both sides."
    return found(CHECK, True, " ".join([told, *dict.fromkeys(numbers["notes"])]), **numbers)


def unable(why: str) -> Finding:
    """What the check says when there is no way to ask Clockify."""
    return not_checked(CHECK, why)


def _facts(around: Surroundings) -> list[Facts]:
    """By loaded workspace, what the comparison needs to know about it."""
    with around.warehouse.database.reading() as connection:
        if columns_of(connection, RECONCILED.name) is None:
            return []
        ranges = state.all_loaded_ranges(connection)
        loads = state.load_records(connection).get(RECONCILED.name, [])
        known, users = plans(connection), user_ids(connection)
        wanted = [each for each in ranges if not around.workspaces or each in around.workspaces]
        feeds = {each: state.feed_state(connection, each) for each in wanted}
    loaded_at = loads[0].loaded_at if loads else None
    return [
        Facts(each, ranges[each], loaded_at, known.get(each, Plan()), users, feed.read_from if feed else None)
        for each, feed in feeds.items()
    ]


def _numbers(results: Sequence[Comparison]) -> dict[str, Any]:
    compared = [result for result in results if result.passed is not None]
    return {
        "entries": sum(result.ours.entries for result in compared),
        "entries in Clockify": sum(result.theirs.entries for result in compared),
        "seconds": sum(result.ours.seconds for result in compared),
        "seconds in Clockify": sum(result.theirs.seconds for result in compared),
        "days": {result.workspace: str(result.days) for result in compared},
        "differences": [each for result in compared for each in _by_day_and_user(result)],
        "days that differ": [
            {
                "workspace": result.workspace,
                "days": str(gap.days),
                "entries missing": gap.entries,
                "seconds missing": gap.seconds,
                "why no closer": gap.why,
            }
            for result in compared
            for gap in result.gaps
        ],
        "of people in no list": [
            {
                "workspace": result.workspace,
                "users": result.stranger_ids,
                "entries missing": result.strangers.entries,
                "seconds missing": result.strangers.seconds,
            }
            for result in compared
            if result.strangers.entries
        ],
        "notes": [note for result in compared for note in result.notes],
        "not compared": {result.workspace: result.why_not for result in results if result.why_not},
    }


def _by_day_and_user(result: Comparison) -> list[dict[str, Any]]:
    """The differences, a line for each day and user."""
    lines: dict[tuple[date, str], dict[str, Any]] = {}
    for each in sorted(result.differences, key=lambda each: (each.day, each.user, each.entry)):
        line = lines.setdefault(
            (each.day, each.user),
            {
                "workspace": result.workspace,
                "day": str(each.day),
                "user": each.user,
                "entries missing": 0,
                "seconds missing": 0,
                "ids": [],
            },
        )
        line["entries missing"] += each.entries
        line["seconds missing"] += each.seconds
        line["ids"].append(each.entry)
    return list(lines.values())


def _told(results: Sequence[Comparison]) -> str:
    """What differs, where, and what to do."""
    said: list[str] = []
    for result in results:
        said += [
            f"{line['day']}, user {line['user']}: {_amount(line['entries missing'], line['seconds missing'])} "
            f"({', '.join(line['ids'][:3])})."
            for line in _by_day_and_user(result)[:_SHOWN]
        ]
        said += [
            f"{gap.days}: {_amount(gap.entries, gap.seconds)}; no closer, since {gap.why}."
            for gap in result.gaps[:_SHOWN]
        ]
        if result.strangers.entries:
            said.append(
                f"{_amount(result.strangers.entries, result.strangers.seconds)} of people who are in no list of users "
                f"any more and were never loaded ({', '.join(result.stranger_ids[:3]) or 'not named'})."
            )
        said += result.notes
    return " ".join(["The table and Clockify's totals differ.", *said, *_remedy(results)])


def _remedy(results: Iterable[Comparison]) -> list[str]:
    """How to heal what we can load: load again the days from the first that differs to the last."""
    days = [each.day for result in results for each in result.differences]
    days += [day for result in results for gap in result.gaps for day in (gap.days.first, gap.days.last)]
    return [f"Load them again: `clockify-dagster sync --from {min(days)} --to {max(days)}`."] if days else []


def _amount(entries: int, seconds: int) -> str:
    """How much is missing or too much, in words."""
    if entries == 0:
        return f"{abs(seconds)} seconds {'missing' if seconds > 0 else 'too many'}"
    what = "missing" if entries > 0 else "too many"
    number = f"{abs(entries)} {'entry' if abs(entries) == 1 else 'entries'}"
    aside = (seconds > 0) != (entries > 0) and seconds
    return f"{number} {what}, {seconds:+d} seconds" if aside else f"{number} and {abs(seconds)} seconds {what}"
