"""The asset of the report: an HTML file beside the database, made of the marts. No job has it."""

from collections.abc import Iterator
from dataclasses import dataclass

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    MetadataValue,
    multi_asset,
)

from clockify_dagster.defs.account import Account
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.report import is_installed, marts_read, report_path, write_report


@dataclass(frozen=True)
class Report:
    """What a translation is told of the report, as of a table or a mart."""

    name: str = "clockify_report"
    description: str = (
        "One HTML file with charts of hours, budgets and money, which opens without network or server. It shows what "
        "was loaded when it was made; `clockify-dagster report` makes it as well."
    )
    group: str = "marts"
    pipeline: str = "Report"
    columns: tuple[()] = ()


REPORT = Report()


def report_assets(account: Account) -> list[AssetsDefinition]:
    """The account's report; none where its extra is not installed, or where the account lacks a mart that it reads."""
    if not is_installed() or not account.mart_specs.keys() >= set(marts_read()):
        return []

    @multi_asset(
        name=account.named("report"),
        description="Writes the report: one HTML file with charts over the marts.",
        specs=[_spec(account)],
        required_resource_keys={account.warehouse_key},
        backfill_policy=BackfillPolicy.single_run(),
    )
    def report(context: AssetExecutionContext) -> Iterator[MaterializeResult[None]]:
        with error_boundary():
            database = account.warehouse(context.resources).warehouse(account.contract).database
            written = write_report(database, report_path(database), account.mart_options.zone)
        yield MaterializeResult(
            metadata={
                "file": MetadataValue.path(written.path),
                "link": MetadataValue.url(written.path.as_uri()),
                "size (MB)": round(written.size / 1e6, 2),
            }
        )

    return [report]


def _spec(account: Account) -> AssetSpec:
    spec = AssetSpec(
        AssetKey([*account.key_prefix, REPORT.name]),
        description=REPORT.description,
        group_name=account.group_name or account.named(REPORT.group),
        owners=account.owners,
        tags={"source": "clockify", "clockify/pipeline": "report"},
        kinds={"clockify", "html"},
    )
    spec = account.translation(spec, REPORT) if account.translation else spec
    return spec.replace_attributes(deps=[account.key(mart) for mart in marts_read()])
