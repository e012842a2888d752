"""What each of Clockify's plans includes, by the names that stand in a workspace's `features`."""

from __future__ import annotations

PLANS = {
    "FREE": [],
    "BASIC": ["TIME_TRACKING", "ADD_TIME_FOR_OTHERS", "BULK_EDIT", "HIDE_PAGES", "KIOSK"],
    "STANDARD": ["APPROVAL", "BREAKS", "INVOICING", "TASK_RATES", "TIME_OFF", "WORKSPACE_TIME_ROUNDING"],
    "PRO": ["CUSTOM_FIELDS", "USER_CUSTOM_FIELDS", "EXPENSES", "LABOR_COST", "SCHEDULING"],
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
