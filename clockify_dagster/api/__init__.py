"""Clockify's API: plain Python over `requests`. Knows no Dagster, no frames and no database."""

from clockify_dagster.api.changes import Action, Change
from clockify_dagster.api.client import ClockifyClient
from clockify_dagster.api.parallel import Ended, fetch_side_by_side
from clockify_dagster.api.reports import Totals
from clockify_dagster.api.transport import Transport

__all__ = ["Action", "Change", "ClockifyClient", "Ended", "Totals", "Transport", "fetch_side_by_side"]
