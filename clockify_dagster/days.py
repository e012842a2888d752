"""Days of a time zone, and spans between instants. The one place that turns the one into the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import reduce
from zoneinfo import ZoneInfo


@dataclass(frozen=True, order=True)
class Span:
    """The time from one instant to before another. Both are aware."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        """Whether an instant lies in it."""
        return self.start <= moment < self.end

    def covers(self, other: Span) -> bool:
        """Whether the whole of another span lies in it."""
        return self.start <= other.start and other.end <= self.end

    def days(self, zone: ZoneInfo) -> Days:
        """The days of the zone to which some of the time belongs."""
        last = (self.end - timedelta.resolution).astimezone(zone).date()
        return Days(self.start.astimezone(zone).date(), last)


@dataclass(frozen=True, order=True)
class Days:
    """An unbroken range of days of some zone, both ends included. Raises `ValueError` where they are in wrong order."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a range whose end comes before its start."""
        if self.first > self.last:
            raise ValueError(f"a range of days from {self.first} to {self.last} is the wrong way round")

    def __iter__(self) -> Iterator[date]:
        """Each day, in order."""
        return (self.first + timedelta(days=n) for n in range(len(self)))

    def __len__(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last

    def __str__(self) -> str:
        """The days in words: `2026-01-31`, or `2026-01-01 to 2026-01-31`."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    def span(self, zone: ZoneInfo) -> Span:
        """From midnight to midnight in the zone. A day on which the clock changes has 23 or 25 hours."""
        return Span(midnight(self.first, zone), midnight(self.last + timedelta(days=1), zone))

    def newest(self, number: int) -> Days:
        """The last `number` days of these."""
        return Days(max(self.first, self.last - timedelta(days=number - 1)), self.last)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a day begins in the zone."""
    return datetime.combine(day, time(), zone).astimezone(timezone.utc)


def ranges_of(days: Iterable[date]) -> list[Days]:
    """The days as unbroken ranges, the oldest first."""
    ranges: list[Days] = []
    for day in sorted(set(days)):
        follows = ranges and ranges[-1].last == day - timedelta(days=1)
        ranges.append(Days(ranges.pop().first if follows else day, day))
    return ranges


def parts_of(days: Days, rows: Mapping[date, int], most: int) -> list[Days]:
    """The days as ranges, the newest first, none with more than `most` rows unless it is a single day."""
    parts: list[Days] = []
    held = 0
    for day in reversed(list(days)):
        held += rows.get(day, 0)
        if parts and held <= most:
            parts.append(Days(day, parts.pop().last))
        else:
            parts.append(Days(day, day))
            held = rows.get(day, 0)
    return parts


def first_few(ranges: Sequence[Days], number: int = 3) -> str:
    """Ranges of days in words; of many, the first ones and how many more there are."""
    more = f" and {len(ranges) - number} more ranges" if len(ranges) > number else ""
    return ", ".join(map(str, ranges[:number])) + more


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time, in spans that neither touch nor overlap, in order."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(span.end, result[-1].end))
        else:
            result.append(span)
    return result


def without(spans: Iterable[Span], taken: Span) -> list[Span]:
    """What is left of spans when one is taken out of them."""
    parts = [p for s in spans for p in (Span(s.start, min(s.end, taken.start)), Span(max(s.start, taken.end), s.end))]
    return [part for part in parts if part.start < part.end]


def gaps(spans: Iterable[Span], wanted: Span) -> list[Span]:
    """What of a span lies in none of the spans, in order."""
    return reduce(without, spans, [wanted])


def cover(spans: Sequence[Span], wanted: Span) -> bool:
    """Whether one of some merged spans holds the whole of another one."""
    return any(span.covers(wanted) for span in spans)
