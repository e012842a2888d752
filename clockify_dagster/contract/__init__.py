"""What the tables are: where each is listed, its columns, and where in Clockify's documents each value stands.

`CONTRACT` is the one place that knows; the SQL, the checks, Dagster's column schemas and the documentation
are made from it. No input or output: imports neither dagster, duckdb nor requests.
"""

from collections.abc import Collection

from clockify_dagster.contract import account, custom_fields, money, nested, planning, reports, time, time_off, work
from clockify_dagster.contract.column import CHANGED_AT, LOADED_AT, WORKSPACES, Column, Orphans, Reference, Type
from clockify_dagster.contract.listing import Listing
from clockify_dagster.contract.model import Table
from clockify_dagster.contract.registry import Contract

_CORE = (*account.TABLES, *work.TABLES, *time.TABLES)
CORE = tuple(table.name for table in _CORE)
"""The tables of every plan: who, for whom, on what, and the time entries."""

CONTRACT = Contract(
    *_CORE,
    *nested.TABLES,
    *custom_fields.TABLES,
    *reports.TABLES,
    *planning.TABLES,
    *time_off.TABLES,
    *money.TABLES,
)
"""All tables: the account's, then what is worked on, then the time, then what larger plans add."""

ALL, CORE_TABLES = "all", "core"


def chosen_tables(names: Collection[str]) -> Contract:
    """The contract of the tables of these names, where `all` and `core` stand for several; always of the workspaces."""
    if ALL in names:
        return CONTRACT
    return CONTRACT.only({WORKSPACES, *(CORE if CORE_TABLES in names else ()), *names} - {CORE_TABLES})


__all__ = [
    "ALL",
    "CHANGED_AT",
    "CONTRACT",
    "CORE",
    "CORE_TABLES",
    "LOADED_AT",
    "WORKSPACES",
    "Column",
    "Contract",
    "Listing",
    "Orphans",
    "Reference",
    "Table",
    "Type",
    "chosen_tables",
]
