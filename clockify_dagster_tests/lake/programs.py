"""Programs that use a lake at the same time, each in a process of its own. The lake is the environment's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BEGIN = """
import os, sys, time
from clockify_dagster.warehouse.lake import Lake
catalog = os.environ["CLOCKIFY_DATABASE"].removeprefix("ducklake:postgres:")
database = Lake(catalog, os.environ["CLOCKIFY_LAKE_PATH"])
"""

# holds the lock in a transaction that has deleted all tags, and never commits
WRITER = f"""{BEGIN}
with database.writing() as connection:
    connection.execute("DELETE FROM clockify_tags")
    connection.execute("INSERT INTO clockify_tags (id) VALUES ('never committed')")
    print("writing", flush=True)
    time.sleep(60)
"""

# moves a coin from one table to another, so many times
MOVER = f"""{BEGIN}
print("begun", flush=True)
for _ in range(int(sys.argv[1])):
    with database.writing() as connection:
        connection.execute("UPDATE one SET coins = coins - 1")
        connection.execute("UPDATE other SET coins = coins + 1")
        connection.execute("DELETE FROM numbered WHERE id = 1")
        connection.execute("INSERT INTO numbered VALUES (1)")
"""

# reads both again and again until its input ends
READER = f"""{BEGIN}
import threading
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
print("reading", flush=True)
looks, seen = 0, set()
while not ended.is_set():
    with database.reading() as connection:
        one, = connection.execute("SELECT coins FROM one").fetchone()
        time.sleep(0.02)
        other, = connection.execute("SELECT coins FROM other").fetchone()
        seen.add((one + other, connection.execute("SELECT count(*) FROM numbered").fetchone()[0]))
        looks += 1
print(looks, sorted(seen))
"""


@contextmanager
def program(text: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a program, and wait until it has said its first line."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", text, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), "the program has ended; what it said is above"
        yield process
    finally:
        process.kill()
        process.communicate()
