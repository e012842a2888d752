"""`clockify-dagster move`: the tables of the settings' database into another one, here and now."""

from __future__ import annotations

import click

from clockify_dagster.cli.terminal import folded, shown, table
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.account_definitions import warehouse_of
from clockify_dagster.marts import make_views
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse.addresses import LAKE
from clockify_dagster.warehouse.move import move


def run_move(settings: Settings, to: str, lake_path: str | None) -> int:
    """Move, and say what was moved and what to do then. Gives the exit code.

    Raises what `move` raises, and `SettingsError` where the target cannot be one.
    """
    there = Settings.load(database=to, **({} if lake_path is None else {"lake_path": lake_path}))
    source = warehouse_of(settings).warehouse(settings.contract).database
    target = warehouse_of(there).warehouse(settings.contract).database
    account = Account.of(settings)
    with shown("Moving"):
        rows = move(source, target)
        if account.marts:
            with target.writing() as connection:
                make_views(connection, account.marts, account.contract, account.mart_options)
    click.echo(table([list(each) for each in rows.items()], ["table", "rows"]) + "\n")
    variables = f"CLOCKIFY_DATABASE={there.database}"
    if str(there.database).startswith(LAKE):
        variables += f" and CLOCKIFY_LAKE_PATH={there.lake_path}"
    click.echo(
        folded(
            f"The {target.description} now holds the same as the {source.description}, which is as it was. To go on in "
            f"the new one, set {variables}."
        )
    )
    return 0
