"""A real terminal for a command: all that it received, and what stands on it in the end."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fcntl import ioctl
from termios import TIOCSWINSZ

import pyte


@dataclass
class Screen:
    """What a command showed.

    Attributes:
        received: the whole output, with the sequences that steer the terminal.
        lines: what can be read in the end, from the first line on.
    """

    code: int
    received: str
    lines: list[str]

    @property
    def text(self) -> str:
        """The lines."""
        return "\n".join(self.lines)


def run_in_terminal(command: Sequence[str], columns: int = 80, **variables: str) -> Screen:
    """Run a command with a terminal for its input and output."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    process = subprocess.Popen(  # noqa: S603
        command, stdin=slave, stdout=slave, stderr=slave, env={**environment, "TERM": "xterm-256color", **variables}
    )
    os.close(slave)
    received = b""
    with suppress(OSError):  # Linux's way to say that the other side was closed
        while part := os.read(master, 65536):
            received += part
    os.close(master)
    screen = pyte.HistoryScreen(columns, 40, history=10_000)
    pyte.ByteStream(screen).feed(received)
    above = ["".join(line[column].data for column in range(columns)) for line in screen.history.top]
    lines = [line.rstrip() for line in (*above, *screen.display)]
    while lines and not lines[-1]:
        del lines[-1]
    return Screen(process.wait(timeout=60), received.decode(), lines)
