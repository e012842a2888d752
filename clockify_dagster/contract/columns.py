"""Short ways to declare columns, so that a table's declaration reads as a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from clockify_dagster.contract.column import WORKSPACES, Column, Orphans, Reference, Type


def _column_of(type_: Type) -> Callable[[str, str, str], Column]:
    return lambda name, path, description: Column(name, type_, path, description)


# each takes name, path and description
identity = _column_of(Type.ID)
text = _column_of(Type.TEXT)
flag = _column_of(Type.BOOLEAN)
number = _column_of(Type.FLOAT)
instant = _column_of(Type.TIMESTAMP)


def word(name: str, path: str, description: str) -> Column:
    """A text that is a word of Clockify's own (a status, a type), a duration or a currency: nothing personal."""
    return Column(name, Type.TEXT, path, description, is_word=True)


def refers(
    name: str, path: str, table: str, about: str, *, orphans: Orphans = Orphans.ALLOWED, otherwise: str | None = None
) -> Column:
    """A column that holds the id of another table's row, which Clockify may have deleted since."""
    return Column(name, Type.ID, path, about, Reference(table, orphans), otherwise)


def rate(path: str, whose: str, joint: str = "__", inside: str = "") -> tuple[Column, Column]:
    """The two columns of a rate: its amount and its currency, named after the path with `joint` between.

    `inside` is the list or object that holds the rate, where that is not the document.
    """
    name, place = path.lower() + joint, f"{inside}.{path}" if inside else path
    amount = f"{whose}: an amount for an hour in minor units (cents; 10500 is 105.00). Null where none is set."
    currency = f"The currency of {name}amount, for example USD. Null where no rate is set."
    return number(f"{name}amount", f"{place}.amount", amount), word(f"{name}currency", f"{place}.currency", currency)


def inside(path: str, *columns: Column) -> tuple[Column, ...]:
    """The columns, with their paths counted from the object (or, of `list[]`, from the items) at `path`."""
    return tuple(replace(column, path=f"{path}.{column.path}") for column in columns)


IN_WORKSPACE = identity("workspaceid", "{workspace}", "The workspace of the row that it belongs to.")
"""Of a child, so that rows of one workspace are found without its parent."""


def of_workspace(path: str = "workspaceId") -> Column:
    """The workspace that an object belongs to, by its document or, with `{workspace}`, by the request."""
    return refers("workspaceid", path, WORKSPACES, "The workspace that it belongs to.", orphans=Orphans.IMPOSSIBLE)
