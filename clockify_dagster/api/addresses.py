"""How addresses and instants are written in a request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from clockify_dagster.errors import NotThereError

# Clockify reads a window's instants as a wall clock in the account's zone. Zones reach from -12:00 to +14:00, so with
# this much room on both sides every entry of the window is in the answer, whichever way it is read.
ROOM_BEFORE = timedelta(hours=12)
ROOM_AFTER = timedelta(hours=14)


def address(base: str, path: str, facts: Mapping[str, str]) -> str:
    """A path's address, the names in braces filled in. Raises `NotThereError` for an id that cannot be one."""
    steps = [step.format_map(facts) for step in path.split("/")]
    for step in steps:
        # A step of dots leads elsewhere, and cannot be escaped: clients and servers fold "%2E%2E" all the same.
        if not step.strip("."):
            raise NotThereError(f"{step!r} cannot be an id in Clockify.", endpoint="")
    return "/".join((base, *(quote(step, safe="") for step in steps)))


def written(moment: datetime) -> str:
    """An instant in the only form that Clockify accepts."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
