"""Whether expenses and invoices are all there: what the tables add up to against what Clockify counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from clockify_dagster.api import ClockifyClient, Sums
from clockify_dagster.api.reports import ReportRange
from clockify_dagster.contract.money import EXPENSES, INVOICES
from clockify_dagster.days import Days
from clockify_dagster.errors import ApiError
from clockify_dagster.progress import counted
from clockify_dagster.reconcile.loaded import ReconciliationContext
from clockify_dagster.warehouse.audit import Check, Finding, found, not_checked
from clockify_dagster.warehouse.audit.money import first_expense_day, rows_and_total
from clockify_dagster.warehouse.workspace_state import workspace_names, workspace_states

EXPENSES_CHECK = Check(
    EXPENSES.name,
    "adds_up_to_clockifys_totals",
    "Clockify's expense report counts as many expenses, of the same amount in all, as the table.",
)
INVOICES_CHECK = Check(
    INVOICES.name, "are_as_many_as_clockify_counts", "Clockify counts as many invoices as the table has."
)
_YEAR = 366  # days of a report that every plan with expenses takes


@dataclass(frozen=True)
class _Compared:
    """A workspace: what Clockify and the table say; without the first, why it could not be asked."""

    label: str
    ours: Sums
    theirs: Sums | None = None
    why_not: str = ""

    @property
    def differs(self) -> bool:
        """Whether they are not equal, to the cent."""
        return self.theirs is not None and (
            self.ours.rows != self.theirs.rows or abs(self.ours.total - self.theirs.total) >= 0.005
        )


def reconcile_expenses(client: ClockifyClient, context: ReconciliationContext) -> Finding:
    """Compare the expenses with Clockify's expense report: one request a workspace, or one a year."""
    with context.warehouse.database.reading() as connection:
        first = min(first_expense_day(connection) or context.days.first, context.days.first)
    days = Days(first, context.days.last + timedelta(days=_YEAR))  # some are noted beforehand

    def ask(workspace: str) -> Sums:
        return client.reports.expenses(workspace, ReportRange(days, context.zone.key), longest=_YEAR)

    return _compare(EXPENSES_CHECK, context, ask, amount="total")


def reconcile_invoices(client: ClockifyClient, context: ReconciliationContext) -> Finding:
    """Compare the number of invoices with Clockify's: one request a workspace."""
    listing = INVOICES.listing
    if listing is None:
        raise ValueError("invoices have no listing")
    return _compare(INVOICES_CHECK, context, lambda workspace: Sums(client.count(listing, workspace)))


def _compare(
    check: Check, context: ReconciliationContext, ask: Callable[[str], Sums], amount: str | None = None
) -> Finding:
    with context.warehouse.database.reading() as connection:
        labels, states = workspace_names(connection), workspace_states(connection, check.table)
        read = [each for each, state in states.items() if state.read_at is not None and state.unread is None]
        ours = {each: Sums(*rows_and_total(connection, check.table, each, amount)) for each in read}
    wanted = [each for each in read if not context.workspaces or each in context.workspaces]
    if not wanted and states:
        return found(check, True, "No workspace has it, by its plan or for the key's role.")
    if not wanted:
        return not_checked(check, "it is not loaded yet.")
    results = []
    for each in counted(wanted, f"Clockify's totals of {check.table}", "workspaces", len(wanted)):
        label = labels.get(each, each)
        try:
            results.append(_Compared(label, ours[each], ask(each)))
        except ApiError as error:
            results.append(_Compared(label, ours[each], why_not=str(error)))
    return _finding(check, results)


def _finding(check: Check, results: list[_Compared]) -> Finding:
    asked = [each for each in results if each.theirs is not None]
    numbers: dict[str, Any] = {
        "workspaces": [_numbers(each) for each in asked],
        "not compared": {each.label: each.why_not for each in results if each.theirs is None},
    }
    differing = [each for each in asked if each.differs]
    if differing:
        said = "; ".join(f"{each.label}: {_words(each.ours)}, in Clockify {_words(each.theirs)}" for each in differing)
        text = f"The table and Clockify differ. {said}. The next sync reads the whole list again."
        return found(check, False, text, **numbers)
    if not asked:
        return not_checked(check, results[0].why_not, **numbers)
    text = f"Clockify counts {sum(each.ours.rows for each in asked)} rows, and the table agrees."
    if numbers["not compared"]:
        text += f" Not compared: {', '.join(numbers['not compared'])}."
    return found(check, True, text, **numbers)


def _numbers(each: _Compared) -> dict[str, Any]:
    theirs = each.theirs or Sums()
    return {
        "workspace": each.label,
        "rows": each.ours.rows,
        "rows in Clockify": theirs.rows,
        "total": round(each.ours.total, 2),
        "total in Clockify": round(theirs.total, 2),
    }


def _words(sums: Sums | None) -> str:
    return "nothing" if sums is None else f"{sums.rows} rows" + (f" of {sums.total:.2f} in all" if sums.total else "")
