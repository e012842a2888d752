"""A program for the kill test: for each line on its standard input it runs one `clockify-dagster sync`, in a child that
it forks, so that none costs the second of importing Dagster. Run as `python forking.py LOG`; what the syncs print goes
into that file. It writes the child's process id when it has begun; when it has ended, its exit code (less than 0 for a
signal), and the seconds of processor time that it took.

It forks, so nothing here may leave a thread: it imports, and does nothing else.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import NoReturn

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # else some numpy starts threads as it is imported

import duckdb

import clockify_dagster.cli.sync
import clockify_dagster.definitions
import clockify_dagster.defs.event_log  # noqa: F401 - so that no child needs to import it
from clockify_dagster import cli


def sync(log: Path) -> NoReturn:
    """Be the command, to its very end."""
    sys.argv = ["clockify-dagster", "sync"]
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    cli.main()
    raise AssertionError("it ends the process")


def threads() -> list[str]:
    """The names of this process's threads, also those unknown to Python; none without /proc."""
    return [(task / "comm").read_text().strip() for task in Path("/proc/self/task").glob("*")]


def main(log: Path) -> None:
    # DuckDB 1 opens it when it is imported, with a thread, for which a child would wait in vain as it ends
    duckdb.default_connection().close()
    if len(threads()) > 1:
        sys.exit(f"it must not fork with these threads: {threads()}")
    gc.freeze()  # what is there by now need not be looked through by every child
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            sync(log)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status, used = os.wait4(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {used.ru_utime + used.ru_stime}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
