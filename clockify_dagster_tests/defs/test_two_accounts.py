"""Two accounts in one code location and one database: in one run, in two at the same moment, each at its own pace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from dagster import (
    AssetKey,
    AssetSelection,
    DagsterInstance,
    DagsterRunStatus,
    Definitions,
    define_asset_job,
    in_process_executor,
)

from clockify_dagster import ClockifyResource
from clockify_dagster.contract import CORE
from clockify_dagster.errors import AbortedError
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.defs.places import DAYS, Place
from clockify_dagster_tests.defs.test_two_runs import Meanwhile
from clockify_dagster_tests.faults.expected import assert_schema_holds

LOCATION = """
import os
from dagster import Definitions, EnvVar, in_process_executor
from clockify_dagster import build_definitions


def account(name, timezone):
    return build_definitions(
        name=name,
        api_key=EnvVar(f"{name.upper()}_KEY"),
        api_url=EnvVar(f"{name.upper()}_URL"),
        reports_url=EnvVar(f"{name.upper()}_REPORTS_URL"),
        timezone=timezone,
        start_date=EnvVar("FIRST_DAY"),
        database=EnvVar("DATABASE"),
        key_prefix=name,
        tables="core",
    )


defs = Definitions.merge(
    account("acme", "Europe/Belgrade"),
    account("globex", "Pacific/Auckland"),
    Definitions(executor=in_process_executor),
)
"""
ACCOUNTS = ("acme", "globex")
TABLES = [table for table in CORE if "integral" not in table]
SPAN = {"dagster/asset_partition_range_start": str(DAYS[0]), "dagster/asset_partition_range_end": str(DAYS[-1])}


@pytest.fixture
def both(places: Callable[[str], Place]) -> dict[str, Place]:
    """Two accounts that differ."""
    both = {name: places(name) for name in ACCOUNTS}
    account = both["globex"].account
    account.add_tag(next(iter(account.workspaces.values())).document, "only here")
    return both


def start(job: str, location: Path, variables: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dagster", "job", "execute", "-f", str(location), "-j", job]
    return subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--tags", json.dumps(SPAN)],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_two_accounts_load_into_one_database_at_the_same_moment(
    both: dict[str, Place], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, location = tmp_path / "home", tmp_path / "location.py"
    home.mkdir()
    location.write_text(LOCATION)
    variables = {"DAGSTER_HOME": str(home), "FIRST_DAY": str(DAYS[0])}
    meeting = Barrier(len(both))
    for name, place in both.items():
        variables[f"{name.upper()}_URL"], variables["DATABASE"] = place.sandbox.api_url, str(place.database)
        variables[f"{name.upper()}_REPORTS_URL"] = place.sandbox.reports_url
        # each is in the middle of a list when the other is
        place.sandbox.faults.add(Fault("/tags", Meanwhile(lambda: meeting.wait(60)), times=1))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with DagsterInstance.get():
        pass  # makes the history: Dagster's own programs cannot do that twice at the same moment
    running = [start(f"{name}_daily", location, variables) for name in both]
    for process in running:
        printed, _ = process.communicate(timeout=300)
        assert process.returncode == 0, printed[-3000:]
    assert not meeting.broken
    for name, place in both.items():
        assert_schema_holds(place.database, name, place.account, TABLES)
    with DagsterInstance.get() as history:
        ended = {run.job_name: run.status for run in history.get_runs()}
    assert ended == {f"{name}_daily": DagsterRunStatus.SUCCESS for name in both}


@pytest.mark.parametrize(
    ("zones", "tables"),
    [
        (("UTC", "UTC"), TABLES),
        # Dagster has one kind of days in a run
        (("Europe/Belgrade", "Pacific/Auckland"), [table for table in TABLES if "timeentries" not in table]),
    ],
    ids=["of one zone: all tables", "of two zones: all but the days"],
)
def test_both_load_in_one_run(both: dict[str, Place], zones: tuple[str, str], tables: list[str]) -> None:
    accounts = [
        place.definitions(name, timezone=zone, tables="core")
        for (name, place), zone in zip(both.items(), zones, strict=True)
    ]
    chosen = AssetSelection.assets(*(AssetKey([name, table]) for name in both for table in tables))
    one = Definitions(jobs=[define_asset_job("both", chosen)], executor=in_process_executor)
    job = Definitions.merge(*accounts, one).resolve_job_def("both")
    with DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, tags=SPAN if tables is TABLES else {}).success
    for name, place in both.items():
        assert_schema_holds(place.database, name, place.account, tables)


def test_the_pace_and_the_request_limit_are_each_accounts_own(both: dict[str, Place]) -> None:
    acme, globex = both.values()
    acme.sandbox.faults.add(Fault("/workspaces", faults.Status(429, retry_after=60), times=None))
    limited, free = (
        ClockifyResource(api_key=place.sandbox.api_key, api_url=place.sandbox.api_url) for place in both.values()
    )
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(limited.client.workspaces)
        while not acme.sandbox.requests:
            time.sleep(0.01)
        (workspace,) = free.client.workspaces().documents
        names = {str(tag["name"]) for tag in free.client.tags(workspace["id"])}
        assert not waiting.done()
        limited.client.transport.close()
        assert isinstance(waiting.exception(timeout=30), AbortedError)
    assert names == {str(tag["name"]) for tag in next(iter(globex.account.workspaces.values())).tags.values()}
