"""What is read from the account and what it replaces: whole tables, and time entries wherever they changed.

Above the API and the warehouse, below Dagster, which it does not know.
"""

from clockify_dagster.refresh.approvals import read_approvals
from clockify_dagster.refresh.context import RefreshContext, RefreshResult, Workspace
from clockify_dagster.refresh.invoices import read_invoices
from clockify_dagster.refresh.refresh import refresh_everything, refresh_span
from clockify_dagster.refresh.reports import read_report
from clockify_dagster.refresh.tables import read_listed_table, read_projects, read_users
from clockify_dagster.refresh.time_off import read_time_off
from clockify_dagster.refresh.troubles import names_of
from clockify_dagster.refresh.workspaces import (
    choose_workspaces,
    held_workspaces,
    refuse_other_account,
    unread_of,
    unread_texts,
)

__all__ = [
    "RefreshContext",
    "RefreshResult",
    "Workspace",
    "choose_workspaces",
    "held_workspaces",
    "names_of",
    "read_approvals",
    "read_invoices",
    "read_listed_table",
    "read_projects",
    "read_report",
    "read_time_off",
    "read_users",
    "refresh_everything",
    "refresh_span",
    "refuse_other_account",
    "unread_of",
    "unread_texts",
]
