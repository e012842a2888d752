"""`clockify-dagster doctor`: is everything there that a sync needs?"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import click

from clockify_dagster.api import ClockifyClient
from clockify_dagster.contract import CONTRACT, Contract
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import chosen, connect, features_of
from clockify_dagster.errors import ApiError, ClockifyDagsterError, NotAllowedError, NotThereError
from clockify_dagster.refresh import Workspace
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Database, Warehouse


def run_doctor(settings: Settings) -> int:
    """Print what was tested and each problem. Gives 0 when a sync can work, 1 when it cannot."""
    _say("Clockify", settings.core_url)
    _say("days", f"{Calendar.of(settings).days}, in {settings.timezone}")
    results = []
    for look in (_database, _account):
        try:
            results.append(look(settings))
        except ClockifyDagsterError as error:  # noqa: PERF203 - each of the two
            results.append(_say("problem", str(error)))
    return 0 if all(results) else 1


def _database(settings: Settings) -> bool:
    if not settings.database.exists():
        return _say("database", f"{settings.database} (the first sync makes it)")
    warehouse = Warehouse(Database(settings.database, lock_timeout=0))
    warehouse.read_every_value()
    counts = warehouse.row_counts()
    loaded = [rows for rows in counts.values() if rows is not None]
    _say("database", f"{settings.database}: {len(loaded)} of {len(counts)} tables, {sum(loaded):,} rows")
    return _say("", f"DuckDB {warehouse.readable_since()} and later can open it")


def _account(settings: Settings) -> bool:
    client = connect(settings)
    me = str(client.me().get("id"))
    _say("key", f"accepted; it is that of user {me}")
    found = {str(workspace["id"]): workspace for workspace in client.workspaces().documents}
    wanted = chosen(found, settings.workspaces)
    if not wanted:
        none = "The key sees no workspace. Make one in Clockify, or use the key of somebody who is in one."
        return _say("problem", none)
    results = [_workspace(client, found[identity], me) for identity in wanted]
    return all(results)


def _workspace(client: ClockifyClient, document: dict[str, Any], me: str) -> bool:
    workspace = Workspace(str(document["id"]), str(document.get("name")), features_of(document.get("features")))
    try:
        users = client.users(workspace.id).documents
        now = datetime.now(timezone.utc)
        # whether the key may see somebody else's entries is known only by asking for them
        for other in [str(user["id"]) for user in users if user.get("id") != me][:1]:
            with suppress(NotThereError):  # a person who has left; the right to ask was there
                next(client.time_entries(workspace.id, other, now - timedelta(hours=1), now), None)
    except NotAllowedError:
        return _say(
            "problem",
            f"workspace {workspace.id} ({workspace.name}): the key may not see what others have tracked, so that "
            "cannot be loaded. Use the key of the workspace's owner or an admin, or leave the workspace out by "
            "CLOCKIFY_WORKSPACES.",
        )
    except ApiError as error:
        return _say("problem", f"workspace {workspace.id}: {error}")
    plan = str(document.get("featureSubscriptionType") or "unknown")
    mine = next((user.get("roles") or [] for user in users if user.get("id") == me), [])
    roles = sorted({str(role.get("role")) for role in mine if isinstance(role, dict)})
    role = f"role {', '.join(roles)}, " if roles else ""
    _say("workspace", f"{workspace.name} ({workspace.id}): plan {plan}, {role}{len(users)} users")
    fewest = 1 + requests_of(workspace, CONTRACT) + len(users)
    limit = "the free plan answers 30 requests an hour; " if plan == "FREE" else ""
    return _say("", f"{limit}a sync takes about {fewest} requests, and 3 more once it has been loaded")  # change feed


def requests_of(workspace: Workspace, contract: Contract) -> int:
    """How many requests the declared listings of a workspace take, where each fits on one page."""
    listings = [table.listing for table in contract if table.listing and table.listing.facts == ("workspace",)]
    return sum(len(each.variants) for each in listings if not workspace.lacks(each.feature))


def _say(topic: str, text: str) -> bool:
    """Print a line; gives whether all is well by it."""
    click.echo(f"{topic:>10}  {text}")
    return topic != "problem"
