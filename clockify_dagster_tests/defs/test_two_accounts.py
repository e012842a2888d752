"""Two accounts in one code location and one database, loaded by two real processes at the same moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Barrier

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from clockify_dagster.sandbox import Fault
from clockify_dagster_tests.defs.places import DAYS, Place
from clockify_dagster_tests.defs.test_two_runs import Meanwhile

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
    )


defs = Definitions.merge(
    account("acme", "Europe/Belgrade"),
    account("globex", "Pacific/Auckland"),
    Definitions(executor=in_process_executor),
)
"""
ACCOUNTS = ("acme", "globex")


@pytest.fixture
def both(places: Callable[[str], Place]) -> dict[str, Place]:
    """Two accounts that differ."""
    both = {name: places(name) for name in ACCOUNTS}
    account = both["globex"].account
    account.add_tag(next(iter(account.workspaces.values())).document, "only here")
    return both


def start(job: str, location: Path, variables: dict[str, str]) -> subprocess.Popen[str]:
    span = {"dagster/asset_partition_range_start": str(DAYS[0]), "dagster/asset_partition_range_end": str(DAYS[-1])}
    command = [sys.executable, "-m", "dagster", "job", "execute", "-f", str(location), "-j", job]
    return subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--tags", json.dumps(span)],
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
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0, printed[-3000:]
    assert not meeting.broken
    for name, place in both.items():
        place.assert_loaded(name)
    with DagsterInstance.get() as history:
        ended = {run.job_name: run.status for run in history.get_runs()}
    assert ended == {f"{name}_daily": DagsterRunStatus.SUCCESS for name in both}
