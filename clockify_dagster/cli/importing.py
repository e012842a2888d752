"""What a command needs while it imports what it works with, which takes seconds."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Around a command's imports, which take seconds: a terminal shows that something happens.

    There is no garbage collection during them, and later none among what was imported. Scanning what lives as long as
    the process costs 1.0 of the 4.4 s of a daily sync of the sandbox (measured).
    """
    from clockify_dagster.cli.terminal import shown

    is_alone = "dagster" not in sys.modules  # else the process is not the command's alone
    if is_alone:
        gc.disable()
    with shown("Starting"):
        yield
    if is_alone:
        gc.freeze()
        gc.enable()
