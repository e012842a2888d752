"""Whether all is there: entries, expenses and invoices against the totals that Clockify itself counts.

Above the API and the warehouse, below Dagster, which it does not know. It reads, and changes nothing.
"""

from clockify_dagster.reconcile.loaded import ReconciliationContext
from clockify_dagster.reconcile.money import EXPENSES_CHECK, INVOICES_CHECK, reconcile_expenses, reconcile_invoices
from clockify_dagster.reconcile.report import CHECK, reconcile

RECONCILIATIONS = {CHECK: reconcile, EXPENSES_CHECK: reconcile_expenses, INVOICES_CHECK: reconcile_invoices}
"""By check, what makes it: given a client and a context, the finding."""

__all__ = ["CHECK", "RECONCILIATIONS", "ReconciliationContext"]
