"""Rows on their way into the database: a table and its children, written in one transaction and only once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

import duckdb

from clockify_dagster.contract import Contract, Table
from clockify_dagster.contract.account import USERS
from clockify_dagster.days import Span
from clockify_dagster.errors import LoadConflictError
from clockify_dagster.warehouse import load_state
from clockify_dagster.warehouse.audit import row_counts
from clockify_dagster.warehouse.day_numbers import DayNumbers, day_numbers
from clockify_dagster.warehouse.dropped_rows import drop_followers, drop_workspaces
from clockify_dagster.warehouse.report_state import record_report
from clockify_dagster.warehouse.sample import sample_rows
from clockify_dagster.warehouse.staging import PageStaging
from clockify_dagster.warehouse.state_tables import ensure_state
from clockify_dagster.warehouse.users_writer import replace_users
from clockify_dagster.warehouse.workspace_state import (
    last_load_among,
    record_workspaces,
    workspace_names,
    workspace_states,
)
from clockify_dagster.warehouse.writer import (
    Kept,
    RowChanges,
    UserOfWorkspace,
    replace_span,
    replace_tables,
)


@dataclass
class Load:
    """The whole of a table and its children.

    Attributes:
        listed_at: when the listing began, by this machine's clock.
        workspaces: those that were read.
        unread: workspaces that were not read, whose rows stay; and why, as `record_workspaces` takes it.
        retained_users: workspace and user of those who were not read, whose rows stay.
        news_of: those of the workspaces of which only what has changed was read; all else of theirs stays.
        kept: by table, other rows that stay, since what they came from was not read again.
        among: the workspaces that the run is about, None where it is about all. What belongs to others stays as it is.
        last_load: the table's last load when this one began, None where there was none.
        is_compared: whether what was read depends on what the table held then.
        written: rows by table, once it is written.
        held: by table, the rows that it has in all then.
        by_day: by table, what each of its days holds then; empty unless the load is one of days.
        earlier: the same of days before those, which were read as well.
        samples: by table, a few of its rows then, without anything personal.
        is_superseded: whether it was left unwritten, since another load read later and wrote before.
    """

    staging: PageStaging
    listed_at: datetime
    workspaces: tuple[str, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    retained_users: frozenset[UserOfWorkspace] = frozenset()
    news_of: frozenset[str] = frozenset()
    kept: Kept = field(default_factory=dict)
    among: frozenset[str] | None = None
    last_load: load_state.LoadRecord | None = None
    is_compared: bool = False
    written: dict[str, int] | None = field(default=None, init=False)
    held: Mapping[str, int | None] = field(default_factory=dict, init=False)
    by_day: Mapping[str, Mapping[date, DayNumbers]] = field(default_factory=dict, init=False)
    earlier: Mapping[str, Mapping[date, DayNumbers]] = field(default_factory=dict, init=False)
    samples: Mapping[str, list[dict[str, str | None]]] = field(default_factory=dict, init=False)
    is_superseded: bool = field(default=False, init=False)

    def write(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Write within the caller's transaction, with what is remembered about it; gives rows by table.

        Raises `LoadConflictError`.
        """
        ensure_state(connection)
        self.is_superseded = self._has_newer_rows(connection)
        self.held = row_counts(connection, self.staging.family)
        rows: Mapping[str, int] = {table.name: 0 for table in self.staging.family}
        if not self.is_superseded:
            changes = self._replace(connection)
            rows, self.held = changes.written, changes.rows_after(self.held)
            self.samples = {table.name: sample_rows(connection, table, self.among) for table in self.staging.family}
            # whether children were loaded with their parents is else seen from the loads
            tables = [table.name for table in self.staging.family if self.among is not None or table.parent is None]
            record_workspaces(connection, tables, self.workspaces, self.unread, self.listed_at, among=self.among)
            if self.workspaces or not self.unread:  # what no workspace gave does not count as loaded
                faults = self.staging.faults_by_workspace
                load_state.record_load(connection, rows, self.held, faults, self.listed_at, self.among)
        return dict(rows)

    def _has_newer_rows(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether other loads of all these workspaces have been written whose listings began later.

        Raises `LoadConflictError` where some of them were loaded so; and where any has been written, and what was
        compared with the table holds no more.
        """
        root = self.staging.family[0].name
        last, states = last_load_among(connection, root, self.among), workspace_states(connection, root)
        newer = self._is_newer(last.listed_at if last else None)
        # a load of some workspaces says nothing of the others
        are_newer = {self._is_newer(states[each].listed_at) for each in self.workspaces if each in states}
        if (self.is_compared and last != self.last_load) or (newer and are_newer == {True, False}):
            raise LoadConflictError(
                f"Another run has loaded {root} while this one was reading. Nothing was changed; read it again."
            )
        return newer and are_newer != {False}

    def _is_newer(self, listed_at: datetime | None) -> bool:
        # a clock that was wrong once must not keep all later loads out
        return listed_at is not None and self.listed_at < listed_at <= datetime.now(timezone.utc)

    def _replace(self, connection: duckdb.DuckDBPyConnection) -> RowChanges:
        if self.staging.family[0].name == USERS.name and (self.unread or self.among is not None):
            states = workspace_states(connection, USERS.name)
            others = {*workspace_names(connection), *states} - {*self.workspaces}
            retained = {*self.unread, *(others if self.among is not None else ())}
            newer = {each for each in retained if each in states and self._is_newer(states[each].listed_at)}
            return replace_users(connection, self.staging, self.workspaces, retained, newer)
        return replace_tables(
            connection,
            self.staging,
            retained_workspaces=[*self.unread, *self.news_of],
            retained_users=self.retained_users,
            kept=self.kept,
            among=self.among,
        )


@dataclass(kw_only=True)
class WorkspacesLoad(Load):
    """The workspaces themselves.

    Attributes:
        contract: the tables from which the rows of dropped workspaces go.
        dropped: the workspaces that are dropped.
    """

    contract: Contract
    dropped: frozenset[str] = frozenset()

    def _replace(self, connection: duckdb.DuckDBPyConnection) -> RowChanges:
        """Replace the workspaces; rows that belong to a dropped one go from all tables."""
        dropped = drop_workspaces(connection, self.contract, self.dropped) if self.dropped else {}
        changes = super()._replace(connection)
        gone = {table: rows + dropped.get(table, 0) for table, rows in changes.gone.items()}
        return RowChanges(changes.written, gone)


@dataclass(kw_only=True)
class SpanLoad(Load):
    """All rows of a span of time, of every workspace that was read. Rows of those that are not `unread` either go.

    Attributes:
        span: the time whose rows are replaced: whole days of the zone.
        deleted: keys of rows that go, wherever they are.
    """

    span: Span
    zone: ZoneInfo
    is_compared: bool = True
    deleted: frozenset[str] = frozenset()

    def _replace(self, connection: duckdb.DuckDBPyConnection) -> RowChanges:
        """Replace the rows of the span."""
        changes = replace_span(
            connection,
            self.staging,
            self.span,
            self.zone,
            retained_workspaces=self.unread,
            retained_users=self.retained_users,
            deleted=self.deleted,
            among=self.among,
        )
        self.by_day = self._numbers(connection, self.span)
        return changes

    def _numbers(self, connection: duckdb.DuckDBPyConnection, span: Span) -> dict[str, dict[date, DayNumbers]]:
        return day_numbers(connection, self.staging.family, span.days(self.zone), self.zone, self.among)


@dataclass(kw_only=True)
class EntriesLoad(SpanLoad):
    """The time entries of a span.

    Attributes:
        feed: by workspace, up to where changes are known now.
        followers: tables whose rows go with those of entries that are gone.
    """

    feed: Mapping[str, load_state.FeedState] = field(default_factory=dict)
    followers: tuple[Table, ...] = ()

    def _replace(self, connection: duckdb.DuckDBPyConnection) -> RowChanges:
        """Replace the rows of the span, and remember that it is loaded and up to where changes are known."""
        changes = super()._replace(connection)
        drop_followers(connection, self.staging.family[0], self.followers, self.among)
        load_state.record_span(connection, self.workspaces, self.span, self.listed_at, self.unread, self.among)
        load_state.record_feed(connection, self.feed)
        return changes


@dataclass(kw_only=True)
class ReportLoad(SpanLoad):
    """The rows that a report has of a span.

    Attributes:
        read: by workspace, the time that was read of it: the span, with what had never been loaded before it.
    """

    read: Mapping[str, Span]

    def _replace(self, connection: duckdb.DuckDBPyConnection) -> RowChanges:
        """Replace the rows of the span, put those of earlier days beside them, and remember what is loaded."""
        changes, (table,) = super()._replace(connection), self.staging.family
        read = {each: self.read[each] for each in self.workspaces}
        record_report(connection, table.name, read, self.unread, self.among)
        first = min((each.start for each in read.values()), default=self.span.start)
        if first < self.span.start:
            self.earlier = self._numbers(connection, Span(first, self.span.start))
        return changes
