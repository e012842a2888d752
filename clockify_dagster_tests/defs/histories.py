"""Histories of Dagster's to write and to look into: a job of days and checks, events, the rows of the files."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    AssetOut,
    BackfillPolicy,
    DagsterInstance,
    DailyPartitionsDefinition,
    Definitions,
    EventLogEntry,
    InputContext,
    IOManager,
    JobDefinition,
    Output,
    OutputContext,
    asset,
    define_asset_job,
    in_process_executor,
    multi_asset,
)

WARNING = "Dagster's own event log storage is used"

OURS = """
event_log_storage:
  module: clockify_dagster.defs.event_log
  class: BatchingEventLogStorage
"""
QUIET = "telemetry:\n  enabled: false\n"
RUN = "11111111-2222-3333-4444-555555555555"
DAYS = DailyPartitionsDefinition(start_date="2024-01-01", end_date="2024-02-10")
RANGE = {"dagster/asset_partition_range_start": "2024-01-02", "dagster/asset_partition_range_end": "2024-01-11"}


def _reported() -> EventLogEntry:
    """A materialization as Dagster makes it, which no public class can be made for a run."""
    with DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(AssetMaterialization("entries"))
        return instance.fetch_materializations(AssetKey("entries"), limit=1).records[0].event_log_entry


_REPORTED = _reported()


class Nowhere(IOManager):
    def handle_output(self, context: OutputContext, obj: object) -> None:
        context.add_output_metadata({"written": str(obj)})

    def load_input(self, context: InputContext) -> None:
        raise NotImplementedError(context)


@multi_asset(
    outs={"entries": AssetOut(), "entries__tags": AssetOut()},
    check_specs=[AssetCheckSpec("full", asset="entries")],
    partitions_def=DAYS,
    backfill_policy=BackfillPolicy.single_run(),
)
def entries(context: AssetExecutionContext) -> Iterator[Any]:
    context.log.info("reading")
    context.log_event(AssetObservation("elsewhere", metadata={"rows": 1}))
    yield Output(None, "entries", metadata={"rows": 3})
    yield AssetCheckResult(asset_key="entries", check_name="full", passed=False)
    yield Output(None, "entries__tags")


@asset
def broken() -> None:
    raise ValueError("it is broken")


def job() -> JobDefinition:
    return Definitions(
        [entries, broken],
        jobs=[define_asset_job("load", ["entries", "entries__tags", "broken"])],
        resources={"io_manager": Nowhere()},
        executor=in_process_executor,
    ).resolve_job_def("load")


def instance_at(home: Path, monkeypatch: pytest.MonkeyPatch, config: str) -> DagsterInstance:
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text(QUIET + config)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return DagsterInstance.get()


def run_at(home: Path, monkeypatch: pytest.MonkeyPatch, config: str) -> None:
    with instance_at(home, monkeypatch, config) as instance:
        result = job().execute_in_process(instance=instance, tags=RANGE, run_id=RUN, raise_on_error=False)
        assert not result.success


def rows(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table's rows, with times and what is measured left out."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        return {
            name: [tuple(map(plain, row)) for row in connection.execute(f"select * from {name}")] for name in tables
        }


def plain(value: Any) -> Any:
    """A value of a row without what differs from run to run: times, how long something took, the name of a log."""
    if not isinstance(value, str):
        return value
    value = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*", "TIME", value)
    value = re.sub(r'"(timestamp|duration_ms|log_key|start|end)": ("\w+"|[\d.e-]+)', r'"\1": ANY', value)
    value = re.sub(r"\b[\d.]+(ms|s)\b", "SECONDS", value)
    return re.sub(r'"TimestampMetadataEntryData", "value": [\d.]+', "ANY", value)


def events(count: int, run_id: str = RUN) -> list[EventLogEntry]:
    return [materialized("entries", f"day {n}", run_id) for n in range(count)]


def materialized(key: str, partition: str, run_id: str = RUN) -> EventLogEntry:
    made = AssetMaterialization(key, partition=partition, tags={"dagster/data_version": partition})
    event = _REPORTED.dagster_event
    assert event is not None
    data: Any = type(event.event_specific_data)
    event = event._replace(job_name="load", event_specific_data=data(made))
    return _REPORTED._replace(run_id=run_id, job_name="load", step_key="step", dagster_event=event)


def count(folder: Path, shard: str, table: str = "event_logs") -> int:
    with closing(sqlite3.connect(folder / f"{shard}.db")) as connection:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])
