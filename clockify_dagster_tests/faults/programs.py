"""Programs that use the database, or Dagster's history, at the same time as a load, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOLDER = """
import duckdb, sys, time
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""

# opens and closes the file all the time, as a dashboard does: a look of 20 ms, a pause of 5 ms
DASHBOARD = """
import duckdb, sys, time
looks = refused = 0
longest, last = 0.0, time.monotonic()
print("looking", flush=True)
until = None
while until is None or time.monotonic() < until:
    try:
        with duckdb.connect(sys.argv[1], read_only=True) as connection:
            connection.execute("SELECT count(*) FROM clockify_timeentries").fetchone()
            time.sleep(0.02)
    except duckdb.IOException:
        refused += 1
        time.sleep(0.002)
        continue
    longest, last = max(longest, time.monotonic() - last), time.monotonic()
    looks += 1
    time.sleep(0.005)
    if until is None and sys.argv[2] and __import__("os").path.exists(sys.argv[2]):
        until = time.monotonic()
print(looks, refused, longest, flush=True)
"""


# holds the writer lock for so many seconds; with a third argument, the database for ever
LOCK_HOLDER = """
import duckdb, filelock, pathlib, sys, time
path = pathlib.Path(sys.argv[1])
lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
lock.acquire()
file = duckdb.connect(str(path)) if sys.argv[3:] else None
print("held", flush=True)
time.sleep(float(sys.argv[2]))
lock.release()
time.sleep(60 if file else 0)
"""

# a load that has deleted the tags and staged others, and never commits
LOAD = """
import pathlib, sys, time
from clockify_dagster.contract import CONTRACT
from clockify_dagster.warehouse import Database, Warehouse
warehouse = Warehouse(Database(pathlib.Path(sys.argv[1])))
staging = warehouse.staging(CONTRACT.family("clockify_tags"))
staging.add(b'[{"id": "t", "name": "never committed", "workspaceId": "w"}]')
with warehouse.database.writing() as connection:
    connection.execute("DELETE FROM clockify_tags")
    print("writing", flush=True)
    time.sleep(60)
"""

# a job of another project, until it finds a file
THEIR_JOB = """
import pathlib, sys, time
from dagster import DagsterInstance, job, op

@op
def waits():
    print("running", flush=True)
    while not pathlib.Path(sys.argv[1]).exists():
        time.sleep(0.05)

@job
def somebody_elses():
    waits()

with DagsterInstance.get() as instance:
    somebody_elses.execute_in_process(instance=instance)
"""


def beside(database: Path) -> list[str]:
    """The files beside the database that bear its name."""
    return sorted({path.name for path in database.parent.glob(f"*{database.name}*")} - {database.name})


@contextmanager
def program(folder: Path, name: str, text: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a script of that name, and wait until it has said its first line."""
    script = folder / name
    script.write_text(text)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, script, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
