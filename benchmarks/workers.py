"""Whole syncs of many small workspaces, by one worker and by four: a file, or a lake in a folder or on S3.

    python -m benchmarks.workers file
    CLOCKIFY_LAKE=ducklake:postgres:... python -m benchmarks.workers FOLDER    # or s3://...

Each worker is a `clockify-dagster sync` with a history of its own, about its share of the workspaces. One workspace
among the many is synced alone as well, and one that is all there is. The seconds of CPU are those of the workers; they
tell more than the others where the machine has other work. The Postgres database must be empty.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.traffic import HEADER, Traffic, counted
from clockify_dagster.sandbox import Account, Sandbox

DAYS = 10


def serve(pipe: Connection, workspaces: int) -> None:
    """Serve an account in this process: two people in each workspace who work every day. A message adds work."""
    account = Account()
    for number in range(workspaces):
        place = account.add_workspace(f"Agency {number}")
        project, tag = account.add_project(place, client=account.add_client(place)), account.add_tag(place)
        for user in (account.add_user(place, name) for name in ("Ada", "Ben")):
            for back in range(1, DAYS + 1):
                start = account.now() - timedelta(days=back)
                account.add_entry(place, user, start, projectId=project["id"], tagIds=[tag["id"]])
    with Sandbox(account) as sandbox:
        pipe.send((sandbox.api_url, sandbox.api_key, list(account.workspaces)))
        while pipe.recv():
            with account.lock:
                for place in account.workspaces.values():
                    user = account.users[next(iter(place.members))]
                    account.add_entry(place.document, user, account.now() - timedelta(hours=1))
            pipe.send(True)


@contextmanager
def serving(workspaces: int) -> Iterator[tuple[Connection, list[str]]]:
    """An account in a process of its own, to which the environment leads; gives its pipe and its workspaces."""
    pipe, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, workspaces))
    process.start()
    os.environ["CLOCKIFY_API_URL"], os.environ["CLOCKIFY_API_KEY"], ids = pipe.recv()
    try:
        yield pipe, ids
    finally:
        process.kill()
        process.join()


def sync(folder: Path, shares: list[list[str]]) -> tuple[float, float]:
    """A worker for each share, at once; none named means all. Gives the seconds, and those of the processors."""
    began, used, running = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN), []
    command = [str(Path(sys.executable).with_name("clockify-dagster")), "sync"]
    for number, share in enumerate(shares):
        environment = {**os.environ, "DAGSTER_HOME": str(folder / f"home-{len(shares)}-{number}")}
        words = [*command, *(word for each in share for word in ("--workspace", each))]
        with (folder / "log").open("a") as log:
            running.append(subprocess.Popen(words, env=environment, stdout=log, stderr=log))  # noqa: S603
    codes = [each.wait() for each in running]
    if any(codes):
        raise SystemExit((folder / "log").read_text()[-3000:])
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def measure(folder: Path, traffic: Traffic, workspaces: int, workers: int) -> None:
    """The first sync and a daily one; and with one worker, one workspace alone. Prints a line for each."""
    os.environ["CLOCKIFY_DATABASE_SCHEMA"] = f"of_{workspaces}_by_{workers}"
    if "CLOCKIFY_LAKE" not in os.environ:
        os.environ["CLOCKIFY_DATABASE"] = str(folder / f"{workspaces}-{workers}.duckdb")
    with serving(workspaces) as (pipe, ids):
        shares = [[]] if workers == 1 else [ids[number::workers] for number in range(workers)]
        traffic.taken()

        def say(what: str, chosen: list[list[str]]) -> None:
            seconds, used = sync(folder, chosen)
            line = f"{workspaces:>10}{workers:>9}  {what:<24}{seconds:>8.1f}{used:>8.1f}{traffic.taken()}\n"
            sys.stdout.write(line)
            sys.stdout.flush()

        for what in ("first", "daily"):
            pipe.send(True)
            pipe.recv()
            say(what, shares)
        if workers == 1:
            say("daily, one workspace", [ids[:1]])


def main(place: str, workspaces: int) -> None:
    """Measure one place."""
    os.environ.update(
        CLOCKIFY_TABLES="core",
        CLOCKIFY_START_DATE=str(date.today() - timedelta(days=DAYS + 2)),  # noqa: DTZ011 - the account's clock
        CLOCKIFY_REQUESTS_PER_SECOND="1000",
    )
    if place == "file":
        os.environ.pop("CLOCKIFY_LAKE", None)
    else:
        os.environ["CLOCKIFY_DATABASE"], os.environ["CLOCKIFY_LAKE_PATH"] = os.environ["CLOCKIFY_LAKE"], place
    sys.stdout.write(f"{'workspaces':>10}{'workers':>9}  {'sync':<24}{'seconds':>8}{'of CPU':>8}{HEADER}\n")
    with tempfile.TemporaryDirectory() as folder, counted() as traffic:
        for many, workers in ((workspaces, 1), (workspaces, 4), (1, 1)):
            measure(Path(folder), traffic, many, workers)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200)
