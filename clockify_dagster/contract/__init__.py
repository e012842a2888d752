"""What the tables are: where each is listed, its columns, and where in Clockify's documents each value stands.

`CONTRACT` is the one place that knows; the SQL, the checks, Dagster's column schemas and the documentation
are made from it. No input or output: imports neither dagster, duckdb nor requests.
"""

from clockify_dagster.contract import account, time, work
from clockify_dagster.contract.listing import Listing
from clockify_dagster.contract.model import CHANGED_AT, LOADED_AT, WORKSPACES, Column, Orphans, Reference, Table, Type
from clockify_dagster.contract.registry import Contract

CONTRACT = Contract(*account.TABLES, *work.TABLES, *time.TABLES)
"""All tables: the account's, then what is worked on, then the time; a parent stands before its children."""

__all__ = [
    "CHANGED_AT",
    "CONTRACT",
    "LOADED_AT",
    "WORKSPACES",
    "Column",
    "Contract",
    "Listing",
    "Orphans",
    "Reference",
    "Table",
    "Type",
]
