"""What a mart is: a view for analysts, read from the SQL file that makes it.

The comment at the head of the file is the one place for what is said of the mart:

    -- What a row is, and what else there is to say, in one or more lines.
    --
    -- key: workspace_id, client_id?, month     what names a row; `?` marks a part that may be null
    -- adds up: hours = work_hours, amount per currency    the columns whose sums are those of a column of
    --     fct_time_entry, of the same name unless one is given, in each currency; may be left out
    -- of: is_work                              the entries that they are the sums of; left out where it is all
    --
    -- column_name TYPE: What it holds. A line that begins with
    --     four blanks goes on with it.

In the SQL, `{tables}.clockify_tags` is a table of the contract, `{marts}.dim_tag` another mart, and `{log}` the table
of changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from graphlib import TopologicalSorter
from importlib.resources import files
from typing import ClassVar

FACTS = "fct_time_entry"
"""The mart that the others' sums are compared with."""

ENTRIES = "clockify_timeentries"
"""The table of which it has a row for each row."""

_PLACE = re.compile(r"\{(tables|marts)\}\.(\w+)")


@dataclass(frozen=True)
class MartColumn:
    """A column, with its type as DuckDB writes it."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Sum:
    """A column whose sum is that of a column `fact` of `fct_time_entry`; in each currency, where a column has it."""

    column: str
    fact: str
    currency: str | None

    @classmethod
    def read(cls, text: str) -> Sum:
        """From `column`, `column = fact` or `column per currency`."""
        column, _, currency = text.partition(" per ")
        column, _, fact = column.partition(" = ")
        return cls(column, fact or column, currency or None)


@dataclass(frozen=True)
class Mart:
    """A view.

    Attributes:
        key: the columns that name a row.
        optional: those of them that may be null.
        sums: the columns that add up to those of `fct_time_entry`.
        of: the condition for the entries that they are the sums of.
        sql: the SELECT, with placeholders in braces.
        group: the group of its asset in Dagster.
        pipeline: what it comes from, as a table has it.
    """

    name: str
    description: str
    key: tuple[str, ...]
    optional: frozenset[str]
    sums: tuple[Sum, ...]
    of: str
    columns: tuple[MartColumn, ...]
    sql: str
    group: ClassVar = "marts"
    pipeline: ClassVar = "Marts"

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads itself."""
        return self._read("tables")

    @cached_property
    def marts(self) -> tuple[str, ...]:
        """The marts that it reads itself."""
        return self._read("marts")

    def _read(self, place: str) -> tuple[str, ...]:
        return tuple(sorted({name for found, name in _PLACE.findall(self.sql) if found == place}))


@lru_cache(maxsize=1)
def all_marts() -> dict[str, Mart]:
    """Every mart by name; each stands after those that it reads. Raises `ValueError` where a header is not complete."""
    folder = files(__package__)
    found = {
        each.name.removesuffix(".sql"): read_mart(each.name.removesuffix(".sql"), each.read_text(encoding="utf-8"))
        for each in folder.iterdir()
        if each.name.endswith(".sql")
    }
    order = TopologicalSorter({name: found[name].marts for name in sorted(found)})
    return {name: found[name] for name in order.static_order()}


def read_mart(name: str, text: str) -> Mart:
    """The mart that a SQL file makes. Raises `ValueError` where its header is not complete."""
    lines = text.splitlines()
    end = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    head = "\n".join(line.removeprefix("--").removeprefix(" ") for line in lines[:end])
    parts = [part.replace("\n    ", " ").splitlines() for part in re.split(r"\n\n+", head.strip())]
    if len(parts) != 3:
        raise ValueError(f"{name}.sql: a header has a description, a key and columns, with an empty line between")
    said = dict(_pair(name, line) for line in parts[1])
    if not said.keys() <= {"key", "adds up", "of"} or "key" not in said:
        raise ValueError(f"{name}.sql: the second part of a header has key, and maybe adds up and of")
    columns = tuple(MartColumn(*_pair(name, line, " "), about) for line, about in (_pair(name, c) for c in parts[2]))
    key = [each.strip() for each in said["key"].split(",")]
    mart = Mart(
        name=name,
        description=" ".join(parts[0]),
        key=tuple(each.rstrip("?") for each in key),
        optional=frozenset(each.rstrip("?") for each in key if each.endswith("?")),
        sums=tuple(Sum.read(each) for each in re.split(r",\s*", said.get("adds up", "")) if each),
        of=said.get("of", "true"),
        columns=columns,
        sql="\n".join(lines[end:]).strip().rstrip(";"),
    )
    named = {*mart.key, *(name for each in mart.sums for name in (each.column, each.currency) if name)}
    strangers = named - {column.name for column in columns}
    if strangers:
        raise ValueError(f"{name}.sql: {sorted(strangers)} are not columns of it")
    return mart


def _pair(name: str, line: str, between: str = ": ") -> tuple[str, str]:
    left, found, right = line.partition(between)
    if not found or not right.strip():
        raise ValueError(f"{name}.sql: {line!r} lacks {between!r}, or what follows it")
    return left.strip(), right.strip()
