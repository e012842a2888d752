"""`clockify-dagster dbt-sources`: the tables and marts of the settings, as dbt's sources."""

from __future__ import annotations

from pathlib import Path

import click

from clockify_dagster.cli.terminal import folded
from clockify_dagster.contract.change_log import CHANGE_LOG
from clockify_dagster.dbt_sources import sources_yaml
from clockify_dagster.defs.account_definitions import warehouse_of
from clockify_dagster.marts import available, marts_schema
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse import Destination


def run_dbt_sources(settings: Settings, out: Path | None) -> int:
    """Write the sources to `out`, or print them. Gives the exit code.

    Where the database is there, what it does not hold is left out and told: dbt's tests would fail of it.
    """
    schema = settings.tables_schema
    tables, marts = [*settings.contract.tables, CHANGE_LOG], available(settings.contract)
    held = _held(warehouse_of(settings).warehouse(settings.contract).database, schema)
    if held is not None:
        absent = [name for name in (*tables, *marts) if name not in held]
        tables, marts = [name for name in tables if name in held], {n: m for n, m in marts.items() if n in held}
        if absent:
            click.echo(folded(f"Left out, since the database does not hold them: {', '.join(absent)}."), err=True)
    contract = settings.contract.only([name for name in tables if name != CHANGE_LOG])
    text = sources_yaml(contract, marts.values(), schema, change_log=CHANGE_LOG in tables)
    if out is None:
        click.echo(text, nl=False)
        return 0
    out.write_text(text, encoding="utf-8")
    click.echo(f"The sources of {len(tables)} tables and {len(marts)} marts are in {out}.")
    return 0


def _held(database: Destination, schema: str) -> set[str] | None:
    """The tables and marts that are in the database; None where there is none, or nothing of ours in it."""
    with database.reading_if_there() as connection:
        if connection is None:
            return None
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_catalog = current_database() AND table_schema IN (?, ?)",
            [schema, marts_schema(schema)],
        ).fetchall()
    return {name for (name,) in found} or None
