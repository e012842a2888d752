"""The page `docs/marts.md`, made from the headers of the marts' SQL files.

`make docs` writes it; without a path it is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from clockify_dagster.marts import FACTS, Mart, all_marts

COMMAND = "make docs"

_HEAD = f"""# Marts

<!-- Made by `{COMMAND}`: change the headers in clockify_dagster/marts, not this page. -->

Views over the tables for those who ask questions: days by the account's clock, money in major units with its currency,
names that are never null. They are in the schema `clockify_marts` (for tables in a schema `acme`, in `acme_marts`) and
show what the tables hold now. A sync makes them; [metrics.md](metrics.md) says how what is disputed is counted.

Amounts are not rounded: round the sum. "Adds up" says which sums are those of `{FACTS}`; a check proves it.
"""


def page(marts: Iterable[Mart] | None = None) -> str:
    """The whole page as Markdown, with a line break at its end."""
    ordered = sorted(all_marts().values() if marts is None else marts, key=lambda mart: (_rank(mart), mart.name))
    links = "\n".join(f"- [{mart.name}](#{mart.name})" for mart in ordered)
    return "\n".join([_HEAD, links, "", *map(_section, ordered)]).rstrip("\n") + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page to the path given, or to standard output. Gives the exit code."""
    if arguments:
        Path(arguments[0]).write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
    return 0


def _rank(mart: Mart) -> int:
    """The facts first, then answers, then dimensions."""
    return 0 if mart.name.startswith("fct_") else 2 if mart.name.startswith("dim_") else 1


def _section(mart: Mart) -> str:
    key = ", ".join(f"`{name}`" + (" (may be null)" if name in mart.optional else "") for name in mart.key)
    lines = [f"## {mart.name}", "", mart.description, "", f"- Key: {key}"]
    if mart.sums:
        sums = ", ".join(
            f"`{each.column}`"
            + (f" (there `{each.fact}`)" if each.fact != each.column else "")
            + (f" in each `{each.currency}`" if each.currency else "")
            for each in mart.sums
        )
        lines.append(f"- Adds up: {sums}" + ("" if mart.of == "true" else f", of entries with `{mart.of}`"))
    lines.append(f"- Reads: {', '.join([*mart.tables, *mart.marts])}")
    lines += ["", "| Column | Type | Description |", "|---|---|---|"]
    lines += [f"| `{each.name}` | {each.type} | {each.description} |" for each in mart.columns]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
