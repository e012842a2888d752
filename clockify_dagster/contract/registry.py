"""All tables together: families of parents and children, and what refers to what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from clockify_dagster.contract.column import require
from clockify_dagster.contract.model import Table


class Contract:
    """All tables, by name, in the order in which they are declared: a parent stands before its children."""

    def __init__(self, *tables: Table) -> None:
        """Take the tables and refuse a set of them that contradicts itself."""
        self.tables: Mapping[str, Table] = {table.name: table for table in tables}
        require(len(self.tables) == len(tables), "two tables have one name")
        declared: set[str] = set()
        for table in tables:
            for column, reference in table.references.items():
                where = f"{table.name}.{column} refers to {reference.table}"
                require(reference.table in self.tables, f"{where}, which is not a table")
                target = self.tables[reference.table]
                is_key = target.primary_key == (reference.column,)
                require(is_key, f"{where}.{reference.column}, which is not a key")
            if table.parent is not None:
                require(self.tables[table.parent].parent is None, f"{table.name}: grandchild")
                require(table.parent in declared, f"{table.name} stands before its parent")
            for needed in table.needs:
                require(needed in self.tables, f"{table.name} needs {needed}, which is not a table")
            declared.add(table.name)

    def __getitem__(self, table: str) -> Table:
        """The table of that name."""
        return self.tables[table]

    def __iter__(self) -> Iterator[Table]:
        """The tables in their order."""
        return iter(self.tables.values())

    def __contains__(self, table: object) -> bool:
        """Whether there is a table of that name."""
        return table in self.tables

    def family(self, root: str) -> tuple[Table, ...]:
        """The table and its children: what must always change together."""
        return (self.tables[root], *(table for table in self if table.parent == root))

    def only(self, names: Collection[str]) -> Contract:
        """A contract of these tables, with those that they need. What is left out is not referred to.

        Raises `KeyError` for a name that is no table.
        """
        chosen, added = set[str](), set(names)
        while added:
            chosen |= added
            added = {needed for name in added for needed in self.tables[name].needs} - chosen

        def cut(table: Table) -> Table:
            columns = tuple(
                column
                if column.references is None or column.references.table in chosen
                else replace(column, references=None)
                for column in table.columns
            )
            return replace(table, columns=columns)

        return Contract(*(cut(table) for table in self if table.name in chosen))

    @property
    def roots(self) -> tuple[Table, ...]:
        """The tables without parent, in their order: one for each family."""
        return tuple(table for table in self if table.parent is None)
