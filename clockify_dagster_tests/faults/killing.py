"""A program for the kill test: it forks children that write to a database without end, and kills each at a random
moment. What the database then holds must be one of the states whole. Run as `python killing.py DATABASE KILLS SEED`.

It forks, so it must not have opened a database itself: DuckDB's threads do not survive that.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from clockify_dagster.contract import CONTRACT, flatten
from clockify_dagster.warehouse import TablesLoad, Warehouse
from clockify_dagster.warehouse.connection import Database
from clockify_dagster.warehouse.staging import Staging

ROOT = "clockify_tasks"
CHILD = "clockify_tasks__assignees"
BROKEN = 3


def documents(state: int) -> list[dict[str, Any]]:
    """A state of the account: tasks whose texts tell it, so many that their number does too, with two users each."""
    return [
        {
            "id": f"task{n}",
            "name": f"state {state} " + "x" * 200,
            "projectId": "p",
            "assigneeIds": [f"{state}a{n}", f"{state}b{n}"],
        }
        for n in range(600 + 100 * state)
    ]


def load_of(state: int) -> TablesLoad:
    family = CONTRACT.family(ROOT)
    staging = Staging(family)
    staging.add(flatten(family, documents(state)))
    return TablesLoad(staging)


def state_of(database: Path) -> int | None:
    """Which state the database holds, whole; None where it holds none yet. Raises AssertionError on a mixture."""
    if not database.exists():
        return None
    warehouse = Warehouse(Database(database, lock_timeout=5))
    counts = warehouse.row_counts()
    if counts[ROOT] is None:
        assert counts[CHILD] is None, counts
        return None
    tasks, assignees = warehouse.read(ROOT, ["id", "name"]), warehouse.read(CHILD)
    state = int(str(tasks["name"].iloc[0]).split()[1])
    wanted = documents(state)
    assert dict(zip(tasks["id"], tasks["name"], strict=True)) == {task["id"]: task["name"] for task in wanted}
    held = sorted(map(tuple, assignees[["task_id", "assignee_user_id"]].values.tolist()))
    assert held == sorted((task["id"], user) for task in wanted for user in task["assigneeIds"])
    return state


def write_for_ever(database: Path, pipe: int) -> None:
    """Look what is there, then write one state after another, saying before and after each write that it is one."""
    state = state_of(database)
    os.write(pipe, b"-" if state is None else str(state).encode())
    warehouse = Warehouse(Database(database, lock_timeout=5))
    state = state or 0
    while True:
        state = state % 3 + 1
        load = load_of(state)
        os.write(pipe, b"(")
        warehouse.write(load)
        os.write(pipe, b")")


def one_life(database: Path, chance: random.Random) -> bytes:
    """Let a child live for some moments; gives what it said. Exits when what it found was broken."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            write_for_ever(database, writer)
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n"[:2000])
            os._exit(BROKEN)
    os.close(writer)
    said = b""
    # when the first write begins, or the third, and some moments of it
    begins = chance.choice([1, 1, 1, 2, 3])
    while said.count(b"(") < begins:
        piece = os.read(reader, 1) if select.select([reader], [], [], 30)[0] else b""
        if not piece:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or BROKEN)
        said += piece
    time.sleep(chance.uniform(0, 0.08))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    said += os.read(reader, 1000)
    os.close(reader)
    return said


def main(database: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    told = []
    for number in range(kills):
        if number % 5 == 4:  # so that the making of the file is among what is killed
            database.unlink(missing_ok=True)
        told.append(one_life(database, chance).decode())
    files = sorted(path.name for path in database.parent.iterdir())
    sys.stdout.write(json.dumps({"told": told, "files": files}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
