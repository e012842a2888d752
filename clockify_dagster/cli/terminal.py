"""How the command shows things: tables and texts as wide as the terminal, and a bar where there is a terminal.

Where there is none (cron, a pipe, `TERM=dumb`), everything is plain lines, as long as they have to be.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from io import StringIO

from rich.box import Box
from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from clockify_dagster.progress import Pause, Stage, watched_by

_UNBOUNDED = 100_000
_WIDEST_BAR = 60
# names come from others, and must not steer the terminal
_CONTROLS = dict.fromkeys([*range(10), *range(11, 32), *range(127, 160)], "\N{REPLACEMENT CHARACTER}")
# a line of dashes below the head, and nothing else
_RULE = Box("    \n    \n -  \n    \n    \n    \n    \n    \n", ascii=True)


def table(rows: Sequence[Sequence[object]], head: Sequence[str]) -> str:
    """The rows in columns below their heads: numbers to the right and never broken, texts folded to fit."""
    cells = [[f"{each:,}" if isinstance(each, int | float) else str(each or "") for each in row] for row in rows]
    is_number = [all(isinstance(row[n], int | float | None) for row in rows) for n in range(len(head))]
    made = Table(box=_RULE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="")
    for n, name in enumerate(head):
        digits = max((len(row[n]) for row in cells), default=0) if is_number[n] else None
        made.add_column(Text(name), justify="right" if is_number[n] else "left", min_width=digits, overflow="fold")
    for row in cells:
        made.add_row(*(Text(cell.translate(_CONTROLS)) for cell in row))
    console = _console()
    if console.measure(made).maximum > console.width:  # heads of numbers give way before texts do
        for column, name in zip(made.columns, head, strict=True):
            if column.min_width is not None:
                column.width = max(column.min_width, *map(len, name.split()))
    return _lines(console, made)


def folded(text: str, lead: str = "") -> str:
    """A text behind its lead; further lines begin below the text."""
    shown = Text(text.translate(_CONTROLS), overflow="fold")
    if not lead:
        return _lines(_console(), shown)
    grid = Table.grid()
    grid.add_column(width=len(lead))
    grid.add_row(Text(lead), shown)
    return _lines(_console(), grid)


def _lines(console: Console, shown: RenderableType) -> str:
    """What it looks like, without blanks at the ends of lines."""
    with console.capture() as captured:
        console.print(shown)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _console() -> Console:
    """As wide as stdout, whose terminal or COLUMNS may be narrow; without a terminal nothing is folded."""
    width = _UNBOUNDED
    if sys.stdout.isatty():
        real = os.get_terminal_size(sys.stdout.fileno()).columns  # 0 where the terminal does not know
        width = min(shutil.get_terminal_size().columns, real or _UNBOUNDED)
    return Console(file=StringIO(), width=width, color_system=None)


@contextmanager
def shown(doing: str, *, is_bar_wanted: bool = True) -> Iterator[None]:
    """While this lasts, show on a terminal what is done and how far it is. Nothing of it is left at the end.

    What is printed to stderr meanwhile stands above it; nothing may be printed to stdout. Where no bar is wanted, or
    the terminal cannot draw one, a line says what is done.
    """
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield
    elif is_bar_wanted and console.is_interactive:
        bar = _Bar(doing, Spinner("dots" if console.encoding.startswith("utf") else "line"))
        with watched_by(bar.take), Live(bar, console=console, transient=True, redirect_stdout=False):
            yield
    else:
        sys.stderr.write(f"{doing}\n")
        yield


class _Bar:
    """What is done now, how much of it is done, and until when the request limit is waited for."""

    def __init__(self, doing: str, spinner: Spinner) -> None:
        self._spinner = spinner
        self._stage: Stage | None = None
        self._pause: Pause | None = None
        self._doing = doing

    def take(self, event: Stage | Pause) -> None:
        """Show this from now on."""
        if isinstance(event, Stage):
            self._stage = event
        else:
            self._pause = event

    def __rich__(self) -> RenderableType:
        """A line of each, with a bar below it where the end is known."""
        stage, pause, lines = self._stage, self._pause, Table.grid()
        if stage is None or not stage.total:
            lines.add_row(self._line(stage.what if stage else self._doing))
        else:
            entries = "" if stage.entries is None else f", {stage.entries:,} entries"
            lines.add_row(self._line(f"{stage.what}: {stage.done:,} of {stage.total:,} {stage.unit}{entries}"))
            lines.add_row(ProgressBar(stage.total, stage.done, _WIDEST_BAR))
        left = 0.0 if pause is None else (pause.until - datetime.now(timezone.utc)).total_seconds()
        if pause is not None and left > 0:
            until = f"{pause.until.astimezone():%H:%M:%S}, {timedelta(seconds=int(left))} more"
            lines.add_row(Text(f"Request limit: nothing is sent until {until}"))
            lines.add_row(ProgressBar(pause.seconds, pause.seconds - left, _WIDEST_BAR))
        return lines

    def _line(self, text: str) -> Spinner:
        self._spinner.update(text=Text(text))
        return self._spinner
