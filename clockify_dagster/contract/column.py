"""What a column is: its type, its place in the document, and what it refers to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


def require(holds: bool, fault: str) -> None:
    """Raise `ValueError` for a declaration that contradicts itself."""
    if not holds:
        raise ValueError(f"contract: {fault}")


class Type(Enum):
    """The type of a column, with its name in DuckDB."""

    ID = ("id", "VARCHAR")
    """A text that names something; an empty one names nothing and becomes null."""
    TEXT = ("text", "VARCHAR")
    """Any text; an empty one stays."""
    BOOLEAN = ("boolean", "BOOLEAN")
    FLOAT = ("float", "DOUBLE")
    TIMESTAMP = ("timestamp", "TIMESTAMP WITH TIME ZONE")
    """An instant."""

    @property
    def sql(self) -> str:
        """The type's name in DuckDB."""
        return self.value[1]


class Orphans(Enum):
    """What it means when a reference points to a row that is not there."""

    ALLOWED = "warning"
    """Clockify lets it happen: an old entry may name a tag that has been deleted since."""
    IMPOSSIBLE = "error"
    """Clockify cannot cause it, so our data is wrong or incomplete."""


@dataclass(frozen=True)
class Reference:
    """A column's values are ids of another table's rows."""

    table: str
    orphans: Orphans
    column: str = "id"


@dataclass(frozen=True)
class Column:
    """A column and where its value stands in the document.

    `path` is a dotted way through the document's objects. Of `list[]` or `list[].key` each item gives a row. A path in
    braces is a fact of the request and not of the document: `{workspace}` is the workspace that was asked. A column
    that begins with an underscore is about loading: the warehouse fills it, and it has no path.

    Attributes:
        otherwise: the fact of the request that stands in where the document has no value, without braces.
        is_word: of a TEXT, whether its values are words of Clockify's own, durations or currencies.
    """

    name: str
    type: Type
    path: str
    description: str
    references: Reference | None = None
    otherwise: str | None = None
    is_word: bool = False

    def __post_init__(self) -> None:
        """Refuse a declaration that could not work."""
        is_name = self.name == self.name.lower() and self.name.isidentifier()
        require(is_name, f"{self.name!r} is not a column name")
        require(bool(self.description.strip()), f"column {self.name} has no description")
        require(self.path.count("[]") <= 1, f"column {self.name}: a path may open one list, not several")
        require(bool(self.path) != self.name.startswith("_"), f"column {self.name}: a path, or a leading underscore")
        require(self.references is None or self.type is Type.ID, f"column {self.name} refers but is not an ID")
        require(self.fact is None or self.type is Type.ID, f"column {self.name} is a fact of the request but not an ID")

    @property
    def is_private(self) -> bool:
        """Whether a value may be personal, or free text: then it is never shown outside of its table."""
        return self.type is Type.TEXT and not self.is_word

    @property
    def fact(self) -> str | None:
        """The fact of the request that gives the value, or stands in for it; None where only the document does."""
        found = re.fullmatch(r"\{(\w+)\}", self.path)
        return found[1] if found else self.otherwise

    @property
    def list_path(self) -> str | None:
        """The way to the list of which each item gives a row; None where the document itself is the row."""
        return self.path.partition("[]")[0] if "[]" in self.path else None

    @property
    def steps(self) -> tuple[str, ...]:
        """The keys to go through: from the item where the path opens a list, else from the document."""
        path = "" if self.path.startswith("{") else self.path.rpartition("[]")[2]
        return tuple(step for step in path.split(".") if step)

    @property
    def is_in_document(self) -> bool:
        """Whether the document has a place for the value."""
        return bool(self.path) and not self.path.startswith("{")


WORKSPACES = "clockify_workspaces"
"""The table that all others depend on."""
LOADED_AT = Column(
    "_loaded_at",
    Type.TIMESTAMP,
    "",
    "When a sync last wrote this row, also where nothing in it was new; not a time that Clockify knows.",
)
CHANGED_AT = Column(
    "_changed_at",
    Type.TIMESTAMP,
    "",
    "When a sync first wrote this row with these values: the row was new here, or a value from Clockify was another "
    "one. A sync that writes the same values again leaves it as it is.",
)
ABOUT_LOADING = (LOADED_AT, CHANGED_AT)
"""What every table has besides what documents fill."""
