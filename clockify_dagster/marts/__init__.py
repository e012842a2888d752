"""Marts: views over the tables that answer what analysts ask. Each is one SQL file, which says what a row is.

Knows the contract and the warehouse, not Dagster.
"""

from clockify_dagster.marts.audit import audit_marts, mart_checks
from clockify_dagster.marts.model import FACTS, Mart, MartColumn, all_marts
from clockify_dagster.marts.views import (
    MartOptions,
    available,
    make_views,
    marts_schema,
    require_marts,
    with_those_they_read,
)

__all__ = [
    "FACTS",
    "Mart",
    "MartColumn",
    "MartOptions",
    "all_marts",
    "audit_marts",
    "available",
    "make_views",
    "mart_checks",
    "marts_schema",
    "require_marts",
    "with_those_they_read",
]
