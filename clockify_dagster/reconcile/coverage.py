"""Which days were compared with Clockify, and which were not: equal totals say nothing about any other day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clockify_dagster.days import Days, first_few, ranges_of
from clockify_dagster.reconcile.compare import Comparison

_SHOWN = 3


@dataclass(frozen=True)
class Coverage:
    """Of a workspace, the days that were compared, and those of the expected days that were not, as ranges."""

    compared: Days
    never_loaded: tuple[Days, ...]
    loaded: tuple[Days, ...]

    @classmethod
    def of(cls, result: Comparison, compared: Days) -> Coverage:
        """What the comparison says of the days that there should be."""
        others = set(result.context.days) - set(compared)
        missing = others & {day for days in result.workspace.missing for day in days}
        return cls(compared, tuple(ranges_of(missing)), tuple(ranges_of(others - missing)))

    def __str__(self) -> str:
        """A sentence or two."""
        loaded = "loaded, but before a gap or beyond the range of a report"
        why_not = [(self.never_loaded, "never loaded"), (self.loaded, loaded)]
        others = [f"{_count(days)} {why} ({first_few(days)})" for days, why in why_not if days]
        return f"Compared: {self.compared}." + (f" Not compared: {'; '.join(others)}." if others else "")


def coverages(results: Iterable[Comparison]) -> dict[str, Coverage]:
    """By workspace; without those that could not be compared."""
    return {each.workspace.identity: Coverage.of(each, each.days) for each in results if each.days}


def in_words(by_workspace: Mapping[str, Coverage]) -> str:
    """The same as sentences: once where it is the same in all workspaces."""
    groups: dict[str, list[str]] = defaultdict(list)
    for workspace, coverage in by_workspace.items():
        groups[str(coverage)].append(workspace)
    if len(groups) < 2:
        return "".join(groups)
    parts = [f"Workspace {', '.join(names[:_SHOWN])}: {each}" for each, names in list(groups.items())[:_SHOWN]]
    return " ".join([*parts, *(["Other workspaces: see the numbers."] if len(groups) > _SHOWN else [])])


def _count(ranges: Sequence[Days]) -> str:
    number = sum(map(len, ranges))
    return f"{number} {'day' if number == 1 else 'days'}"
