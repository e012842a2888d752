"""How a check of ours and what it finds become Dagster's."""

from __future__ import annotations

from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, AssetKey

from clockify_dagster.warehouse.audit import Check, Finding


def spec_of(check: Check, *, blocking: bool) -> AssetCheckSpec:
    """The check as Dagster knows it before a run."""
    return AssetCheckSpec(
        check.name,
        asset=AssetKey(check.table),
        description=check.description,
        blocking=blocking and check.severity == "ERROR",
        # what it looks into may be loaded by the same run: first that, then the check
        additional_deps=[AssetKey(table) for table in check.others],
    )


def result_of(finding: Finding) -> AssetCheckResult:
    """What was found. Dagster knows pass and failure only: what was not checked is a warning that says so."""
    return AssetCheckResult(
        check_name=finding.check.name,
        asset_key=AssetKey(finding.check.table),
        passed=finding.passed is True,
        severity=AssetCheckSeverity(finding.severity),
        description=finding.message,
        # of lists without anything in them the page would show a button each
        metadata={name: value for name, value in finding.metadata.items() if value not in ([], {})},
    )
