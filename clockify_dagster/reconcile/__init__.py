"""Whether the hours are all there: the table of entries against the totals of Clockify's reports.

Above the API and the warehouse, below Dagster, which it does not know. It reads, and changes nothing.
"""

from clockify_dagster.reconcile.loaded import ReconciliationContext
from clockify_dagster.reconcile.report import CHECK, reconcile, unable

__all__ = ["CHECK", "ReconciliationContext", "reconcile", "unable"]
