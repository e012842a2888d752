"""Clockify's side of the comparison: reports, within a budget of requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from clockify_dagster.api import ClockifyClient
from clockify_dagster.api.reports import LARGEST_REPORT, Totals
from clockify_dagster.reconcile.ledger import Days

Document = dict[str, Any]


class BudgetSpentError(Exception):
    """No request is left to look closer."""


class Budget:
    """How many requests a comparison may make; tries that failed count as well."""

    def __init__(self, client: ClockifyClient, most: int) -> None:
        """Count from now on."""
        self._client = client
        self._most = most
        self._before = client.transport.requests

    @property
    def spent(self) -> int:
        """The requests made so far."""
        return self._client.transport.requests - self._before

    def claim(self, requests: int = 1) -> None:
        """Raise `BudgetSpentError` where so many are no longer left."""
        if self.spent + requests > self._most:
            raise BudgetSpentError


@dataclass(frozen=True)
class Asker:
    """The reports of one workspace, in one zone."""

    client: ClockifyClient
    budget: Budget
    workspace: str
    zone: str

    def totals(self, days: Days, users: Sequence[str] | None = None, *, always: bool = False) -> Totals:
        """What the days add up to in Clockify, for some users or all.

        Raises `ApiError`, and `BudgetSpentError` unless it is to be asked in any case.
        """
        if not always:
            self.budget.claim()
        return self.client.report_totals(self.workspace, *_clock(days), self.zone, users)

    def rows(self, days: Days, expected: int, users: Sequence[str] | None = None) -> list[Document]:
        """The report's rows of the days, of which so many are expected.

        Raises `ApiError`, and `BudgetSpentError` where they cannot all be had.
        """
        self.budget.claim(-(-expected // LARGEST_REPORT))
        listing = self.client.report_entries(self.workspace, *_clock(days), self.zone, users)
        return [row for page in listing for row in page]

    def newest_rows(self, days: Days) -> list[Document]:
        """As many of the rows as one request gives. Raises `ApiError` and `BudgetSpentError`."""
        self.budget.claim()
        return next(self.client.report_entries(self.workspace, *_clock(days), self.zone), [])


def _clock(days: Days) -> tuple[datetime, datetime]:
    """From midnight to midnight, by the clock."""
    return datetime.combine(days.first, time()), datetime.combine(days.last + timedelta(days=1), time())
