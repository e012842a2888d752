"""The data dictionary: the page `docs/tables.md`, made from the contract.

`make docs` writes it; without a path it is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from clockify_dagster.contract import CONTRACT, Column, Contract, Orphans, Table
from clockify_dagster.contract.change_log import CHANGE_LOG, DESCRIPTION, ChangeColumn

COMMAND = "make docs"

_HEAD = f"""# Tables

<!-- Made by `{COMMAND}`: change the declarations in clockify_dagster/contract, not this page. -->

Every table that a sync keeps in DuckDB. Rates, budgets, invoices and payments are in minor units (cents); expenses are
in major units. Instants are stored
as instants and shown in the session's time zone. Durations are ISO 8601 texts. An id that Clockify leaves
empty is null. "May be missing" says that the row referred to may be gone: deleted in Clockify, or no longer
listed.
"""


def page(contract: Contract = CONTRACT) -> str:
    """The whole page as Markdown, with a line break at its end."""
    links = "\n".join(f"- [{name}](#{name})" for name in (*contract.tables, CHANGE_LOG))
    sections = [*(_section(table) for table in contract), _change_log()]
    return "\n".join([_HEAD, links, "", *sections]).rstrip("\n") + "\n"


def refresh(table: Table) -> str:
    """How the table's rows are replaced, as a sentence."""
    if table.parent is not None:
        return f"together with {table.parent}, in one transaction."
    if table.partition_column is not None:
        return f"by days of {table.partition_column}: all rows of a day are replaced at once."
    return "as a whole, in one transaction."


def listing_lines(table: Table) -> list[str]:
    """Where Clockify lists the table's documents, and what a plan must have for it, as items of a list."""
    if table.listing is None:
        return []
    smallest = f" or be {table.listing.plan} or larger" if table.listing.plan else ""
    needed = f"; the plan must have `{table.listing.feature}`{smallest}" if table.listing.feature else ""
    return [f"- Listed by: `{table.listing.method} /{table.listing.path}`{needed}"]


def main(arguments: Sequence[str]) -> int:
    """Write the page to the path given, or to standard output. Gives the exit code."""
    if arguments:
        Path(arguments[0]).write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
    return 0


def _section(table: Table) -> str:
    return "\n".join(
        [
            f"## {table.name}",
            "",
            table.description,
            "",
            f"- Pipeline: {table.pipeline}",
            *listing_lines(table),
            f"- Refreshed: {refresh(table)}",
            f"- Key: {', '.join(f'`{column}`' for column in table.primary_key)}",
            "",
            "| Column | Type | In Clockify's document | Refers to | Description |",
            "|---|---|---|---|---|",
            *(_row(table, column) for column in table.columns),
            "",
        ]
    )


def _change_log() -> str:
    rows = [f"| `{column.value}` | {column.sql} | {column.description} |" for column in ChangeColumn]
    heads = ["| Column | Type | Description |", "|---|---|---|"]
    written = "- Written: by each load, in its own transaction. It comes from no list of Clockify, and has no key."
    return "\n".join([f"## {CHANGE_LOG}", "", DESCRIPTION, "", written, "", *heads, *rows, ""])


def _row(table: Table, column: Column) -> str:
    path = f"`{column.path}`" if column.path else ""
    cells = [f"`{column.name}`", column.type.sql, path, _target(table, column), column.description]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _target(table: Table, column: Column) -> str:
    reference = table.references.get(column.name)
    if reference is None:
        return ""
    target = f"[{reference.table}.{reference.column}](#{reference.table})"
    return f"{target}, may be missing" if reference.orphans is Orphans.ALLOWED else target


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
