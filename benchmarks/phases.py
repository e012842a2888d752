"""`clockify-dagster` with a watch on where its time goes, printed as JSON in the last line.

Reading and waiting happen in several threads at once: theirs are the seconds of all threads together.
"""

from __future__ import annotations

import functools
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from clockify_dagster import cli, refresh
from clockify_dagster.api.sessions import SessionPool
from clockify_dagster.warehouse import PageStaging, Warehouse

LISTING, WRITING = "listing the entries, from the first request to the last", "writing"

spent: dict[str, float] = {}
_lock = threading.Lock()


def watch(owner: Any, method: str, name: str, clock: Callable[[], float] = time.monotonic) -> None:
    """Add up what calls of a method take."""
    original = getattr(owner, method)

    @functools.wraps(original)
    def watched(*arguments: Any, **options: Any) -> Any:
        began = clock()
        try:
            return original(*arguments, **options)
        finally:
            with _lock:
                spent[name] = spent.get(name, 0.0) + clock() - began

    setattr(owner, method, watched)


def main() -> None:
    """Run the command."""
    began = time.monotonic()
    watch(refresh, "refresh_span", LISTING)
    watch(SessionPool, "exchange", "waiting for and receiving answers, all threads together")
    watch(PageStaging, "add", "reading pages, processor time", time.thread_time)
    watch(PageStaging, "finish", "looking for rows that came twice")
    watch(Warehouse, "write", WRITING)
    try:
        cli.main()
    except SystemExit as ended:
        if ended.code:
            raise
    spent["all"] = time.monotonic() - began
    sys.stdout.write(json.dumps(spent) + "\n")


if __name__ == "__main__":
    main()
