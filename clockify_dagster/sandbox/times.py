"""Instants, durations and wall clocks, in the spellings Clockify uses; no state."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc
_INSTANT = re.compile(r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$")
_QUERY = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")


def instant(value: datetime | str) -> datetime:
    """An aware UTC datetime from an aware datetime or from text such as `2026-03-02T09:00:00Z`."""
    if isinstance(value, str):
        if _QUERY.match(value):  # nearly all are spelt so; the long way costs ten times as much
            return datetime.fromisoformat(value[:-1]).replace(tzinfo=UTC)
        match = _INSTANT.match(value)
        if match is None:
            raise ValueError(f"not an instant: {value!r}; write 2026-03-02T09:00:00Z or give an offset")
        clock, fraction, offset = match.groups()
        moment = datetime.fromisoformat(clock + ("+00:00" if offset == "Z" else offset))
        return moment.replace(microsecond=int((fraction or "0").ljust(6, "0")[:6])).astimezone(UTC)
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; the sandbox does not guess one")
    return value.astimezone(UTC)


def standing(moment: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: moment


def written(moment: datetime) -> str:
    """The core API's spelling of an instant: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rendered(moment: datetime, zone: ZoneInfo) -> str:
    """The reports host's spelling of an instant: local time with its offset."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


def iso_duration(seconds: int) -> str:
    """`PT1H30M` for 5400; `PT0S` for nothing."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if number]
    return "PT" + ("".join(parts) or "0S")


def query_clock(value: str) -> datetime | None:
    """The clock time written in a `start` or `end` parameter, without a zone; None when it is misspelt.

    Clockify takes `yyyy-MM-ddThh:mm:ssZ` and nothing else there.
    """
    if not _QUERY.match(value):
        return None
    try:
        return datetime.fromisoformat(value[:-1])
    except ValueError:
        return None


def window_edge(clock: datetime, zone: ZoneInfo | None) -> datetime:
    """The instant a clock time stands for, read in `zone`, or as UTC when there is none."""
    return clock.replace(tzinfo=zone or UTC).astimezone(UTC)
