"""How Clockify's lists are asked for so that nobody and nothing is left out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from clockify_dagster.errors import NotThereError

# The users list leaves out limited and deleted accounts unless they are asked for; their hours still count.
ACCOUNT_STATUSES = "ACTIVE,PENDING_EMAIL_VERIFICATION,NOT_REGISTERED,LIMITED,DELETED,LIMITED_DELETED"
EVERY_USER: dict[str, str | int] = {
    "status": "ALL",
    "account-statuses": ACCOUNT_STATUSES,
    "memberships": "ALL",
    "include-roles": "true",
}

# What is listed whole, and how.
LISTINGS: dict[str, dict[str, str | int] | None] = {
    "clients": None,
    "projects": {"hydrated": "true"},
    "tags": None,
    "user-groups": None,
}

# Clockify reads a window's instants as a wall clock in the account's zone. Zones reach from -12:00 to +14:00,
# so with this much room on both sides every entry of the window is in the answer, whichever way it is read.
ROOM_BEFORE = timedelta(hours=12)
ROOM_AFTER = timedelta(hours=14)
LARGEST_IN_PROGRESS = 1000


def joined(base: str, *steps: str) -> str:
    """An address of more steps. Raises `NotThereError` for a step that would lead elsewhere."""
    for step in steps:
        # A step of dots leads elsewhere, and cannot be escaped: clients and servers fold "%2E%2E" all the same.
        if not step.strip("."):
            raise NotThereError(f"{step!r} is no id that Clockify could know.", endpoint="")
    return "/".join((base, *(quote(step, safe="") for step in steps)))


def written(moment: datetime) -> str:
    """An instant in the only form that Clockify accepts."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
