"""Rows on their way into the database: a table and its children, written in one transaction and only once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

import duckdb

from clockify_dagster.days import Span
from clockify_dagster.errors import LoadConflictError
from clockify_dagster.warehouse import load_state
from clockify_dagster.warehouse.staging import PageStaging
from clockify_dagster.warehouse.writer import UserOfWorkspace, replace_span, replace_tables


@dataclass
class Load(ABC):
    """What was read of a family of tables.

    Attributes:
        listed_at: when the listing began, by this machine's clock.
        written: rows by table, once it is written.
        is_superseded: whether it was left unwritten, since another load read later and wrote before.
    """

    staging: PageStaging
    listed_at: datetime
    written: dict[str, int] | None = field(default=None, init=False)
    is_superseded: bool = field(default=False, init=False)

    @property
    def root(self) -> str:
        """The name of the table without parent."""
        return self.staging.family[0].name

    def write(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Write within the caller's transaction, with what is remembered about it; gives rows by table.

        Raises `LoadConflictError`.
        """
        load_state.ensure_state(connection)
        if self.must_yield(connection):
            self.is_superseded = True
            return {table.name: 0 for table in self.staging.family}
        rows = self.replace(connection)
        if self.has_read:
            now = datetime.now(timezone.utc)
            load_state.record_load(connection, rows, self.staging.faults, listed_at=self.listed_at, loaded_at=now)
        return rows

    @property
    def has_read(self) -> bool:
        """Whether Clockify gave anything, if only an empty list. What it refused everywhere is not loaded."""
        return True

    @abstractmethod
    def must_yield(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether the table has newer rows than this load. Raises `LoadConflictError`."""

    @abstractmethod
    def replace(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Put the rows in place of the older ones; gives rows by table."""


@dataclass
class TablesLoad(Load):
    """The whole of the tables.

    Attributes:
        kept_workspaces: workspaces that were not read, whose rows stay.
        kept_users: workspace and user of those who were not read, whose rows stay.
        is_refused: whether no workspace could be read.
    """

    kept_workspaces: frozenset[str] = frozenset()
    kept_users: frozenset[UserOfWorkspace] = frozenset()
    is_refused: bool = False

    @property
    def has_read(self) -> bool:
        """Whether any workspace was read."""
        return not self.is_refused

    def must_yield(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether another load of the whole has been written whose listing began later."""
        last = load_state.last_load(connection, self.root)
        if last is None or last.listed_at is None:
            return False
        # a clock that was wrong once must not keep all later loads out
        return self.listed_at < last.listed_at <= datetime.now(timezone.utc)

    def replace(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Replace all rows but the kept ones."""
        return replace_tables(
            connection, self.staging, kept_workspaces=self.kept_workspaces, kept_users=self.kept_users
        )


@dataclass
class SpanLoad(Load):
    """All rows of a span of time, of every workspace that was read.

    Attributes:
        span: the time whose rows are replaced.
        workspaces: whose entries were listed; rows of others go.
        last_load: the table's last load when this one began, None where there was none.
        kept_users: workspace and user of those who were not read, whose rows stay.
        deleted: keys of rows that go, wherever they are.
        feed: by workspace, up to where changes are known now.
    """

    span: Span
    workspaces: tuple[str, ...]
    last_load: load_state.LoadRecord | None
    kept_users: frozenset[UserOfWorkspace] = frozenset()
    deleted: frozenset[str] = frozenset()
    feed: Mapping[str, load_state.FeedState] = field(default_factory=dict)

    def must_yield(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Never: where another load was written meanwhile, what was compared with the table does not hold any more."""
        if load_state.last_load(connection, self.root) != self.last_load:
            raise LoadConflictError(
                f"Another run has loaded {self.root} while this one was reading. Nothing was changed; read it again."
            )
        return False

    def replace(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Replace the rows of the span, and remember that it is loaded and up to where changes are known."""
        rows = replace_span(connection, self.staging, self.span, kept_users=self.kept_users, deleted=self.deleted)
        load_state.record_span(connection, self.workspaces, self.span, self.listed_at)
        load_state.record_feed(connection, self.feed)
        return rows
