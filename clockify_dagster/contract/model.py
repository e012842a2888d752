"""What a table is: the types that the declarations are made of. They check themselves when they are made."""

from __future__ import annotations

from dataclasses import dataclass

from clockify_dagster.contract.column import ABOUT_LOADING, WORKSPACES, Column, Orphans, Reference, Type, require
from clockify_dagster.contract.listing import Listing


@dataclass(frozen=True)
class Table:
    """A table: its columns, what names a row, and which rows replace which.

    Attributes:
        pipeline: the listing that it comes from, in the words of Clockify's users.
        page: where people see it in Clockify, below the address of its pages; of a child, its parent's page.
        primary_key: the columns that name a row.
        listing: where Clockify lists the documents; None for a child, and for tables with code of their own for it.
        group: the group of its asset in Dagster.
        parent: the table whose rows this one's rows belong to, by the first column. Both change together.
        partition_column: the instant, or the day as text, that decides on which day a row belongs; None for a table
            that is replaced whole, and for a child.
        listed_with: a table without whose listing this one cannot be read: its documents, or their ids, lead to these.
            One step loads both.
        goes_with: a table that comes from another listing, and without whose row, by the first column, a row of this
            one means nothing: where that goes for good, this one goes.
        is_logged: whether `clockify_change_log` tells how its rows change.
        not_logged: columns whose changes are no news: sums that Clockify works out, names that are other rows'.
        required: columns, besides the key of a table without parent, without which a row is an error.
        keeps_all_documents: where a parent's row is in several documents (a user in two workspaces), whether the
            child's rows of all of them count, or only those of the document read last.
    """

    name: str
    pipeline: str
    description: str
    columns: tuple[Column, ...]
    page: str = ""
    listing: Listing | None = None
    group: str = "reference"
    primary_key: tuple[str, ...] = ("id",)
    parent: str | None = None
    partition_column: str | None = None
    listed_with: str | None = None
    goes_with: str | None = None
    is_logged: bool = False
    not_logged: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    keeps_all_documents: bool = False

    def __post_init__(self) -> None:
        """Refuse a declaration that could not work, and add what every table has."""
        missing = (column for column in ABOUT_LOADING if column not in self.columns)
        object.__setattr__(self, "columns", (*self.columns, *missing))
        names = [column.name for column in self.columns]
        require(len(set(names)) == len(names), f"{self.name} has a column twice")
        require(bool(self.description.strip()), f"{self.name} has no description")
        require(bool(self.primary_key), f"{self.name} has no key")
        named = (*self.primary_key, *self.required, *self.not_logged, *filter(None, [self.partition_column]))
        strangers = sorted(set(named) - set(names))
        require(not strangers, f"{self.name}: {strangers} are not columns of it")
        lists = {column.list_path for column in self.columns} - {None}
        require(len(lists) <= 1, f"{self.name}: its rows come from several lists {sorted(map(str, lists))}")
        if self.parent is not None:
            self._check_as_child()
            return
        facts = {column.fact for column in self.columns} - {None}
        unknown = facts - set(self.listing.facts) if self.listing else set()
        require(not unknown, f"{self.name}: {sorted(map(str, unknown))} are not facts of its listing {self.listing}")
        require(not lists, f"{self.name}: only the rows of a child come from a list")
        if self.partition_column is not None:
            where = f"{self.name}: the partition column {self.partition_column}"
            is_time = self[self.partition_column].type in (Type.TIMESTAMP, Type.TEXT)
            require(is_time, f"{where} is neither an instant nor the text of a day")
            require(self.partition_column in self.never_null, f"{where} is not required")
        owner = self.columns[0].references
        require(self.goes_with is None or (owner is not None and owner.table == self.goes_with), f"{self.name}: owner")

    def _check_as_child(self) -> None:
        link = self.columns[0]
        require(self.rows_path is not None, f"{self.name}: a child's rows come from a list in its parent's document")
        require(link.name in self.primary_key, f"{self.name}: column 1 must lead to its parent")
        require(link.type is Type.ID, f"{self.name}: {link.name} leads to its parent but is not an ID")
        require(link.references is None, f"{self.name}: {link.name} leads to its parent already")
        require(self.partition_column is None, f"{self.name}: a child goes with its parent, not by day")
        require(self.listing is None, f"{self.name}: a child stands in its parent's documents, not in a listing")
        require(self.listed_with is None, f"{self.name}: a child is listed with its parent")
        require(not self.required, f"{self.name}: of a child only the way to its parent is required")
        others = [column.name for column in self.columns[1:] if column.is_in_document and column.list_path is None]
        require(not others, f"{self.name}: of a child only column 1 is outside of the list, not {others}")

    def __getitem__(self, column: str) -> Column:
        """The column of that name. Raises `KeyError` where there is none."""
        found = next((each for each in self.columns if each.name == column), None)
        if found is None:
            raise KeyError(f"{self.name} has no column {column}")
        return found

    @property
    def needs(self) -> tuple[str, ...]:
        """The tables without which this one is not loaded."""
        return tuple(name for name in (self.parent, self.listed_with, self.goes_with) if name is not None)

    @property
    def is_by_day(self) -> bool:
        """Whether a run replaces the rows of some days."""
        return self.partition_column is not None

    @property
    def has_days_as_text(self) -> bool:
        """Whether the day on which a row belongs stands in the row, as text such as `2026-01-31`."""
        return self.partition_column is not None and self[self.partition_column].type is Type.TEXT

    @property
    def document_columns(self) -> tuple[Column, ...]:
        """The columns that documents fill."""
        return tuple(column for column in self.columns if column.path)

    @property
    def rows_path(self) -> str | None:
        """The way to the list of which each item is a row; None where each document is one."""
        return next((c.list_path for c in self.columns if c.list_path is not None), None)

    @property
    def never_null(self) -> tuple[str, ...]:
        """The columns that every row has: what names it, and what decides where it belongs.

        Of a child only the way to its parent: Clockify's document lets the rest of it be absent.
        """
        return (self.columns[0].name,) if self.parent else (*self.primary_key, *self.required)

    @property
    def workspace_column(self) -> str | None:
        """The column that says to which workspace a row belongs; None where there is none."""
        return next((c.name for c in self.columns if c.references and c.references.table == WORKSPACES), None)

    @property
    def references(self) -> dict[str, Reference]:
        """By column, what this table's rows refer to: their parent first."""
        to_parent = {self.columns[0].name: Reference(self.parent, Orphans.IMPOSSIBLE)} if self.parent else {}
        return to_parent | {column.name: column.references for column in self.columns if column.references}
