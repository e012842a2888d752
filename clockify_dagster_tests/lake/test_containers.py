"""deploy/compose.yaml, without containers: its commands by another user, on a system that is read-only."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from clockify_dagster.sandbox import Sandbox
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.dagster_dev import ROOT, Dev
from clockify_dagster_tests.lake.conftest import warehouse
from clockify_dagster_tests.lake.servers import BUCKET, PASSWORD, S3, Postgres, free_port
from clockify_dagster_tests.lake.test_history import START
from clockify_dagster_tests.leaving_out import leave_out

USER, DAYS = 10001, 5
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
# all that is mounted is made read-only but for $DATA; rights are given up but for that of reading, since the project
# and its Python may be in root's own folder
AS_A_CONTAINER = f"""
mount --make-rprivate / && mount --bind "$DATA" "$DATA" || exit 99
for place in $(awk '$2 !~ "^/(proc|sys|dev)" {{print $2}}' /proc/mounts | sort -u); do
  [ "$place" = "$DATA" ] || mount -o remount,bind,ro "$place" || true
done
if touch /ours /tmp/ours "$DAGSTER_HOME/ours" 2>/dev/null; then exit 99; fi
exec setpriv --reuid={USER} --regid={USER} --clear-groups --inh-caps=-all,+dac_read_search \\
  --ambient-caps=+dac_read_search --no-new-privs "$@"
"""
LOADED = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
RUNS = "{ runsOrError { ... on Runs { results { status } } } }"


@pytest.fixture
def home() -> Iterator[Path]:
    """DAGSTER_HOME as in a container: two files of root's, and a folder of the user's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "storage" / "tmp").mkdir(parents=True)
        for each in (folder / "storage", folder / "storage" / "tmp"):
            os.chown(each, USER, USER)
        shutil.copyfile(ROOT / "deploy" / "dagster.yaml", folder / "dagster.yaml")
        yield folder


@contextmanager
def running(command: list[str], environment: dict[str, str], home: Path, log: Path) -> Iterator[int]:
    """A service of compose.yaml, gone with all its processes at the end; gives its session."""
    words = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603
            ["unshare", "--mount", "sh", "-c", AS_A_CONTAINER, "sh", *words],  # noqa: S607
            env={**environment, "DATA": str(home / "storage")},
            cwd=home,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def commands(ports: dict[str, int], home: Path) -> dict[str, list[str]]:
    """compose.yaml's, but that they listen on ports of the loopback interface that are free."""
    workspace: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "workspace.yaml").read_text())
    workspace["load_from"][0]["grpc_server"].update(host="127.0.0.1", port=ports["code"])
    (home / "workspace.yaml").write_text(yaml.safe_dump(workspace))
    found = {}
    for name in ("code", "webserver", "daemon"):
        words = list(COMPOSE["services"][name]["command"])
        for option, value in {"--host": "127.0.0.1", "--port": str(ports.get(name))}.items():
            if option in words:
                words[words.index(option) + 1] = value
        found[name] = words
    return found


def test_the_commands_of_compose_run_by_a_user_without_rights_on_a_read_only_system_load_a_lake(
    home: Path, postgres: Postgres, s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        leave_out("only root can make mounts")
    history, catalog = postgres.new_database(), postgres.conninfo(postgres.new_database())
    ours = dict(COMPOSE["x-dagster"]["environment"])
    ours["DAGSTER_POSTGRES_URL"] = re.sub(
        r"//.*", f"//lake@127.0.0.1:{postgres.port}/{history}", ours["DAGSTER_POSTGRES_URL"]
    )
    ours["CLOCKIFY_DATABASE"] = f"ducklake:postgres:{catalog}"
    ours["CLOCKIFY_LAKE_PATH"] = f"s3://{BUCKET}/containers/"
    account = small_account(DAYS)
    with Sandbox(account) as sandbox, ExitStack() as services:
        environment = {
            **ours,
            **s3.variables,
            "PATH": os.environ["PATH"],
            "PGPASSWORD": PASSWORD,
            "DAGSTER_HOME": str(home),
            "TMPDIR": str(home / "storage" / "tmp"),
            "DAGSTER_EVENT_BATCH_SIZE": "1000",
            "CLOCKIFY_API_KEY": sandbox.api_key,
            "CLOCKIFY_API_URL": sandbox.api_url,
            "CLOCKIFY_TABLES": "core",
            "CLOCKIFY_START_DATE": str(days_before_today(DAYS)[0]),
        }
        ports = {"code": free_port(), "webserver": free_port()}
        sessions = {
            name: services.enter_context(running(words, environment, home, tmp_path / f"{name}.log"))
            for name, words in commands(ports, home).items()
        }
        log = tmp_path / "code.log"
        dev = Dev(f"http://127.0.0.1:{ports['webserver']}/graphql", log, sessions["webserver"])
        dev.wait(lambda: dev.ask(LOADED)["repositoriesOrError"].get("nodes"), 120)
        location = {"repositoryLocationName": "clockify_dagster.definitions", "repositoryName": "__repository__"}
        asked = {"selector": {**location, "pipelineName": "clockify_reference"}, "mode": "default", "runConfigData": {}}
        started = dev.ask(START, run=asked)
        assert started["launchRun"]["__typename"] == "LaunchRunSuccess", started

        def ended() -> bool:
            (run,) = dev.ask(RUNS)["runsOrError"]["results"]
            assert run["status"] != "FAILURE", log.read_text()[-3000:]
            return bool(run["status"] == "SUCCESS")

        dev.wait(ended, 180)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    held = warehouse().row_counts()
    assert held["clockify_projects"] == 1
    assert held["clockify_users"] == len(account.users)
    assert {each.stat().st_uid for each in (home / "storage").rglob("*")} == {USER}
    assert {each.name for each in home.iterdir()} == {"dagster.yaml", "workspace.yaml", "storage"}
