"""The comparison of all workspaces as one check of the table of entries: what came of it, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clockify_dagster.api import ClockifyClient, Totals
from clockify_dagster.days import Days
from clockify_dagster.errors import KeyRefusedError, RateLimitedError
from clockify_dagster.progress import counted
from clockify_dagster.reconcile.compare import Comparison
from clockify_dagster.reconcile.coverage import Coverage, coverages, in_words
from clockify_dagster.reconcile.loaded import TABLE, ReconciliationContext, loaded_workspaces
from clockify_dagster.warehouse.audit import Check, Finding, found, not_checked

MOST_REQUESTS = 20  # to look closer; the first one of each workspace is made in any case
MOST_IN_A_ROW = 3  # so many workspaces may fail one after another with errors that may go away

CHECK = Check(
    TABLE,
    "adds_up_to_clockifys_totals",
    "Clockify's reports count as many finished entries and as many seconds on the loaded days as the table.",
)
_SHOWN, _LISTED = 5, 1000


def reconcile(client: ClockifyClient, context: ReconciliationContext) -> Finding:
    """Compare the loaded days with Clockify's reports: one request a workspace, more only where they differ."""
    workspaces = loaded_workspaces(context)
    if not workspaces:
        return not_checked(CHECK, "no days of any workspace are loaded yet.")
    before = client.transport.requests
    results = _compare([Comparison(client, context, each, before + MOST_REQUESTS) for each in workspaces])
    covered = coverages(results)
    numbers = {**_numbers(results, covered), "requests": client.transport.requests - before}
    if workspaces[0].loaded_at:
        numbers["loaded at"] = workspaces[0].loaded_at.isoformat(timespec="seconds")
    if any(result.differences or result.unlisted for result in results):
        return found(CHECK, False, _text(results, covered), "ERROR" if numbers["differences"] else "WARN", **numbers)
    agreed = f"Clockify counts {numbers['entries in Clockify']} entries and {numbers['seconds in Clockify']} seconds,"
    text = " ".join([agreed, "and the table agrees.", in_words(covered), *dict.fromkeys(numbers["notes"])])
    if missing := [result for result in results if result.why_not]:
        others = f" The other workspaces were compared: {text}" if len(missing) < len(results) else ""
        return not_checked(CHECK, f"{_not_compared(missing)}{others}", **numbers)
    return found(CHECK, True, text, **numbers)


def _compare(comparisons: Sequence[Comparison]) -> Sequence[Comparison]:
    """Compare each workspace. What one of them does not give concerns that one alone.

    After an error that the others would meet as well (the key, the request limit, or several workspaces after another
    without an answer), no other one is asked.
    """
    in_a_row = 0
    for number, each in enumerate(counted(comparisons, "Clockify's totals", "workspaces", len(comparisons))):
        error = each.run().why_not
        in_a_row = in_a_row + 1 if error and error.can_retry else 0
        if isinstance(error, KeyRefusedError | RateLimitedError) or in_a_row == MOST_IN_A_ROW:
            for other in comparisons[number + 1 :]:
                other.why_not = error
            break
    return comparisons


def _not_compared(comparisons: Sequence[Comparison]) -> str:
    """Which workspaces were not compared, and why; those together that have one reason."""
    reasons: dict[str, list[str]] = {}
    for each in comparisons:
        reasons.setdefault(str(each.why_not), []).append(f"{each.workspace.label} ({each.workspace.identity})")
    return " ".join(f"workspace {', '.join(names)}: {why}" for why, names in reasons.items())


def _numbers(results: Sequence[Comparison], covered: Mapping[str, Coverage]) -> dict[str, Any]:
    ours = sum((result.ours for result in results), Totals())
    theirs = sum((result.theirs for result in results), Totals())
    by_workspace = {result.workspace.identity: result for result in results}
    differences = [
        {
            "workspace": workspace,
            "days": str(each.days),
            "user": each.user,
            **_missing(each.entries, each.seconds),
            **({"why no ids": each.why_no_ids} if each.why_no_ids else {"ids": list(each.ids)}),
        }
        for workspace, result in by_workspace.items()
        for each in result.differences[:_LISTED]
    ]
    return {
        "entries": ours.entries,
        "entries in Clockify": theirs.entries,
        "seconds": ours.seconds,
        "seconds in Clockify": theirs.seconds,
        "days": {name: str(each.compared) for name, each in covered.items()},
        "never loaded": {name: _listed(each.never_loaded) for name, each in covered.items() if each.never_loaded},
        "loaded and not compared": {name: _listed(each.loaded) for name, each in covered.items() if each.loaded},
        "differences": differences,
        "of people in no list": [
            {"workspace": name, "users": each.unlisted, **_missing(each.of_unlisted.entries, each.of_unlisted.seconds)}
            for name, each in by_workspace.items()
            if each.unlisted
        ],
        "workspaces": [_workspace(result) for result in results],
        "notes": [note for result in results for note in result.notes],
        "not compared": {name: str(result.why_not) for name, result in by_workspace.items() if result.why_not},
    }


def _workspace(result: Comparison) -> dict[str, Any]:
    """What a workspace adds up to; nothing where it could not be compared."""
    ours, theirs = (result.ours, result.theirs) if result.days else (None, None)
    return {
        "workspace": result.workspace.label,
        "days": str(result.days or "not compared"),
        "entries": ours and ours.entries,
        "entries in Clockify": theirs and theirs.entries,
        "hours": ours and round(ours.seconds / 3600, 2),
        "hours in Clockify": theirs and round(theirs.seconds / 3600, 2),
    }


def _listed(ranges: Sequence[Days]) -> list[str]:
    return [str(days) for days in ranges[:_LISTED]]


def _missing(entries: int | None, seconds: int) -> dict[str, int | None]:
    return {"entries missing": entries, "seconds missing": seconds}


def _text(results: Sequence[Comparison], covered: Mapping[str, Coverage]) -> str:
    """What differs, where, and what to do."""
    parts = ["The table and Clockify's totals differ."]
    for result in results:
        if len(results) > 1 and (result.differences or result.unlisted):
            parts.append(f"{result.workspace.label}:")
        for each in result.differences[:_SHOWN]:
            user = f", user {each.user}" if each.user else ""
            which = f" ({', '.join(each.ids[:3])})" if each.ids else f"; no closer, since {each.why_no_ids}"
            parts.append(f"{each.days}{user}: {_amount(each.entries, each.seconds)}{which}.")
        if len(result.differences) > _SHOWN:
            parts.append(f"And {len(result.differences) - _SHOWN} more.")
        if result.unlisted:
            amount = _amount(result.of_unlisted.entries, result.of_unlisted.seconds)
            names = ", ".join(result.unlisted[:3])
            parts.append(f"{amount} of people who are in no list of users any more and were never loaded ({names}).")
        parts += result.notes
    if missing := [result for result in results if result.why_not]:
        parts.append(f"Not compared: {_not_compared(missing)}")
    parts.append(in_words(covered))
    days = [each.days for result in results for each in result.differences]
    if days:
        first, last = min(each.first for each in days), max(each.last for each in days)
        parts.append(f"Load them again: `clockify-dagster sync --from {first} --to {last}`.")
    return " ".join(parts)


def _amount(entries: int | None, seconds: int) -> str:
    """How much is missing or too much, in words."""
    if not entries:
        return f"{abs(seconds)} seconds {'missing' if seconds > 0 else 'too many'}"
    what = "missing" if entries > 0 else "too many"
    number = f"{abs(entries)} {'entry' if abs(entries) == 1 else 'entries'}"
    aside = (seconds > 0) != (entries > 0) and seconds
    return f"{number} {what}, {seconds:+d} seconds" if aside else f"{number} and {abs(seconds)} seconds {what}"
