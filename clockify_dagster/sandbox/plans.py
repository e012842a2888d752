"""What each of Clockify's plans includes, by the names that stand in a workspace's `features`."""

from __future__ import annotations

PLANS = {
    "FREE": [],
    "BASIC": ["TIME_TRACKING", "ADD_TIME_FOR_OTHERS", "BULK_EDIT", "HIDE_PAGES", "KIOSK"],
    "STANDARD": [
        *["APPROVAL", "ATTENDANCE_REPORT", "BREAKS", "INVOICING", "MANAGER_ROLE", "TARGETS_AND_REMINDERS"],
        *["TASK_RATES", "TIME_OFF", "WORKSPACE_LOCK_TIMEENTRIES", "WORKSPACE_TIME_ROUNDING"],
    ],
    "PRO": [
        *["CLIENT_CURRENCY", "CUSTOM_FIELDS", "EXPENSES", "FORECASTING", "HISTORIC_RATES", "LABOR_COST"],
        *["PROJECT_BUDGET", "PROJECT_ESTIMATE", "RECURRING_ESTIMATES", "SCHEDULING", "USER_CUSTOM_FIELDS"],
    ],
    "ENTERPRISE": ["AUDIT_LOG", "CUSTOM_SUBDOMAIN", "SSO"],
}
"""What a plan adds to those before it, a part of what the official document lists."""


def features_of(plan: str) -> list[str]:
    """The features of a plan and of all smaller ones. `STANDARD_2021` counts as STANDARD; an unknown plan has all."""
    found: list[str] = []
    for name, added in PLANS.items():
        found += added
        if name == plan.partition("_")[0]:
            break
    return found
