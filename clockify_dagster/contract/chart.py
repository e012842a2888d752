"""The entity-relationship picture of the tables, as SVG, made from their references. Text only: no input or output."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from clockify_dagster.contract.model import Table
from clockify_dagster.contract.registry import Contract

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 240, 26, 70, 14, 12
_STYLE = (
    "text{font:13px sans-serif;fill:#1f2a37}rect{fill:#f4f6fb;stroke:#8391ad;rx:4}"
    "path{fill:none;stroke:#9aa7bf;stroke-width:1.2}.parent{stroke:#3b62c4;stroke-width:2}"
)


def relationships(contract: Contract, tables: Iterable[str] | None = None) -> str:
    """An SVG picture of the tables, all or these. What a table refers to stands left of it.

    A blue line leads from a child to its parent, with which it changes in one transaction; a grey one to a table whose
    ids are in a column, which the picture names when the line is pointed at.
    """
    shown = [table for table in contract if tables is None or table.name in set(tables)]
    names = {table.name for table in shown}
    columns = _columns(shown, names)
    place = {
        name: (_MARGIN + x * (_WIDTH + _GAP_X), _MARGIN + y * (_HEIGHT + _GAP_Y))
        for x, column in enumerate(columns)
        for y, name in enumerate(column)
    }
    lines = [_line(table, column, place) for table in shown for column in _references(table, names)]
    boxes = [_box(table, *place[table.name]) for table in shown]
    width = 2 * _MARGIN + len(columns) * (_WIDTH + _GAP_X) - _GAP_X
    height = 2 * _MARGIN + max(map(len, columns), default=0) * (_HEIGHT + _GAP_Y) - _GAP_Y
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *lines, *boxes, "</svg>"]) + "\n"


def neighbours(contract: Contract, table: str) -> list[str]:
    """A table, what it refers to, and what refers to it."""
    targets = {reference.table for reference in contract[table].references.values()}
    sources = {each.name for each in contract if table in {target.table for target in each.references.values()}}
    return [each.name for each in contract if each.name in {table, *targets, *sources}]


def _references(table: Table, names: set[str]) -> list[str]:
    return [column for column, target in table.references.items() if target.table in names - {table.name}]


def _columns(shown: list[Table], names: set[str]) -> list[list[str]]:
    """The tables by how many steps of references they are away from a table without any, the nearest first."""
    depth: dict[str, int] = {}

    def depth_of(table: Table, above: frozenset[str]) -> int:
        if table.name not in depth:
            by_name = {each.name: each for each in shown}
            targets = {table.references[column].table for column in _references(table, names)} - above
            depth[table.name] = max((depth_of(by_name[each], above | {table.name}) + 1 for each in targets), default=0)
        return depth[table.name]

    for table in shown:
        depth_of(table, frozenset())
    return [[t.name for t in shown if depth[t.name] == d] for d in sorted(set(depth.values()))]


def _line(table: Table, column: str, place: dict[str, tuple[int, int]]) -> str:
    target = table.references[column].table
    (x1, y1), (x2, y2) = place[table.name], place[target]
    start, end = x1, x2 + _WIDTH
    bend = max(30, abs(start - end) // 2)
    kind = ' class="parent"' if target == table.parent else ""
    title = escape(f"{table.name}.{column} refers to {target}")
    middle = _HEIGHT // 2
    path = f"M{start} {y1 + middle} C{start - bend} {y1 + middle} {end + bend} {y2 + middle} {end} {y2 + middle}"
    return f'<path{kind} d="{path}"><title>{title}</title></path>'


def _box(table: Table, x: int, y: int) -> str:
    name = escape(table.name.removeprefix("clockify_"))
    title = f"<title>{escape(table.description)}</title>"
    text = f'<text x="{x + 10}" y="{y + 17}">{name}</text>'
    return f'<g>{title}<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}"/>{text}</g>'
