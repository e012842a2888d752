"""How long each mart takes over a million entries: `python -m benchmarks.marts`; `--entries` says how many.

The entries are made up by SQL in a temporary file: 40 users, 5 years, two tags each, with invoices and attendance.
Every column of every row is read, which no question does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from clockify_dagster.contract import CONTRACT
from clockify_dagster.marts import MartOptions, available, make_views
from clockify_dagster.warehouse import Database

USERS, PROJECTS, CLIENTS, TAGS, DAYS = 40, 60, 20, 12, 1825
LIMIT_SECONDS = 2.0
TRIES = 3

# ids as Clockify has them: 24 hexadecimal digits
_FILL = """
INSERT INTO clockify_workspaces BY NAME SELECT printf('w%023x', 0) AS id, 'Agency' AS name;
INSERT INTO clockify_users BY NAME
    SELECT printf('u%023x', n) AS id, 'User ' || n AS name, 'ACTIVE' AS status FROM range({users}) r(n);
INSERT INTO clockify_users_memberships BY NAME
    SELECT printf('u%023x', n) AS user_id, printf('w%023x', 0) AS targetid, 'WORKSPACE' AS membershiptype,
        'ACTIVE' AS membershipstatus FROM range({users}) r(n);
INSERT INTO clockify_clients BY NAME
    SELECT printf('c%023x', n) AS id, printf('w%023x', 0) AS workspaceid, 'Client ' || n AS name
    FROM range({clients}) r(n);
INSERT INTO clockify_projects BY NAME
    SELECT printf('p%023x', n) AS id, printf('w%023x', 0) AS workspaceid, 'Project ' || n AS name,
        printf('c%023x', n % {clients}) AS clientid, true AS budgetestimate__active,
        100000000 AS budgetestimate__estimate, CASE n % 3 WHEN 0 THEN 'MONTHLY' WHEN 1 THEN 'WEEKLY' END
        AS budgetestimate__resetoption FROM range({projects}) r(n);
INSERT INTO clockify_tags BY NAME
    SELECT printf('t%023x', n) AS id, printf('w%023x', 0) AS workspaceid, 'Tag ' || n AS name FROM range({tags}) r(n);
INSERT INTO clockify_timeentries BY NAME
    SELECT printf('%024x', n) AS id, printf('w%023x', 0) AS workspaceid, printf('u%023x', n % {users}) AS userid,
        CASE WHEN n % 20 > 0 THEN printf('p%023x', n % {projects}) END AS projectid, n % 4 > 0 AS billable,
        CASE WHEN n % 50 = 0 THEN 'BREAK' ELSE 'REGULAR' END AS type, 12000 AS hourlyrate__amount,
        'USD' AS hourlyrate__currency, 5000 AS costrate__amount, 'USD' AS costrate__currency,
        now() - to_seconds((n * {days} * 86400.0 / {entries})::BIGINT) AS timeinterval_start,
        timeinterval_start + to_minutes(20 + n % 100) AS timeinterval_end FROM range({entries}) r(n);
INSERT INTO clockify_timeentries__tags BY NAME
    SELECT id AS timeentry_id, printf('t%023x', (hash(id) % {tags} + extra) % {tags}) AS tag_id
    FROM clockify_timeentries, range(2) r(extra);
INSERT INTO clockify_timeentries__billing BY NAME
    SELECT id AS timeentry_id, CASE WHEN hash(id) % 3 = 0 THEN 'i1' END AS invoiceid FROM clockify_timeentries;
INSERT INTO clockify_attendance BY NAME
    SELECT printf('w%023x', 0) AS workspaceid, printf('u%023x', u) AS userid, 28800 AS capacity,
        CAST(current_date - d::INTEGER AS VARCHAR) AS date FROM range({users}) a(u), range({days}) b(d);
"""


def main() -> int:
    """Print a line for each mart: its rows, and of three readings the least seconds, and processor seconds.

    Gives 1 where one takes longer than two seconds. Processor seconds are of all threads together, and tell how much of
    the seconds another program has taken.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries: int = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "marts.duckdb")
        began = time.monotonic()
        with database.writing() as connection:
            make_views(connection, available().values(), CONTRACT, MartOptions(zone="Europe/Belgrade"))
        sys.stdout.write(f"DuckDB {duckdb.__version__}; making the views: {time.monotonic() - began:.2f} s\n")
        with database.writing() as connection:
            sizes = {"users": USERS, "projects": PROJECTS, "clients": CLIENTS, "tags": TAGS, "days": DAYS}
            connection.execute(_FILL.format(**sizes, entries=entries))
        with database.reading() as connection:
            slowest = max(_measure(connection, name) for name in available())
    return int(slowest > LIMIT_SECONDS)


def _measure(connection: duckdb.DuckDBPyConnection, mart: str) -> float:
    seconds, processor = [], []
    for _ in range(TRIES):
        began, used = time.monotonic(), time.process_time()
        ((rows, _hash),) = connection.execute(
            f"SELECT count(*), max(hash(held)) FROM clockify_marts.{mart} AS held"
        ).fetchall()
        seconds.append(time.monotonic() - began)
        processor.append(time.process_time() - used)
    sys.stdout.write(f"{mart:26} {rows:>10,} rows {min(seconds):6.2f} s, processor {min(processor):5.2f} s\n")
    return min(seconds)


if __name__ == "__main__":
    sys.exit(main())
