"""A first sync of many days with Dagster's history in Postgres, stored by Dagster itself, with batches, and by us.

    python -m benchmarks.history

It needs the system's Postgres, which it starts itself, and the extra `lake-tests`. The tables are in a file.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import yaml

from benchmarks.workers import serving, sync
from clockify_dagster_tests.lake.servers import PASSWORD, Postgres, running_postgres

DAYS = 694
DEPLOY = Path(__file__).parents[1] / "deploy"
DAGSTERS_OWN = {"module": "dagster_postgres", "class": "PostgresEventLogStorage"}


def measure(postgres: Postgres, folder: Path, *, batches: bool, is_ours: bool) -> float:
    """The seconds of a first sync, with Dagster's start, and an empty history."""
    home = folder / "home-1-0"  # as `sync` calls it
    home.mkdir(parents=True)
    instance = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    if not is_ours:
        instance["event_log_storage"] |= DAGSTERS_OWN
    (home / "dagster.yaml").write_text(yaml.safe_dump(instance))
    address = f"postgresql+psycopg2://lake:{PASSWORD}@127.0.0.1:{postgres.port}/{postgres.new_database()}"
    os.environ["DAGSTER_POSTGRES_URL"] = address
    os.environ["CLOCKIFY_DATABASE"] = str(folder / "clockify.duckdb")
    os.environ.pop("DAGSTER_EVENT_BATCH_SIZE", None)
    if batches:
        os.environ["DAGSTER_EVENT_BATCH_SIZE"] = "1000"
    with serving(1):
        seconds, _ = sync(folder, [[]])
    shutil.rmtree(folder)
    return seconds


def main() -> None:
    """Measure each way to store events."""
    first = date.today() - timedelta(days=DAYS - 1)  # noqa: DTZ011 - the account's clock
    os.environ.update(CLOCKIFY_TABLES="core", CLOCKIFY_START_DATE=str(first), CLOCKIFY_REQUESTS_PER_SECOND="1000")
    with running_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        for name, batches, is_ours in (
            ("Dagster's own storage", False, False),
            ("with DAGSTER_EVENT_BATCH_SIZE=1000", True, False),
            ("with that and our event log", True, True),
        ):
            seconds = measure(postgres, Path(folder) / name.replace(" ", "-"), batches=batches, is_ours=is_ours)
            sys.stdout.write(f"{name:<40}{seconds:>8.1f} s\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
