"""The tables in DuckDB: how they are made, replaced and audited. Knows neither Dagster nor HTTP."""

from clockify_dagster.warehouse.warehouse import Load, SpanLoad, TablesLoad, Warehouse
from clockify_dagster.warehouse.writer import Span, Untouched

__all__ = ["Load", "Span", "SpanLoad", "TablesLoad", "Untouched", "Warehouse"]
