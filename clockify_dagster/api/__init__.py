"""Clockify's API: plain Python over `requests`. Imports neither Dagster, pandas nor DuckDB."""

from clockify_dagster.api.changes import Action, Change
from clockify_dagster.api.client import ClockifyClient
from clockify_dagster.api.pages import Page, documents_of
from clockify_dagster.api.paging import Rows, begun, written
from clockify_dagster.api.parallel import side_by_side
from clockify_dagster.api.reports import ReportRange, Sums, Totals
from clockify_dagster.api.transport import Answer, Transport

__all__ = [
    "Action",
    "Answer",
    "Change",
    "ClockifyClient",
    "Page",
    "ReportRange",
    "Rows",
    "Sums",
    "Totals",
    "Transport",
    "begun",
    "documents_of",
    "side_by_side",
    "written",
]
