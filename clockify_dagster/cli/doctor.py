"""`clockify-dagster doctor`: is everything there that a sync needs?"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click

from clockify_dagster.api import ClockifyClient
from clockify_dagster.cli.environment import read_settings
from clockify_dagster.contract import CONTRACT, Contract
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import chosen, connect
from clockify_dagster.errors import ApiError, ClockifyDagsterError, NotAllowedError, NotThereError
from clockify_dagster.refresh import Workspace
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Database, Warehouse

_FREE = "FREE"
_FEED = 3  # requests of the change feed, once a workspace has been loaded


def run_doctor() -> int:
    """Print what is well and what is not; 0 when a sync can work, 1 when it cannot."""
    settings = read_settings()
    _say("Clockify", settings.core_url)
    _say("days", f"{Calendar.of(settings).days}, in {settings.timezone}")
    healthy = _database(settings)
    try:
        client = connect(settings)
        return 0 if _account(client, settings) and healthy else 1
    except ClockifyDagsterError as error:
        _say("problem", str(error))
        return 1


def _database(settings: Settings) -> bool:
    path = Path(settings.database)
    if not path.exists():
        _say("database", f"{path} (the first sync makes it)")
        return True
    try:
        warehouse = Warehouse(Database(path, lock_timeout=0))
        warehouse.read_every_value()
        counts = warehouse.row_counts()
    except ClockifyDagsterError as error:
        _say("problem", str(error))
        return False
    loaded = {table: rows for table, rows in counts.items() if rows is not None}
    _say("database", f"{path}: {len(loaded)} of {len(counts)} tables, {sum(loaded.values()):,} rows")
    return True


def _account(client: ClockifyClient, settings: Settings) -> bool:
    me = client.me()
    _say("key", f"accepted; it is that of user {me.get('id')}")
    found = {str(workspace["id"]): workspace for workspace in client.workspaces().documents}
    wanted = chosen(found, settings.workspaces)
    if not wanted:
        _say(
            "problem",
            "The key sees no workspace. Make one in Clockify, or use the key of somebody who is in one.",
        )
        return False
    results = [_workspace(client, found[identity], str(me.get("id"))) for identity in wanted]
    return all(results)


def _workspace(client: ClockifyClient, workspace: dict[str, Any], me: str) -> bool:
    identity = str(workspace["id"])
    plan = str(workspace.get("featureSubscriptionType") or "unknown")
    try:
        users = client.users(identity).documents
        others = [str(user["id"]) for user in users if user.get("id") != me]
        _look_at_entries(client, identity, others)
    except NotAllowedError:
        _say(
            "problem",
            f"workspace {identity} ({workspace.get('name')}): the key may not see what others have tracked, so that "
            "cannot be loaded. Use the key of the workspace's owner or an admin, or leave the workspace out by "
            "CLOCKIFY_WORKSPACES.",
        )
        return False
    except ApiError as error:
        _say("problem", f"workspace {identity}: {error}")
        return False
    mine = next((user for user in users if user.get("id") == me), {})
    roles = sorted({str(role.get("role")) for role in mine.get("roles") or [] if isinstance(role, dict)})
    role = f"role {', '.join(roles)}, " if roles else ""
    _say("workspace", f"{workspace.get('name')} ({identity}): plan {plan}, {role}{len(users)} users")
    fewest = 1 + requests_of(Workspace(identity, "", _features(workspace)), CONTRACT) + len(users)
    limit = "the free plan answers 30 requests an hour; " if plan == _FREE else ""
    _say("", f"{limit}a sync takes about {fewest} requests, and {_FEED} more once it has been loaded")
    return True


def requests_of(workspace: Workspace, contract: Contract) -> int:
    """How many requests the declared listings of a workspace take, where each fits on one page."""
    listings = [table.listing for table in contract if table.listing and table.listing.facts == ("workspace",)]
    return sum(len(each.variants) for each in listings if not workspace.lacks(each.feature))


def _features(workspace: dict[str, Any]) -> frozenset[str] | None:
    listed = workspace.get("features")
    return frozenset(map(str, listed)) if isinstance(listed, list) else None


def _look_at_entries(client: ClockifyClient, workspace: str, others: list[str]) -> None:
    """Ask for somebody else's entries of an hour. Raises `NotAllowedError` where only one's own may be seen."""
    now = datetime.now(timezone.utc)
    for user in others[:1]:
        with suppress(NotThereError):  # a person who has left; the right to ask was there
            next(client.time_entries(workspace, user, now - timedelta(hours=1), now), None)


def _say(topic: str, text: str) -> None:
    click.echo(f"{topic:>10}  {text}")
