"""Loads of tables as their assets make them, without Dagster; and the tables compared with the account."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster.refresh import (
    RefreshContext,
    RefreshResult,
    read_approvals,
    read_invoices,
    read_listed_table,
    read_projects,
    read_report,
    read_time_off,
    read_users,
)
from clockify_dagster.sandbox.messages import Request
from clockify_dagster_tests.documents import documents
from clockify_dagster_tests.refresh.conftest import Office
from clockify_dagster_tests.reported import REPORTED, reported
from clockify_dagster_tests.warehouse.reference import Rows, comparable, reference_rows

READ: dict[str, Callable[[RefreshContext], RefreshResult]] = {
    "clockify_users": read_users,
    "clockify_projects": read_projects,
    "clockify_invoices": read_invoices,
    "clockify_approval_requests": read_approvals,
    "clockify_timeoff_policies": read_time_off,
    **dict.fromkeys(REPORTED, read_report),
}
"""By table, what reads it; all others by their declared listings."""
PLANNED = 365  # days from today, up to which plans are loaded


def load(office: Office, table: str, days: Days | None = None, *, log: list[str] | None = None) -> RefreshResult:
    """Load a table, and those that are read with it; of a report the days, all unless named. Lines go to `log`.

    The requests that were made before are forgotten.
    """
    office.sandbox.reset_requests()
    is_report = table in REPORTED
    with office.transport() as transport:
        context = office.context(office.client(transport), table, (days or office.limits) if is_report else None)
        period = Days(office.start, office.today).span(office.zone)
        period = replace(period, end=period.end.replace(year=period.end.year + 1))
        context = replace(context, zone=office.zone, period=period, log=context.log if log is None else logged(log))
        result = READ.get(table, read_listed_table)(context)
    for each in result.loads:
        office.warehouse.write(each)
    office.faults = list(result.faults)
    return result


def logged(lines: list[str]) -> logging.Logger:
    """A log whose lines are collected."""

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    log = logging.Logger("collected", logging.INFO)
    log.addHandler(Collecting())
    return log


def rows(office: Office, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of all rows, in order; all that Clockify gives unless some are named."""
    chosen = columns or tuple(column.name for column in CONTRACT[table].document_columns)
    names = ", ".join(f'"{name}"' for name in chosen)
    with office.warehouse.database.reading() as connection:
        return connection.execute(f"SELECT {names} FROM {table} ORDER BY ALL").fetchall()


def assert_equal(office: Office, *roots: str) -> None:
    """The tables and their children hold what the account has, value for value."""
    for root in roots:
        family = CONTRACT.family(root)
        expected: Rows = {table.name: [] for table in family}
        for place in office.account.workspaces.values():
            if root in REPORTED:
                there = reported(office.sandbox, str(office.zone), place.identity, root, office.limits)
            else:
                there = documents(office.account, place, root)
            found, _ = reference_rows(family, there, {"workspace": place.identity})
            for name, values in found.items():
                expected[name] += values
        for table in family:
            assert comparable(table, rows(office, table.name)) == comparable(table, expected[table.name]), table.name


def pass_a_day(office: Office) -> None:
    """Let what is loaded be a day old."""
    with office.warehouse.database.writing() as connection:
        connection.execute("UPDATE clockify_state.loads SET listed_at = listed_at - INTERVAL 1 DAY")


def asked(office: Office, pattern: str = "") -> list[Request]:
    """The requests since the last load began whose path contains the pattern."""
    return [request for request in office.sandbox.requests if pattern in request.path]
