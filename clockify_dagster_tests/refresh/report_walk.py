"""The walk of entries, with the tables that reports fill."""

from __future__ import annotations

from datetime import date
from typing import Any

from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster_tests.refresh.loading import load, rows
from clockify_dagster_tests.refresh.walks import Walk
from clockify_dagster_tests.reported import REPORTED, reported
from clockify_dagster_tests.warehouse.reference import comparable, reference_rows


class ReportedWalk(Walk):
    """After each refresh, the reports of its days are loaded, and tell of no entry that is gone."""

    def remember(self, days: Days) -> None:
        """Of the refreshed days the tables are what the reports are."""
        super().remember(days)
        for name in REPORTED:
            load(self.office, name, days)
            there = reported(self.office.sandbox, str(self.office.zone), self.place, name, days)
            table = CONTRACT[name]
            expected, _ = reference_rows([table], there, {"workspace": self.place})
            held = [row for row in rows(self.office, name) if self.day_of(name, row) in days]
            assert comparable(table, held) == comparable(table, expected[name]), name
        told = {row[0] for row in rows(self.office, "clockify_timeentries__billing", "timeentry_id")}
        assert told <= self.model.keys()

    def day_of(self, name: str, row: tuple[Any, ...]) -> date:
        """The day to which a row belongs."""
        table = CONTRACT[name]
        place = [column.name for column in table.document_columns].index(str(table.partition_column))
        if table.has_days_as_text:
            return date.fromisoformat(row[place])
        found: date = row[place].astimezone(self.office.zone).date()
        return found
