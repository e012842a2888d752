"""The assets of tables: one step for each family, or for several families that come from one listing."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from dagster import AssetExecutionContext, AssetsDefinition, multi_asset

from clockify_dagster.defs.account import Account
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.partitions import days_of
from clockify_dagster.defs.run_workspaces import workspaces_of_run
from clockify_dagster.defs.table_outputs import Event, asset_options, outputs, workspaces_input
from clockify_dagster.errors import located
from clockify_dagster.refresh import RefreshContext, RefreshResult, Workspace, read_listed_table
from clockify_dagster.warehouse.workspace_state import LEFT_OUT, NOT_CHOSEN, UNSEEN


def table_asset(
    account: Account,
    root: str,
    *,
    read: Callable[[RefreshContext], RefreshResult] = read_listed_table,
    needs_users: bool = False,
    by_day: bool = False,
    priority: int = 5,
) -> AssetsDefinition:
    """The asset of a table and its children, and of others that are listed with it, with theirs.

    By day, the days of the account's calendar are the partitions, and a run reads those that its tags name. With
    `needs_users`, the table is read by the list of users: it asks again where that was refused, and reports it.
    """
    roots = [each.name for each in account.contract.roots if root in (each.name, each.listed_with)]
    tables = [table for name in roots for table in account.contract.family(name)]
    calendar = account.calendar if by_day else None
    options = asset_options(account, tables, priority=priority, partitions=calendar.partitions if calendar else None)

    @multi_asset(ins=workspaces_input(account), **options)
    def assets(context: AssetExecutionContext, clockify_workspaces: pd.DataFrame) -> Iterator[Event]:
        metadata: dict[str, Any] = {}
        clockify, warehouse = account.client(context.resources), account.warehouse(context.resources)
        with error_boundary(metadata), clockify.counting_requests(metadata):
            days = days_of(context.run.tags, calendar) if calendar else None
            among = workspaces_of_run(context.run.tags)
            workspaces = clockify.chosen(clockify_workspaces, among)
            held = {str(each) for each in clockify_workspaces["id"]}
            unread = _unread(workspaces, held, among, warehouse.unread_workspaces())
            named = clockify.settings.workspaces
            if needs_users:
                missed = {each for each, why in unread.items() if why == UNSEEN and each in named}
                unread = {each: why for each, why in unread.items() if why in LEFT_OUT and each not in missed}
            refresh = RefreshContext(
                client=clockify.client,
                warehouse=warehouse.warehouse(account.contract),
                table=root,
                workspaces={each: workspaces[each] for each in workspaces if each not in unread},
                unread=unread,
                among=among,
                span=days.span(calendar.zone) if days and calendar else None,
                zone=calendar.zone if calendar else ZoneInfo("UTC"),
                limits=calendar.limits if calendar else None,
                period=account.calendar.period,
                concurrency=clockify.settings.concurrency,
                log=context.log,
            )
            with located(day=str(days) if days else None):
                result = read(refresh)
            for load in result.loads:
                load.among = among
        metadata.update(result.numbers)
        if result.refused:
            reasons = "; ".join(f"workspace {workspace}: {why}" for workspace, why in result.refused.items())
            listing = account.contract[root].listing
            is_known = listing is not None and all(workspaces[each].lacks(listing) for each in result.refused)
            context.log.log(
                logging.INFO if is_known else logging.WARNING,
                f"{root} is not on this plan or not for this key's role; its rows stay as they are ({reasons})",
            )
            metadata["not on this plan"] = dict(result.refused)
        for load in result.loads:
            if others := load.unread.keys() - result.refused.keys():
                metadata["workspaces not read"] = {each: load.unread[each] for each in sorted(others)}
            yield from outputs(context, load, metadata, account.schema)
        for fault in result.faults:
            with error_boundary(metadata):
                raise fault

    return assets


def _unread(
    chosen: Mapping[str, Workspace], held: Collection[str], among: frozenset[str] | None, known: Mapping[str, str]
) -> dict[str, str]:
    """Those of the held workspaces that a run does not read, and why: the setting leaves them out, or what is known.

    What the key does not see counts as that, whether it is chosen or not. Nothing is said of workspaces that the run
    is not about.
    """
    unread = {**known, **{each: NOT_CHOSEN for each in held if each not in chosen and known.get(each) != UNSEEN}}
    return {each: why for each, why in unread.items() if among is None or each in among}
