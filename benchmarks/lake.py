"""File against lake: one day of one workspace is replaced and checked, among more and more rows of 200 workspaces.

    CLOCKIFY_LAKE=ducklake:postgres:... python -m benchmarks.lake FOLDER ROWS...

The entries are made up by SQL; the load and the checks are the project's own, as a run of one workspace makes them. The
Postgres database must be empty. Where it can be reached is in CLOCKIFY_LAKE, the password in PGPASSWORD; FOLDER may be
`s3://...`, and what goes to and from AWS_ENDPOINT_URL is counted then, of the first load and of a daily one.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.traffic import HEADER, Traffic, counted
from clockify_dagster.contract import CONTRACT
from clockify_dagster.days import Days
from clockify_dagster.warehouse import Destination, EntriesLoad, PageSource, Warehouse, destination_of
from clockify_dagster.warehouse.audit import AuditContext, audit
from clockify_dagster.warehouse.database import STORAGE_VERSION
from clockify_dagster.warehouse.ddl import ensure_table
from clockify_dagster.warehouse.load_state import record_span
from clockify_dagster.warehouse.loaded_entries import running_timers, users_with_entries
from clockify_dagster.warehouse.state_tables import ensure_state

FAMILY = CONTRACT.family("clockify_timeentries")[:2]  # with tags
WORKSPACES, PERSONS, PER_DAY = 200, 25, 100
TODAY, ZONE = date(2026, 11, 30), ZoneInfo("UTC")
MIDNIGHT = datetime(2026, 11, 30, tzinfo=timezone.utc)


def destination(database: str, folder: str, schema: str) -> Destination:
    """A file or a lake, with the tables in a schema."""
    return destination_of(
        database, lake_path=folder, lock_timeout=60, config={}, schema=schema, storage_version=STORAGE_VERSION
    )


def fill(where: Destination, rows: int, workspaces: int) -> None:
    """So many entries with a tag each, 100 a workspace and day, the newest today."""
    with where.writing() as connection:
        ensure_state(connection)
        for table in FAMILY:
            ensure_table(connection, table)
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(
            f"CREATE TEMP TABLE made AS SELECT lpad(hex(i), 24, '0') AS id, 'w' || (i % {workspaces}) AS workspaceid, "
            f"'u' || (i % {workspaces}) || 'x' || ((i // {workspaces}) % {PERSONS}) AS userid, "
            f"TIMESTAMPTZ '{MIDNIGHT.isoformat()}' - to_days((i // ({workspaces} * {PER_DAY}))::INTEGER) "
            "+ to_minutes((i % 600)::INTEGER) AS timeinterval_start, "
            f"now() AS _loaded_at FROM range({rows}) AS made(i)"
        )
        connection.execute(
            f"INSERT INTO {FAMILY[0].name} BY NAME SELECT *, timeinterval_start + INTERVAL 1 HOUR AS timeinterval_end, "
            "'PT1H' AS timeinterval__duration, 'work' AS description, true AS billable, 'REGULAR' AS type, "
            "_loaded_at AS _changed_at FROM made ORDER BY workspaceid, timeinterval_start"
        )
        connection.execute(
            f"INSERT INTO {FAMILY[1].name} BY NAME SELECT id AS timeentry_id, 't' AS tag_id, workspaceid, _loaded_at, "
            "_loaded_at AS _changed_at FROM made ORDER BY workspaceid"
        )
        every = Days(TODAY - timedelta(days=400), TODAY).span(ZONE)
        record_span(connection, [f"w{n}" for n in range(workspaces)], every, datetime.now(timezone.utc))


def load_a_day(where: Destination, among: frozenset[str]) -> float:
    """Look at what is held, replace today of one workspace, and check it; gives the seconds."""
    span, warehouse = Days(TODAY, TODAY).span(ZONE), Warehouse(where, CONTRACT)
    entries = [
        {
            "id": f"new{number}",
            "workspaceId": "w0",
            "userId": f"u0x{number % PERSONS}",
            "timeInterval": {"start": f"{TODAY}T09:00:00Z", "end": f"{TODAY}T10:00:00Z", "duration": "PT1H"},
            "tagIds": ["t"],
        }
        for number in range(PER_DAY)
    ]
    began = time.perf_counter()
    with where.reading() as connection:
        users_with_entries(connection, [FAMILY[0].name], span, among)
        running_timers(connection, FAMILY[0].name, span, among)
    staging = warehouse.staging(FAMILY, span)
    staging.add(json.dumps(entries).encode(), PageSource(facts={"workspace": "w0"}))
    warehouse.write(
        EntriesLoad(staging, datetime.now(timezone.utc), ("w0",), span=span, zone=ZONE, is_compared=False, among=among)
    )
    days = Days(TODAY - timedelta(days=400), TODAY)
    with where.reading() as connection:
        about = AuditContext(connection, datetime.now(timezone.utc), days=days, zone=ZONE, among=among)
        for table in FAMILY:
            audit(about, table)
    return time.perf_counter() - began


def load_a_day_anew(database: str, folder: str, schema: str, among: frozenset[str]) -> float:
    """The same in a process that has read nothing yet, as each run is; without the start of DuckDB's extensions."""
    where = destination(database, folder, schema)
    with where.reading():
        pass
    return load_a_day(where, among)


def main(lake: str, folder: str, sizes: list[int]) -> None:
    """Measure, and print a line for each case."""
    sys.stdout.write(f"{'where':<8}{'rows':>12}{'workspaces':>12}{'first, s':>10}{HEADER}{'daily, s':>10}{HEADER}\n")
    with counted() as traffic:
        _measure(lake, folder, sizes, traffic)


def _measure(lake: str, folder: str, sizes: list[int], traffic: Traffic) -> None:
    among = frozenset({"w0"})
    for rows in sizes:
        for name, database in {"file": f"/tmp/benchmark-{os.getpid()}-{rows}", "lake": lake}.items():  # noqa: S108
            for workspaces in (1, WORKSPACES):
                held = rows // WORKSPACES * workspaces
                address, schema = f"{database}-{workspaces}" if name == "file" else database, f"s{rows}x{workspaces}"
                traffic.taken()
                began = time.perf_counter()
                fill(destination(address, folder, schema), held, workspaces)
                first, moved = time.perf_counter() - began, traffic.taken()
                daily = []
                for _ in range(3):
                    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                        day = process.submit(load_a_day_anew, address, folder, schema, among)
                        daily.append((day.result(), traffic.taken()))
                seconds, moved_daily = sorted(daily)[1]
                line = f"{name:<8}{held:>12,}{workspaces:>12}{first:>10.1f}{moved}{seconds:>10.2f}{moved_daily}\n"
                sys.stdout.write(line)
                sys.stdout.flush()
                if name == "file":
                    Path(address).unlink()


if __name__ == "__main__":
    place = sys.argv[1]
    main(os.environ["CLOCKIFY_LAKE"], place.rstrip("/") + "/", [int(each) for each in sys.argv[2:]])
