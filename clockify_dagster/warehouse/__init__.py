"""The tables in DuckDB: how they are made, replaced and audited. Knows neither Dagster nor HTTP."""

from clockify_dagster.warehouse.database import Database
from clockify_dagster.warehouse.destination import Destination, destination_of
from clockify_dagster.warehouse.loads import EntriesLoad, Load, ReportLoad, SpanLoad, WorkspacesLoad
from clockify_dagster.warehouse.page_sql import PageSource
from clockify_dagster.warehouse.staging import PageStaging, closed_on_failure
from clockify_dagster.warehouse.warehouse import Warehouse
from clockify_dagster.warehouse.writer import KeptRows

__all__ = [
    "Database",
    "Destination",
    "EntriesLoad",
    "KeptRows",
    "Load",
    "PageSource",
    "PageStaging",
    "ReportLoad",
    "SpanLoad",
    "Warehouse",
    "WorkspacesLoad",
    "closed_on_failure",
    "destination_of",
]
