"""Whether this Dagster is as we expect; where it is not, its own storage is used."""

import subprocess
import sys
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, DagsterRun, DagsterRunStatus, build_reconstructable_job

from clockify_dagster.defs import dagster_internals
from clockify_dagster.defs.event_log import BatchingEventLogStorage
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.histories import OURS, QUIET, WARNING, instance_at

ROOT = Path(__file__).parents[2]


def test_this_dagster_is_as_we_expect() -> None:
    assert dagster_internals.differences() == (), "until dagster_internals.py is adapted, Dagster's own storage is used"


def test_a_method_with_other_parameters_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dagster_internals.METHODS, "run_connection", ["self", "run_id", "shard"])
    (found,) = dagster_internals.differences.__wrapped__()
    assert found == "SqliteEventLogStorage.run_connection takes (self, run_id), not (self, run_id, shard)"


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("the import has moved", "there is no SqliteEventLogStorage in dagster._core.storage.event_log"),
        ("a method has another name", "SqliteEventLogStorage has no _store_asset_event"),
    ],
)
def test_with_a_dagster_that_has_changed_its_own_storage_is_used_and_one_warning_says_so(
    change: str, difference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(f"{QUIET}{OURS}")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    program = [sys.executable, "-m", "clockify_dagster_tests.defs.changed_dagster", change]
    ran = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)  # noqa: S603
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "SqliteEventLogStorage 10 days\n"
    assert ran.stderr.count(WARNING) == 1
    assert difference in ran.stderr
    with instance_at(home, monkeypatch, OURS) as instance:
        assert type(instance.event_log_storage) is BatchingEventLogStorage
        assert len(instance.get_materialized_partitions(AssetKey("entries"))) == 10, "both read the same files"


def reference_job() -> object:
    return build_reconstructable_job("clockify_dagster.cli.runs", "job_named", ("clockify_reference",))


def test_a_run_is_filed_under_its_job_with_this_dagster() -> None:
    assert dagster_internals._repository_origin() is not None, "until it is adapted, the Timeline lacks our runs"


def test_dagster_and_dg_know_our_code_location_by_the_name_under_which_runs_are_filed() -> None:
    name = dagster_internals.CODE_LOCATION
    assert f"- python_module: {name}\n" in (ROOT / "workspace.yaml").read_text()
    assert f'code_location_name = "{name}"' in (ROOT / "pyproject.toml").read_text()


def test_a_dagster_that_says_otherwise_where_runs_come_from_executes_them_all_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("dagster._core.remote_origin.RegisteredCodeLocationOrigin")
    monkeypatch.setattr(dagster_internals, "_repository_origin", dagster_internals._repository_origin.__wrapped__)
    with dagster_internals.execute_filed_run(reference_job(), project.instance, {}, {"a": "tag"}) as result:
        assert result.success
    (run,) = project.instance.get_runs()
    assert (run.remote_job_origin, run.tags["a"]) == (None, "tag")


def test_a_run_that_is_interrupted_before_its_first_event_is_canceled(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(job: object, dagster_run: DagsterRun, instance: DagsterInstance) -> None:
        raise KeyboardInterrupt((job, dagster_run, instance))

    monkeypatch.setattr("dagster._core.execution.api.execute_run", interrupted)
    monkeypatch.setattr(dagster_internals, "_repository_origin", dagster_internals._repository_origin.__wrapped__)
    with pytest.raises(KeyboardInterrupt):
        dagster_internals.execute_filed_run(reference_job(), project.instance, {}, {})
    assert [run.status for run in project.instance.get_runs()] == [DagsterRunStatus.CANCELED]
