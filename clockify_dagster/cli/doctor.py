"""`clockify-dagster doctor`: is everything there that a sync needs?"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import click

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.network import proxy_of
from clockify_dagster.cli.plan_tables import FEED, HEAD, plan_rows, requests_of
from clockify_dagster.cli.terminal import folded, shown, table
from clockify_dagster.contract import WORKSPACES, Contract
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.account_definitions import warehouse_of
from clockify_dagster.defs.jobs import DAILY
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import chosen, connect, workspaces_of
from clockify_dagster.errors import ApiError, ClockifyDagsterError, NotAllowedError, NotThereError, WarehouseError
from clockify_dagster.refresh import Workspace, held_workspaces, refuse_other_account, unread_of, unread_texts
from clockify_dagster.settings import Settings


def run_doctor(settings: Settings) -> int:
    """Print what was tested and each problem. Gives 0 when a sync can work, 1 when it cannot."""
    proxy = proxy_of(settings.core_url)
    _say("Clockify", f"{settings.core_url}, through the proxy {proxy}" if proxy else settings.core_url)
    _say("days", f"{Calendar.of(settings).days}, in {settings.timezone}")
    account = Account.of(settings)
    example = account.specs[WORKSPACES]
    place = example.metadata["dagster/table_name"]
    _say("names", f"such as asset {example.key.to_user_string()}, table {place}, job {account.named(DAILY)}")
    results = []
    for look in (_database, _account):
        try:
            results.append(look(settings))
        except ClockifyDagsterError as error:  # noqa: PERF203 - each of the two
            results.append(_say("problem", str(error)))
    return 0 if all(results) else 1


def _database(settings: Settings) -> bool:
    warehouse = warehouse_of(settings).warehouse(settings.contract, patience=0)
    warehouse.database.check_writable()
    if not warehouse.database.exists():
        return _say("database", f"{settings.database} (the first sync makes it)")
    with shown("Reading every value in the database"):
        warehouse.read_every_value()
    counts, workspaces = warehouse.row_counts(), warehouse.rows_by_workspace()
    loaded = [rows for rows in counts.values() if rows is not None]
    _say("database", f"{settings.database}: {len(loaded)} of {len(counts)} tables, {sum(loaded):,} rows")
    for each in workspaces if len(workspaces) > 1 else []:
        _say("", f"{each.name}: {each.entries:,} time entries, {each.others:,} rows in other tables")
    return _say("", warehouse.compatibility())


def _account(settings: Settings) -> bool:
    client = connect(settings)
    person = client.me()
    me = str(person.get("id"))
    _say("key", f"accepted; it is that of {_named(person)}")
    documents = {str(workspace["id"]): workspace for workspace in client.workspaces().documents}
    found, held = workspaces_of(documents.values()), dict[str, Workspace]()
    with suppress(WarehouseError):  # which is reported with the database
        held = held_workspaces(warehouse_of(settings).warehouse(patience=0))
    refuse_other_account(found, held)
    unseen, setting = held.keys() - found.keys() if found else set(), settings.named("workspaces")
    wanted = chosen(found, settings.workspaces, apart_from=unseen, by=setting)
    for line in unread_texts(unread_of(found, held, wanted) if found else {}, held, setting):
        _say("", line)
    if not wanted:
        none = "The key sees no workspace. Make one in Clockify, or use the key of somebody who is in one."
        return _say("problem", none)
    problems = {each: _problem(client, found[each], documents[each], me, settings.contract) for each in wanted}
    is_well = True
    for each, problem in problems.items():
        # as in a sync: a workspace that was never loaded is left out where there are others
        if problem and each not in held and not all(problems.values()):
            _say("left out", f"{problem} It was never loaded, so a sync warns of it and loads the others.")
        elif problem:
            is_well = _say("problem", problem)
    return is_well


def _named(person: dict[str, Any]) -> str:
    """A user as people know them: by name and address, as far as Clockify gives them."""
    name, email = person.get("name"), person.get("email")
    return f"{name} ({email})" if name and email else str(name or email or f"user {person.get('id')}")


def _problem(
    client: ClockifyClient, workspace: Workspace, document: dict[str, Any], me: str, contract: Contract
) -> str | None:
    """Why a workspace cannot be loaded; None where it can, of which plan, users and tables are then printed."""
    try:
        users = client.users(workspace.id).documents
        now = datetime.now(timezone.utc)
        # whether the key may see somebody else's entries is known only by asking for them
        for other in [str(user["id"]) for user in users if user.get("id") != me][:1]:
            with suppress(NotThereError):  # a person who has left; the right to ask was there
                next(client.time_entries(workspace.id, other, now - timedelta(hours=1), now), None)
    except NotAllowedError:
        return (
            f"workspace {workspace.id} ({workspace.name}): the key may not see what others have tracked, so that "
            "cannot be loaded. Use the key of the workspace's owner or an admin, or leave the workspace out by "
            "CLOCKIFY_WORKSPACES."
        )
    except ApiError as error:
        if client.concerns_all(error):
            raise
        return f"workspace {workspace.id} ({workspace.name}): {error}"
    plan = str(document.get("featureSubscriptionType") or "unknown")
    mine = next((user.get("roles") or [] for user in users if user.get("id") == me), [])
    roles = sorted({str(role.get("role")) for role in mine if isinstance(role, dict)})
    role = f"role {', '.join(roles)}, " if roles else ""
    _say("workspace", f"{workspace.name} ({workspace.id}): plan {plan}, {role}{len(users)} users")
    fewest = requests_of(workspace, contract, len(users))
    limit = "the free plan answers 30 requests an hour; " if plan == "FREE" else ""
    _say("", f"{limit}a sync takes about {fewest} requests, and {FEED} more once it has been loaded")
    click.echo(f"\n{table(plan_rows(workspace, contract, len(users)), HEAD)}\n")
    return None


def _say(topic: str, text: str) -> bool:
    """Print a line; gives whether all is well by it."""
    click.echo(folded(text, f"{topic:>10}  "))
    return topic != "problem"
